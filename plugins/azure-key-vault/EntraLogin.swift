import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Timestamps

/// Gets tokens of Microsoft Entra ID when one is needed ("OAuth 2.0 client credentials flow").
final class EntraLogin: ServiceCredentials {
    private let client: Client
    private let proof: ClientProof
    private let scope: String
    private let endpoint: ServiceClient
    private let transport: any HTTPTransport
    private let clock: any WallClock
    private let lent: LentToken

    init(
        _ client: Client, _ proof: ClientProof, for cloud: AzureCloud, environment: [String: String],
        transport: any HTTPTransport, clock: any WallClock
    ) throws(PublisherError) {
        self.client = client
        self.proof = proof
        self.transport = transport
        self.clock = clock
        lent = LentToken(clock: clock)
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
        let url: HTTPURL
        do throws(HTTPURL.Mistake) { url = try HTTPURL(text) } catch {
            throw PublisherError(
                .configuration, "the variable \(variable) cannot be used: \(error.rawValue)",
                hint: "leave it out of the target's env: it is \(cloud.authority)", field: "env.\(variable)")
        }
        guard url.isLoopback || AzureCloud.allCases.contains(where: { $0.authority == url.description }) else {
            throw PublisherError(
                .configuration, "the variable \(variable) names no login of Azure's: a credential would go there",
                hint: "leave it out of the target's env: it is \(cloud.authority)", field: "env.\(variable)")
        }
        return url
    }

    var secrets: [Secret] { proof.secrets + lent.seen }

    func authorization(until deadline: Date) throws(ServiceError) -> HTTPAuthorization? {
        try lent.bearer { hide throws(ServiceError) in try obtain(until: deadline, hiding: hide) }
    }

    func renew(_ refused: HTTPAuthorization?, after answer: ServiceAnswer, until deadline: Date) -> Bool {
        lent.forget(refused, after: answer)
    }

    private func obtain(
        until deadline: Date, hiding hide: (Secret) -> Void
    ) throws(ServiceError) -> (secret: Secret, end: Date) {
        let proof = try proof.form(transport, clock: clock, until: deadline)
        hide(proof.secret)
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
        return (Secret(text), beginning.addingTimeInterval(Double(seconds)))
    }
}

/// The application that logs in, in its directory.
struct Client: Hashable {
    let tenant: String
    let id: String

    /// For people.
    var title: String { "client \(id) of tenant \(tenant)" }

    /// Whether a text can be an id of Azure's, or a tenant's domain.
    static func isID(_ text: String) -> Bool {
        text.utf8.count <= 100 && text.utf8.first?.isASCIIAlphanumeric == true
            && text.utf8.allSatisfy { $0.isASCIIAlphanumeric || "-.".utf8.contains($0) }
    }
}
