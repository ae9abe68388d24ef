import AWS
import CurlHTTP
import FoundationEssentials
import PublisherKit

/// Writes a SecureString of AWS Systems Manager's Parameter Store, or one field of it.
@main
struct AWSParameterPublisher: ServicePublisher {
    private let clients: AWSClients

    init() {
        // Whether a call is sent again is for `ServiceClient` to say.
        self.init(
            AWSClients(
                ParameterStore(), environment: ProcessInfo.processInfo.environment,
                transport: CurlTransport.sendingOnce()))
    }

    init(_ clients: AWSClients) { self.clients = clients }

    var information: PublisherInformation {
        PublisherInformation(
            verbs: Set(Verb.allCases), with: ParameterSettings.names,
            environment: .init(
                optional: AWSClients.environment + [ParameterStore().addressVariable], inherited: AWSClients.inherited),
            readback: .value, rollback: .native, batch: true)
    }

    /// Half of them may read while the other half writes; `ServiceClient` bounds the writes.
    var concurrency: Int { 16 }

    func target(_ request: PublisherRequest) throws(PublisherError) -> ParameterTarget {
        let settings = Settings(request.with)
        let parameter = try ParameterSettings(settings, isMade: request.create)
        let (client, region) = try clients.client(for: settings)
        return ParameterTarget(settings: parameter, client: client, region: region, deadline: request.deadline)
    }
}
