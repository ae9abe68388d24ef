import CurlHTTP
import FoundationEssentials
import HTTP
import PublisherKit

/// Writes one field of a secret in a KV secrets engine of HashiCorp Vault or OpenBao.
@main
struct VaultKVPublisher: ServicePublisher {
    private let clients: ServiceClients
    private let publicTransport: any HTTPTransport
    private let mounts = MountReader()

    init() {
        let environment = ProcessInfo.processInfo.environment
        // Whether a call is sent again is for `ServiceClient` to say.
        self.init(
            ServiceClients(
                Vault(), environment: environment,
                transport: CurlTransport(policy: .singleTry, environment: Self.trust(environment))),
            publicTransport: CurlTransport(policy: .singleTry, environment: environment))
    }

    /// `publicTransport` is for what gives the job its identity.
    init(_ clients: ServiceClients, publicTransport: any HTTPTransport) {
        self.clients = clients
        self.publicTransport = publicTransport
    }

    /// Vault's own variable for a file of authorities comes before those of the transport.
    static func trust(_ environment: [String: String]) -> [String: String] {
        guard let file = environment["VAULT_CACERT"], !file.isEmpty else { return environment }
        return environment.merging(["CURL_CA_BUNDLE": file]) { $1 }
    }

    var information: PublisherInformation {
        PublisherInformation(
            verbs: Set(Verb.allCases), with: KVSettings.names,
            environment: .init(
                optional: [
                    "VAULT_TOKEN", "VAULT_ROLE_ID", "VAULT_SECRET_ID", "VAULT_ID_TOKEN",
                    "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
                ], inherited: ["VAULT_ADDR", "VAULT_NAMESPACE", "VAULT_CACERT"]), readback: .value, rollback: .native,
            batch: true)
    }

    /// Half of them may read while the other half writes; `ServiceClient` bounds the writes.
    var concurrency: Int { 16 }

    /// What was obtained by logging in is given back.
    func finish() { clients.end() }

    func target(_ request: PublisherRequest) throws(PublisherError) -> KVTarget {
        let settings = Settings(request.with)
        let kv = try KVSettings(settings, environment: clients.environment)
        return KVTarget(
            settings: kv, client: try client(settings, kv.namespace), mounts: mounts, deadline: request.deadline,
            secret: request.secret)
    }

    /// Targets share one if they are in the same namespace and log in the same way.
    private func client(_ settings: Settings, _ namespace: String?) throws(PublisherError) -> ServiceClient {
        guard settings.has("url") || clients.environment["VAULT_ADDR"]?.isEmpty == false else {
            throw Settings.error(
                "url", "nothing says where Vault is", hint: "set 'url', or VAULT_ADDR for the stage")
        }
        let address = try clients.address(settings)
        let login = try Login(settings, environment: clients.environment)
        let mount = try KVSettings.segments(settings, "auth_mount") ?? [login.standardMount]
        let details = [namespace ?? ""] + [mount.joined(separator: "/")] + login.details
        return try clients.client(for: settings, at: address, apart: details) { writes throws(PublisherError) in
            let credentials: any ServiceCredentials
            var service = Vault(namespace: namespace)
            if case .token = login {
                credentials = try StaticToken(for: service, in: clients.environment)
            } else {
                service = Vault(namespace: namespace, token: "the token that came of the login by \(login.name)")
                let door = VaultLogin.Door(
                    service: service, address: address, transport: clients.transport, clock: clients.clock)
                credentials = VaultLogin(login, at: mount, door, publicTransport: publicTransport)
            }
            return ServiceClient(
                service, at: address, credentials: credentials, writes: writes, transport: clients.transport,
                clock: clients.clock)
        }
    }
}
