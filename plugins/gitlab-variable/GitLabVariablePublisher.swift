import CurlHTTP
import FoundationEssentials
import PublisherKit

/// Writes a CI/CD variable of a GitLab project, group or instance.
@main
struct GitLabVariablePublisher: ServicePublisher {
    private let clients: ServiceClients
    private let token = TokenReader()

    init() {
        // Whether a call is sent again is for `ServiceClient` to say.
        self.init(
            ServiceClients(
                GitLab(), transport: CurlTransport.sendingOnce()))
    }

    init(_ clients: ServiceClients) { self.clients = clients }

    var information: PublisherInformation {
        PublisherInformation(
            with: VariableSettings.names,
            environment: .init(required: ["GITLAB_TOKEN"], inherited: ["CI_API_V4_URL"]), readback: .value,
            readbackVaries: true, rollback: .value, batch: true)
    }

    /// Half of them may read while the other half writes; `ServiceClient` bounds the writes.
    var concurrency: Int { 16 }

    func target(_ request: PublisherRequest) throws(PublisherError) -> VariableTarget {
        let settings = Settings(request.with)
        return VariableTarget(
            settings: try VariableSettings(settings), client: try clients.client(for: settings), token: token,
            deadline: request.deadline, secret: request.secret)
    }
}
