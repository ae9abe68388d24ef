package import FoundationEssentials
import HTTP
import JSON
package import PublisherKit
package import Secrets
import Synchronization

/// Those of a role that trusts the CI system: its identity token is handed to AWS's Security Token Service, unsigned
/// (`AssumeRoleWithWebIdentity`).
package final class WebIdentity: CredentialSource {
    private let role: String
    private let session: String
    private let token: FederatedToken
    private let address: HTTPURL
    private let fetcher: Fetcher
    private let sent = Mutex<[Secret]>([])

    /// `nil` if the variables have no identity token.
    init?(
        role: String, audience: String?, in region: AWSRegion, _ environment: [String: String], _ fetcher: Fetcher
    ) throws(PublisherError) {
        // What aws-actions/configure-aws-credentials asks for, and AWS's documentation sets up.
        let token = try FederatedToken(
            file: "AWS_WEB_IDENTITY_TOKEN_FILE", variable: "AWS_WEB_IDENTITY_TOKEN",
            audience: audience ?? "sts.amazonaws.com", in: environment)
        guard let token else { return nil }
        self.role = role
        self.token = token
        self.fetcher = fetcher
        address = try AWSEndpoint.address(
            variables: ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"], otherwise: region.address(of: "sts"), environment)
        session = environment.value("AWS_ROLE_SESSION_NAME") ?? "ork"
        let isRole = role.hasPrefix("arn:") && role.contains(":role/") && role.utf8.count <= 2048
        guard isRole, role.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw PublisherError(
                .configuration, "'role' is not the ARN of a role",
                hint: "write it whole, as arn:aws:iam::123456789012:role/deploy", field: "with.role")
        }
    }

    package func fetch(until deadline: Date) throws(ServiceError) -> AWSCredentials {
        let token = try token.get(fetcher.transport, clock: fetcher.clock, until: deadline)
        sent.withLock { if !$0.contains(token) { $0.append(token) } }
        let fields = [
            ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", role),
            ("RoleSessionName", session), ("WebIdentityToken", token.revealed() ?? ""),
        ]
        let form = fields.map { "\($0.0)=\(HTTPURL.encode($0.1))" }.joined(separator: "&")
        let response = try fetcher.send(
            HTTPRequest(
                .post, address.appending("/"),
                // STS answers in XML unless it is asked for JSON. Its reference does not say so; Envoy's own client
                // (webidentity_credentials_provider.cc) relies on it.
                headers: [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")],
                body: Array(form.utf8)),
            for: "the role's credentials", field: "with.role", until: deadline)
        let body = try? JSONValue(parsing: response.body)
        let result = body?["AssumeRoleWithWebIdentityResponse"]?["AssumeRoleWithWebIdentityResult"]?["Credentials"]
        if response.status == 200, let credentials = AWSCredentials(result, token: "SessionToken") {
            return credentials
        }
        throw ServiceError(refusal(response, body?["Error"]), status: response.status)
    }

    package var isRenewable: Bool { true }

    package var secrets: [Secret] { sent.withLock(\.self) + token.secrets }

    /// STS's reference names the errors.
    private func refusal(_ response: HTTPResponse, _ error: JSONValue?) -> PublisherError {
        let words = error?["Message"]?.string.map {
            ": " + DisplayText.line(Redactor(secrets).redacting($0))
        }
        let said = words ?? ""
        switch error?["Code"]?.string {
        case "ExpiredTokenException", "ExpiredToken":
            return PublisherError(
                .denied, "the identity token has expired",
                hint: "give the job a fresh one: GitLab makes one for each job, GitHub for each request")
        case "InvalidIdentityToken":
            return PublisherError(
                .denied, "STS does not accept the identity token\(said)",
                hint: "check whether the account has an identity provider for its issuer, with its audience",
                field: "with.role")
        case "AccessDenied", "AccessDeniedException", "IDPRejectedClaim":
            return PublisherError(
                .denied, "STS does not let this job have the role\(said)",
                hint: "look at the role's trust policy: the provider, and what it asks of aud and sub",
                field: "with.role")
        case "IDPCommunicationError":
            return PublisherError(
                .unavailable, "STS cannot reach the issuer of the identity token\(said)", hint: "run the step again")
        case "RegionDisabledException":
            return PublisherError(
                .denied, "STS is not enabled in this region for the account\(said)",
                hint: "enable it in the account's settings, or take another region", field: "with.region")
        case "ValidationError":
            return PublisherError(
                .configuration, "STS refuses the request\(said)", hint: "look at the role's ARN", field: "with.role")
        default:
            return PublisherError(
                .unavailable, "what answers in the place of STS hands out no credentials (\(response.status)\(said))",
                hint: ServiceAnswer.surpriseHint, field: "with.role")
        }
    }
}
