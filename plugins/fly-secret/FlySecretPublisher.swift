import CurlHTTP
import FoundationEssentials
import PublisherKit

/// Writes a secret of a Fly.io app, and updates the app's machines, which get it by that alone.
@main
struct FlySecretPublisher: ServicePublisher {
    private let clients: ServiceClients

    init() {
        // Whether a call is sent again is for `ServiceClient` to say.
        self.init(ServiceClients(Fly(), transport: CurlTransport.sendingOnce()))
    }

    init(_ clients: ServiceClients) { self.clients = clients }

    var information: PublisherInformation {
        PublisherInformation(
            with: SecretSettings.names, environment: .init(required: ["FLY_API_TOKEN"]), readback: .digest,
            rollback: .value, batch: true)
    }

    /// Half of them may read while the other half writes; `ServiceClient` bounds the writes.
    var concurrency: Int { 16 }

    func target(_ request: PublisherRequest) throws(PublisherError) -> SecretTarget {
        let settings = Settings(request.with)
        let secret = try SecretSettings(settings)
        let address = try clients.address(settings)
        let token = try FlyToken(in: clients.environment)
        let client = try clients.client(for: settings, at: address) {
            ServiceClient(
                Fly(), at: address, credentials: token, writes: $0, transport: clients.transport, clock: clients.clock)
        }
        return SecretTarget(
            settings: secret, client: client, clock: clients.clock, environment: clients.environment,
            deadline: request.deadline, secret: request.secret)
    }
}
