package import FoundationEssentials
package import HTTP
import JSON
package import PublisherKit
package import Secrets
package import Timestamps

/// Tokens of Google Cloud for a job that has an identity token and no stored key ("Workload Identity Federation"): the
/// Security Token Service makes one of it, and with an account that one is exchanged for the account's own.
package final class GoogleLogin: ServiceCredentials {
    private let pool: GooglePool
    private let identity: FederatedToken
    private let transport: any HTTPTransport
    private let clock: any WallClock
    private let lent: LentToken

    private static let scope = "https://www.googleapis.com/auth/cloud-platform"

    /// Takes the identity token from the variables that name one. `environment` is the process's own.
    package init(
        _ pool: GooglePool, environment: [String: String], transport: any HTTPTransport, clock: any WallClock
    ) throws(PublisherError) {
        // What google-github-actions/auth asks for, and a provider takes unless it has audiences of its own.
        let token = try FederatedToken(
            file: "GOOGLE_FEDERATED_TOKEN_FILE", variable: "GOOGLE_FEDERATED_TOKEN",
            audience: "https://iam.googleapis.com/\(pool.provider)", in: environment)
        guard let token else {
            let (url, token) = GitHubIdentity.variables
            throw PublisherError(
                .configuration, "there is no identity token to log in to Google with",
                hint: "name in the target's env: at GitHub \(url) and \(token), which a job with the permission"
                    + " id-token: write has; GOOGLE_FEDERATED_TOKEN, or GOOGLE_FEDERATED_TOKEN_FILE",
                field: "env.GOOGLE_FEDERATED_TOKEN")
        }
        self.pool = pool
        identity = token
        self.transport = transport
        self.clock = clock
        lent = LentToken(clock: clock)
    }

    /// What no message may repeat.
    package var secrets: [Secret] { identity.secrets + lent.seen }

    /// The token, made anew before it ends.
    package func authorization(until deadline: Date) throws(ServiceError) -> HTTPAuthorization? {
        try lent.bearer { hide throws(ServiceError) in
            let assertion = try identity.get(transport, clock: clock, until: deadline)
            hide(assertion)
            let federated = try exchange(assertion, until: deadline)
            guard let account = pool.account else { return federated }
            hide(federated.secret)
            return try impersonate(account, by: federated.secret, until: deadline)
        }
    }

    /// Another one, where the service has refused this one.
    package func renew(_ refused: HTTPAuthorization?, after answer: ServiceAnswer, until deadline: Date) -> Bool {
        lent.forget(refused, after: answer)
    }

    private func exchange(_ assertion: Secret, until deadline: Date) throws(ServiceError) -> (secret: Secret, end: Date)
    {
        let body: JSONObject = [
            "grantType": "urn:ietf:params:oauth:grant-type:token-exchange",
            "requestedTokenType": "urn:ietf:params:oauth:token-type:access_token",
            "subjectTokenType": "urn:ietf:params:oauth:token-type:jwt", "scope": .string(Self.scope),
            "audience": .string("//iam.googleapis.com/\(pool.provider)"),
            "subjectToken": .string(assertion.revealed() ?? ""),
        ]
        let now = clock.now
        let answer = try send(
            "https://sts.googleapis.com/v1", ["token"], body, NoCredentials(), hiding: assertion,
            to: "exchange the job's identity token", field: "with.provider", until: deadline)
        let object = try answer.object()
        guard let text = object["access_token"]?.string, !text.isEmpty, let seconds = object["expires_in"]?.integer,
            (1...172_800).contains(seconds)
        else { throw answer.surprise("without a token") }
        return (Secret(text), now.addingTimeInterval(Double(seconds)))
    }

    private func impersonate(
        _ account: String, by token: Secret, until deadline: Date
    ) throws(ServiceError) -> (secret: Secret, end: Date) {
        let answer = try send(
            "https://iamcredentials.googleapis.com/v1", ["projects", "-", "serviceAccounts", account],
            action: "generateAccessToken", ["scope": [.string(Self.scope)]], StaticToken(token), hiding: token,
            to: "make a token of \(account)", field: "with.account", until: deadline)
        let object = try answer.object()
        guard let text = object["accessToken"]?.string, !text.isEmpty else { throw answer.surprise("without a token") }
        return (Secret(text), try object.date("expireTime"))
    }

    /// Nothing that counts is changed by these, and doing them twice does no harm.
    private func send(
        _ address: String, _ path: [String], action: String? = nil, _ body: JSONObject,
        _ credentials: any ServiceCredentials, hiding secret: Secret, to purpose: String, field: String,
        until deadline: Date
    ) throws(ServiceError) -> ServiceAnswer {
        guard let url = try? HTTPURL(address) else { preconditionFailure("an address of ours is none") }
        var call = ServiceCall(.post, path, body: .object(body), to: purpose, field: field)
        call.action = action
        call.secret = secret
        call.isWrite = false
        call.isIdempotent = true
        let client = ServiceClient(
            GoogleLoginService(), at: url, credentials: credentials, transport: transport, clock: clock)
        return try client.send(call, until: deadline)
    }
}

/// The two services of a login.
private struct GoogleLoginService: Service {
    let name = "Google"
    let credential = "GOOGLE_FEDERATED_TOKEN"
    let addressVariable = ""
    let standardAddress = "https://sts.googleapis.com/v1"
    let headers: [(name: String, value: String)] = []

    /// STS has the words at `error_description` (RFC 6749 §5.2), IAM at `error.message`.
    func words(in body: JSONValue) -> String? {
        body["error_description"]?.string ?? body["error"]?["message"]?.string ?? body["error"]?.string
    }

    func explain(_ refusal: ServiceAnswer, to call: ServiceCall) -> PublisherError? {
        guard (400..<500).contains(refusal.status), let words = refusal.words else { return nil }
        let isExchange = call.action == nil
        return PublisherError(
            .denied, "Google does not \(call.purpose) (\(refusal.status): \(words))",
            hint: isExchange
                ? "look at the provider: its issuer, its audiences, and its attribute condition"
                : "give the pool's principal roles/iam.workloadIdentityUser on this account", field: call.field)
    }
}
