import CurlHTTP
import FoundationEssentials
import PublisherKit

/// Writes a secret of GitHub Actions, Dependabot or Codespaces.
@main
struct GitHubSecretPublisher: ServicePublisher {
    private let clients: ServiceClients
    private let keys = PublicKeys()

    init() {
        // Whether a call is sent again is for `ServiceClient` to say.
        self.init(
            ServiceClients(
                GitHub(), transport: CurlTransport.sendingOnce()))
    }

    init(_ clients: ServiceClients) { self.clients = clients }

    var information: PublisherInformation {
        PublisherInformation(
            with: SecretSettings.names,
            environment: .init(required: ["GITHUB_TOKEN"], inherited: ["GITHUB_API_URL"]), readback: .timestamp,
            rollback: .value,
            batch: true)
    }

    /// Reads go at once; `ServiceClient` bounds the writes, which GitHub counts five times.
    var concurrency: Int { 24 }

    func target(_ request: PublisherRequest) throws(PublisherError) -> SecretTarget {
        let settings = Settings(request.with)
        return SecretTarget(
            settings: try SecretSettings(settings), client: try clients.client(for: settings), keys: keys,
            deadline: request.deadline)
    }
}
