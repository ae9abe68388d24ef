import CurlHTTP
import FoundationEssentials
import PublisherKit

/// Writes an environment variable of a Vercel project, and deploys it.
@main
struct VercelPublisher: ServicePublisher {
    private let clients: ServiceClients

    init() {
        // Whether a call is sent again is for `ServiceClient` to say.
        self.init(ServiceClients(Vercel(), transport: CurlTransport.sendingOnce()))
    }

    init(_ clients: ServiceClients) { self.clients = clients }

    var information: PublisherInformation {
        PublisherInformation(
            with: VariableSettings.names, environment: .init(required: ["VERCEL_TOKEN"]), readback: .value,
            readbackVaries: true, rollback: .value, batch: true)
    }

    /// Half of them may read while the other half writes; `ServiceClient` bounds the writes.
    var concurrency: Int { 16 }

    func target(_ request: PublisherRequest) throws(PublisherError) -> VercelTarget {
        let settings = Settings(request.with)
        return VercelTarget(
            settings: try VariableSettings(settings), client: try clients.client(for: settings),
            environment: clients.environment,
            deadline: request.deadline, secret: request.secret)
    }
}
