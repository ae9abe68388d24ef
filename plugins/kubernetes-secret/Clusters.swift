import CurlHTTP
import FoundationEssentials
import HTTP
import PublisherPlugin
import Secrets
import ServiceClient

/// The clusters of this process. Targets that come to one in the same way share a client.
final class Clusters: Sendable {
    private let sources: ClusterSources
    private let clients: ServiceClients
    private let transport: @Sendable (TLSSettings) -> any HTTPTransport
    let clock: any ServiceClock

    /// `transport` must send a request once.
    init(
        _ sources: ClusterSources, clock: any ServiceClock = SystemServiceClock(),
        transport: @escaping @Sendable (TLSSettings) -> any HTTPTransport
    ) {
        self.sources = sources
        self.transport = transport
        self.clock = clock
        clients = ServiceClients(
            Kubernetes(), environment: sources.environment, transport: transport(TLSSettings()), clock: clock)
    }

    /// Where a target's cluster is, and the namespace of a target that names none.
    func cluster(for settings: Settings) throws(PublisherError) -> (client: ServiceClient, namespace: String?) {
        let access = try sources.access(for: settings)
        let details = [access.name, try settings.text("certificate_authority") ?? ""]
        let client = try clients.client(for: settings, at: access.address, apart: details) { writes in
            let credentials: any ServiceCredentials =
                switch access.login {
                case .token(let token): StaticToken(token)
                case .tokenFile(let path): TokenFile(path, clock: clock)
                case .certificate: Certificate()
                }
            return ServiceClient(
                Kubernetes(login: access.name), at: access.address, credentials: credentials, writes: writes,
                transport: transport(access.tls), clock: clock)
        }
        return (client, access.namespace)
    }

    func end() { clients.end() }
}
