import CurlHTTP
import FoundationEssentials
import Google
import HTTP
import PublisherKit
import Secrets

/// Adds a version to a secret of Google Secret Manager, and has the Cloud Run services that use it make a new revision.
@main
struct GoogleSecretPublisher: ServicePublisher {
    private let clients: ServiceClients

    init() {
        // Whether a call is sent again is for `ServiceClient` to say.
        self.init(ServiceClients(SecretManager(), transport: CurlTransport.sendingOnce()))
    }

    init(_ clients: ServiceClients) { self.clients = clients }

    var information: PublisherInformation {
        PublisherInformation(with: SecretSettings.names, readback: .value, rollback: .value, batch: true)
    }

    /// Half of them may read while the other half writes; `ServiceClient` bounds the writes.
    var concurrency: Int { 16 }

    func target(_ request: PublisherRequest) throws(PublisherError) -> SecretTarget {
        let settings = Settings(request.with)
        let secret = try SecretSettings(settings)
        let pool = try GooglePool(request.with)
        let address = try clients.address(settings)
        let run = try clients.address(settings, key: "run_url", of: CloudRun())
        let login: any ServiceCredentials =
            if let pool {
                try GoogleLogin(
                    pool, environment: clients.environment, transport: clients.transport, clock: clients.clock)
            } else {
                try StaticToken(for: SecretManager(), in: clients.environment)
            }
        let details = [pool?.provider ?? "", pool?.account ?? ""]
        func client(_ service: any Service, at address: HTTPURL) throws(PublisherError) -> ServiceClient {
            try clients.client(for: settings, at: address, apart: details + [service.name]) {
                ServiceClient(
                    service, at: address, credentials: login, writes: $0, transport: clients.transport,
                    clock: clients.clock)
            }
        }
        return SecretTarget(
            settings: secret, client: try client(SecretManager(), at: address),
            cloudRun: try client(CloudRun(), at: run), environment: clients.environment, deadline: request.deadline,
            secret: request.secret)
    }

    func finish() { clients.end() }
}
