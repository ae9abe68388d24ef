import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Synchronization
import Timestamps

/// Gets tokens of Microsoft Entra ID when one is needed ("OAuth 2.0 client credentials flow").
final class EntraLogin: ServiceCredentials {
    private struct State {
        var token: Token?
        /// All that was sent or obtained: no message may repeat it.
        var seen: [Secret] = []
    }

    private struct Token {
        let secret: Secret
        let beginning: Date
        let end: Date

        /// Whether it is time for another one: a request needs a while.
        func isEnding(at now: Date) -> Bool {
            end.addingTimeInterval(-min(60, end.timeIntervalSince(beginning) / 3)) <= now
        }
    }

    private let client: Client
    private let proof: ClientProof
    private let scope: String
    private let endpoint: ServiceClient
    private let transport: any HTTPTransport
    private let clock: any WallClock
    private let state = Mutex(State())

    /// A token younger than this that the vault does not take will not be better for another login.
    private static let trial: TimeInterval = 1

    init(
        _ client: Client, _ proof: ClientProof, for cloud: AzureCloud, environment: [String: String],
        transport: any HTTPTransport, clock: any WallClock
    ) throws(PublisherError) {
        self.client = client
        self.proof = proof
        self.transport = transport
        self.clock = clock
        scope = cloud.scope
        endpoint = ServiceClient(
            Entra(client: client, proof: proof), at: try Self.authority(of: cloud, environment),
            credentials: NoCredentials(secrets: proof.secrets), transport: transport, clock: clock)
    }

    /// Azure's own, or the one that its SDKs read from the environment, too.
    private static func authority(
        of cloud: AzureCloud, _ environment: [String: String]
    ) throws(PublisherError) -> HTTPURL {
        let variable = "AZURE_AUTHORITY_HOST"
        var text = environment[variable] ?? ""
        if text.isEmpty { text = cloud.authority }
        if !text.contains("://") { text = "https://\(text)" }
        while text.hasSuffix("/") { text.removeLast() }
        do throws(HTTPURL.Mistake) { return try HTTPURL(text) } catch {
            throw PublisherError(
                .configuration, "the variable \(variable) cannot be used: \(error.rawValue)",
                hint: "leave it out of the target's env: it is \(cloud.authority)", field: "env.\(variable)")
        }
    }

    var secrets: [Secret] { proof.secrets + state.withLock(\.seen) }

    func authorization(until deadline: Date) throws(ServiceError) -> HTTPAuthorization? {
        try state.withLock { state throws(ServiceError) in
            if let token = state.token, !token.isEnding(at: clock.now) { return .bearer(token.secret) }
            let token = try obtain(&state, until: deadline)
            state.token = token
            return .bearer(token.secret)
        }
    }

    func renew(_ refused: HTTPAuthorization?, after answer: ServiceAnswer, until deadline: Date) -> Bool {
        guard answer.status == 401 else { return false }
        return state.withLock { state in
            guard let token = state.token, refused == .bearer(token.secret) else { return true }
            guard clock.now.timeIntervalSince(token.beginning) > Self.trial else { return false }
            state.token = nil
            return true
        }
    }

    private func obtain(_ state: inout State, until deadline: Date) throws(ServiceError) -> Token {
        let proof = try proof.form(transport, clock: clock, until: deadline)
        if !state.seen.contains(proof.secret) { state.seen.append(proof.secret) }
        var call = ServiceCall(
            .post, [client.tenant, "oauth2", "v2.0", "token"], to: "log in \(client.title)", field: "with.client")
        call.form =
            [("client_id", client.id), ("scope", scope), ("grant_type", "client_credentials")] + proof.fields
        call.secret = proof.secret
        // Nothing that counts is changed by it, and doing it twice does no harm.
        call.isWrite = false
        call.isIdempotent = true
        let beginning = clock.now
        let answer = try endpoint.send(call, until: deadline)
        let object = try answer.object()
        guard let text = object["access_token"]?.string, !text.isEmpty,
            let seconds = object["expires_in"]?.integer ?? object["expires_in"]?.string.flatMap({ Int($0) }),
            (1...172_800).contains(seconds)
        else { throw answer.surprise("without a token") }
        let token = Token(
            secret: Secret(text), beginning: beginning, end: beginning.addingTimeInterval(Double(seconds)))
        state.seen.append(token.secret)
        return token
    }
}

/// The application that logs in, in its directory.
struct Client: Hashable {
    let tenant: String
    let id: String

    /// For people.
    var title: String { "client \(id) of tenant \(tenant)" }
}
