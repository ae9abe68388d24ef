import AWS
import CurlHTTP
import FoundationEssentials
import PublisherKit

/// Writes a secret of AWS Secrets Manager, or one field of it.
@main
struct AWSSecretPublisher: ServicePublisher {
    private let clients: AWSClients

    init() {
        // Whether a call is sent again is for `ServiceClient` to say.
        self.init(
            AWSClients(
                SecretStore(), environment: ProcessInfo.processInfo.environment,
                transport: CurlTransport.sendingOnce()))
    }

    init(_ clients: AWSClients) { self.clients = clients }

    var information: PublisherInformation {
        PublisherInformation(
            verbs: Set(Verb.allCases), with: SecretSettings.names,
            environment: .init(
                optional: AWSClients.environment + [SecretStore().addressVariable], inherited: AWSClients.inherited),
            readback: .value, rollback: .native, batch: true)
    }

    /// Half of them may read while the other half writes; `ServiceClient` bounds the writes.
    var concurrency: Int { 16 }

    func target(_ request: PublisherRequest) throws(PublisherError) -> SecretTarget {
        let settings = Settings(request.with)
        let secret = try SecretSettings(settings, isMade: request.create)
        let (client, region) = try clients.client(for: settings, implied: secret.region)
        return SecretTarget(settings: secret, client: client, region: region, deadline: request.deadline)
    }
}
