package import HTTP
package import PublisherPlugin
import Secrets
import Synchronization

/// The clients of one process. Targets at one address share one, and with it connections and pauses.
package final class ServiceClients: Sendable {
    private let service: any Service
    private let environment: [String: String]
    private let transport: any HTTPTransport
    private let clock: any ServiceClock
    private let clients = Mutex<[HTTPURL: ServiceClient]>([:])

    /// `transport` must send a request once. `environment` is the process's own: it has the credential, and may have
    /// the address of the service that the pipeline itself runs on.
    package init(
        _ service: any Service, environment: [String: String], transport: any HTTPTransport,
        clock: any ServiceClock = SystemServiceClock()
    ) {
        self.service = service
        self.environment = environment
        self.transport = transport
        self.clock = clock
    }

    /// The client for a target, by its settings `url` and `writes` (1 to 32, by default 8, at once; of several targets at
    /// one address the smallest counts).
    ///
    /// Without `url` it is the service that the pipeline runs on, else the public one.
    package func client(for settings: Settings) throws(PublisherError) -> ServiceClient {
        let address = try address(settings)
        let writes = try settings.count("writes", in: 1...32) ?? 8
        let token = try token()
        let client = clients.withLock { clients in
            let client =
                clients[address]
                ?? ServiceClient(
                    service, at: address, token: token, writes: writes, transport: transport, clock: clock)
            clients[address] = client
            return client
        }
        client.lower(writes: writes)
        return client
    }

    private func address(_ settings: Settings) throws(PublisherError) -> HTTPURL {
        let name = service.addressVariable
        let setting = try settings.text("url")
        let variable = environment[name].flatMap { $0.isEmpty ? nil : $0 }
        do throws(HTTPURL.Mistake) {
            var text = setting ?? variable ?? service.standardAddress
            // One place has one address.
            while text.hasSuffix("/") { text.removeLast() }
            let url = try HTTPURL(text)
            guard !url.description.contains("?") else { throw .form }
            return url
        } catch {
            let place = setting == nil ? "the variable \(name)" : "'url'"
            throw PublisherError(
                .configuration, "\(place) cannot be dialled: \(error.rawValue)",
                hint: "write the address of \(service.name)'s API, as \(service.standardAddress)",
                field: setting == nil ? "env.\(name)" : "with.url")
        }
    }

    private func token() throws(PublisherError) -> Secret {
        guard let text = environment[service.credential], !text.isEmpty else {
            throw PublisherError(
                .configuration, "the environment variable \(service.credential) is empty",
                hint: "give this stage a token for \(service.name), and name the variable in the target's env",
                field: "env.\(service.credential)")
        }
        let token = Secret(text)
        if let objection = service.objection(to: token) { throw objection }
        return token
    }
}
