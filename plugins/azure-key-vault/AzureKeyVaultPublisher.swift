import CurlHTTP
import FoundationEssentials
import PublisherKit

/// Writes a secret of an Azure Key Vault as a new version of it.
@main
struct AzureKeyVaultPublisher: ServicePublisher {
    private let clients: ServiceClients

    init() {
        // Whether a call is sent again is for `ServiceClient` to say.
        self.init(ServiceClients(KeyVault(of: .standard, by: nil), transport: CurlTransport.sendingOnce()))
    }

    init(_ clients: ServiceClients) { self.clients = clients }

    var information: PublisherInformation {
        PublisherInformation(
            verbs: Set(Verb.allCases), with: SecretSettings.names, environment: .init(optional: EntraLogin.variables),
            readback: .value, rollback: .native, batch: true)
    }

    /// Half of them may read while the other half writes; `ServiceClient` bounds the writes.
    var concurrency: Int { 16 }

    func target(_ request: PublisherRequest) throws(PublisherError) -> SecretTarget {
        let settings = Settings(request.with)
        let secret = try SecretSettings(settings)
        return SecretTarget(
            settings: secret, client: try client(settings, secret), clock: clients.clock, deadline: request.deadline,
            secret: request.secret)
    }

    /// Targets share one if they are in the same vault and log in the same way.
    private func client(_ settings: Settings, _ secret: SecretSettings) throws(PublisherError) -> ServiceClient {
        let login = try EntraLogin.Proof(settings, cloud: secret.cloud, environment: clients.environment)
        return try clients.client(
            for: settings, at: secret.address, apart: [secret.cloud.rawValue] + login.details
        ) { writes throws(PublisherError) in
            let service = KeyVault(of: secret.cloud, by: login)
            let credentials: any ServiceCredentials =
                switch login {
                case .given(let token): StaticToken(token)
                case .client(let client, let proof):
                    try EntraLogin(
                        client, proof, for: secret.cloud, environment: clients.environment,
                        transport: clients.transport, clock: clients.clock)
                case .managed(let identity):
                    ManagedIdentityLogin(
                        identity, for: secret.cloud, transport: clients.transport, clock: clients.clock)
                }
            return ServiceClient(
                service, at: secret.address, credentials: credentials, writes: writes, transport: clients.transport,
                clock: clients.clock)
        }
    }
}
