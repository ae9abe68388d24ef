import CurlHTTP
import FoundationEssentials
import Google
import JSON
import PublisherKit

/// Writes to any service that a target describes, or that a preset does.
@main
struct HTTPPublisher: ServicePublisher {
    private let clients: ServiceClients

    init() {
        // Whether a call is sent again is for `ServiceClient` to say.
        self.init(ServiceClients(DescribedService(), transport: CurlTransport.sendingOnce()))
    }

    init(_ clients: ServiceClients) { self.clients = clients }

    var information: PublisherInformation {
        var settings: [String] = []
        for key in Preset.common + ServiceDescription.settings + Preset.all.flatMap({ $0.settings.map(\.key) })
        where !settings.contains(key) { settings.append(key) }
        return PublisherInformation(
            with: .init(optional: settings), readback: .value, readbackVaries: true, rollback: .value, batch: true)
    }

    /// Half of them may read while the other half writes; `ServiceClient` bounds the writes.
    var concurrency: Int { 16 }

    func target(_ request: PublisherRequest) throws(PublisherError) -> HTTPTarget {
        let with = request.with
        let description: ServiceDescription
        var pool: GooglePool?
        if let name = try Settings(with).text("preset") {
            let preset = try Preset.named(name)
            try preset.check(with)
            description = try ServiceDescription(preset.description, with: with)
            if preset.description["federation"] == "google" { pool = try GooglePool(with) }
        } else {
            description = try ServiceDescription(with, with: with)
        }
        let credential = description.credential
        // Who has no credential is told so, whoever else has made the client.
        let token =
            pool == nil ? try credential.credentials(of: description.title, in: clients.environment) : nil
        let client = try clients.client(
            for: Settings(with), at: description.address,
            apart: ["\(credential)", "\(description.headers)", pool?.provider ?? "", pool?.account ?? ""]
        ) { writes throws(PublisherError) in
            var credentials = token
            if let pool {
                credentials = try GoogleLogin(
                    pool, environment: clients.environment, transport: clients.transport, clock: clients.clock)
            }
            return ServiceClient(
                DescribedService(description), at: description.address, credentials: credentials ?? NoCredentials(),
                writes: writes, transport: clients.transport, clock: clients.clock)
        }
        return HTTPTarget(
            description: description, client: client, environment: clients.environment, deadline: request.deadline,
            secret: request.secret)
    }

    func finish() { clients.end() }
}
