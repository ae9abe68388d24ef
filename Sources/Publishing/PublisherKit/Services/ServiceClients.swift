public import FoundationEssentials
public import HTTP
import Synchronization
public import Timestamps

/// The clients of one process. Targets that have the same address and the same login share one, and with it
/// connections and pauses.
public final class ServiceClients: Sendable {
    private let service: any Service
    /// The process's own environment.
    public let environment: [String: String]
    /// What its requests are sent by.
    public let transport: any HTTPTransport
    /// The time, and waiting for it.
    public let clock: any WallClock
    private let clients = Mutex<[Key: ServiceClient]>([:])

    private struct Key: Hashable {
        let address: HTTPURL
        let details: [String]
    }

    /// `transport` must send a request once. `environment` is the process's own: it has the credential, and may have
    /// the address of the service that the pipeline itself runs on.
    public init(
        _ service: any Service, environment: [String: String] = ProcessInfo.processInfo.environment,
        transport: any HTTPTransport,
        clock: any WallClock = SystemClock()
    ) {
        self.service = service
        self.environment = environment
        self.transport = transport
        self.clock = clock
    }

    /// The client for a target, by its settings `url` and `writes`, with the token in the environment.
    public func client(for settings: Settings) throws(PublisherError) -> ServiceClient {
        let address = try address(settings)
        let token = try StaticToken(for: service, in: environment)
        return try client(for: settings, at: address) {
            ServiceClient(service, at: address, credentials: token, writes: $0, transport: transport, clock: clock)
        }
    }

    /// The client that targets share which have this address and these details, such as a namespace or a role. The
    /// first one makes it, with a number of writes at once.
    ///
    /// That is the setting `writes` (1 to 32, by default 8); of several targets the smallest counts.
    public func client(
        for settings: Settings, at address: HTTPURL, apart details: [String] = [],
        make: (_ writes: Int) throws(PublisherError) -> ServiceClient
    ) throws(PublisherError) -> ServiceClient {
        let writes = try settings.count("writes", in: 1...32) ?? 8
        let key = Key(address: address, details: details)
        let client = try clients.withLock { clients throws(PublisherError) in
            if let client = clients[key] { return client }
            let client = try make(writes)
            clients[key] = client
            return client
        }
        client.lower(writes: writes)
        return client
    }

    /// The work is done: what the clients have obtained for it is given back.
    public func end() {
        for client in clients.withLock({ Array($0.values) }) { client.end() }
    }

    /// The address in the setting `url`; without it that of the service that the pipeline runs on, else the public one. A
    /// publisher of two services has the other one's in a setting of its own.
    public func address(
        _ settings: Settings, key: String = "url", of other: (any Service)? = nil
    ) throws(PublisherError) -> HTTPURL {
        let service = other ?? service
        let name = service.addressVariable
        let setting = try settings.text(key)
        let variable = environment[name].flatMap { $0.isEmpty ? nil : $0 }
        do throws(HTTPURL.Mistake) {
            var text = setting ?? variable ?? service.standardAddress
            // One place has one address.
            while text.hasSuffix("/") { text.removeLast() }
            let url = try HTTPURL(text)
            guard !url.description.contains("?") else { throw .form }
            return url
        } catch {
            let place = setting == nil ? "the variable \(name)" : "'\(key)'"
            throw PublisherError(
                .configuration, "\(place) cannot be used: \(error.rawValue)",
                hint: "write the address of \(service.name)'s API, as \(service.standardAddress)",
                field: setting == nil ? "env.\(name)" : "with.\(key)")
        }
    }
}
