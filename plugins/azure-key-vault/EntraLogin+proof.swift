import FoundationEssentials
import HTTP
import PublisherKit
import Secrets
import Timestamps

extension EntraLogin {
    /// The settings of a login.
    static let settings = ["tenant", "client", "audience", ManagedIdentity.setting]

    /// The variables that are read, if the target's `env` names them. The names are those of Azure's SDKs.
    static let variables =
        [
            "AZURE_ACCESS_TOKEN", "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET",
            "AZURE_FEDERATED_TOKEN", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_AUTHORITY_HOST",
            ManagedIdentity.endpoint, ManagedIdentity.header, ManagedIdentity.authority,
        ] + [GitHubIdentity.variables.url, GitHubIdentity.variables.token]

    /// Who a target is to its vault, by the variables that it names: the first that is there counts.
    enum Proof {
        /// A token that somebody else has got.
        case given(Secret)
        case client(Client, ClientProof)
        /// The machine's or the app's own, for which nothing is stored.
        case managed(ManagedIdentity)

        init(
            _ settings: Settings, cloud: AzureCloud, environment: [String: String]
        ) throws(PublisherError) {
            if let token = environment.value("AZURE_ACCESS_TOKEN") {
                for key in EntraLogin.settings where settings.has(key) {
                    throw Settings.error(
                        key, "'\(key)' is for a login, and AZURE_ACCESS_TOKEN is a token already",
                        hint: "leave one of them out")
                }
                self = .given(Secret(token))
                return
            }
            let managed = try ManagedIdentity(settings, environment: environment)
            let proof = try ClientProof(settings, cloud: cloud, environment: environment)
            if let managed {
                guard proof == nil else {
                    throw Settings.error(
                        ManagedIdentity.setting,
                        "'\(ManagedIdentity.setting)' needs no credential, and the target's env names one",
                        hint: "leave one of them out")
                }
                self = .managed(managed)
                return
            }
            guard let proof else {
                let (url, token) = GitHubIdentity.variables
                throw PublisherError(
                    .configuration, "there is nothing to log in to Azure with",
                    hint: "name in the target's env: at GitHub \(url) and \(token), which a job with the permission"
                        + " id-token: write has; AZURE_FEDERATED_TOKEN or AZURE_FEDERATED_TOKEN_FILE; AZURE_CLIENT_SECRET;"
                        + " or AZURE_ACCESS_TOKEN; on a machine of Azure's, set '\(ManagedIdentity.setting)'",
                    field: "env.AZURE_FEDERATED_TOKEN")
            }
            let tenant = try Self.id(settings, "tenant", "AZURE_TENANT_ID", environment)
            let client = try Self.id(settings, "client", "AZURE_CLIENT_ID", environment)
            self = .client(Client(tenant: tenant, id: client), proof)
        }

        /// What tells two of one process apart.
        var details: [String] {
            switch self {
            case .given: ["given"]
            case .client(let client, let proof): [client.tenant, client.id] + proof.details
            case .managed(let identity): identity.details
            }
        }

        /// The token for people.
        var title: String {
            switch self {
            case .given: "the token in AZURE_ACCESS_TOKEN"
            case .client(let client, _): "the token of client \(client.id)"
            case .managed(let identity): "the token of \(identity.title)"
            }
        }

        /// Where to look if the vault does not take the token.
        var field: String {
            switch self {
            case .given: "env.AZURE_ACCESS_TOKEN"
            case .client: "with.tenant"
            case .managed: "with.\(ManagedIdentity.setting)"
            }
        }

        var tenant: String? { if case .client(let client, _) = self { client.tenant } else { nil } }

        /// An id or a domain: it is one segment of an address.
        private static func id(
            _ settings: Settings, _ key: String, _ variable: String, _ environment: [String: String]
        ) throws(PublisherError) -> String {
            let setting = try settings.text(key)
            let field = setting == nil ? "env.\(variable)" : "with.\(key)"
            guard let text = setting ?? environment.value(variable) else {
                throw PublisherError(
                    .configuration, "nothing says which \(key) logs in",
                    hint: "set '\(key)', or name the variable \(variable) in the target's env", field: "with.\(key)")
            }
            guard Client.isID(text) else {
                throw PublisherError(
                    .configuration, "the \(key) is no id", hint: "write it as 11111111-2222-3333-4444-555555555555",
                    field: field)
            }
            return text
        }
    }
}

/// What shows that it is the application which logs in.
enum ClientProof {
    case secret(Secret)
    /// A token of another issuer, which the application trusts ("Workload identity federation").
    case federated(FederatedToken)

    /// `nil` if the variables have neither.
    init?(_ settings: Settings, cloud: AzureCloud, environment: [String: String]) throws(PublisherError) {
        let audience = try settings.text("audience")
        if let secret = environment.value("AZURE_CLIENT_SECRET") {
            self = .secret(Secret(secret))
            return
        }
        let token = try FederatedToken(
            file: "AZURE_FEDERATED_TOKEN_FILE", variable: "AZURE_FEDERATED_TOKEN", audience: audience ?? cloud.audience,
            in: environment)
        guard let token else { return nil }
        self = .federated(token)
    }

    /// What tells two of one process apart: all have the same variables.
    var details: [String] {
        if case .federated(.gitHub(_, let audience)) = self { [audience] } else { [] }
    }

    /// What is known before asking for it.
    var secrets: [Secret] {
        switch self {
        case .secret(let secret): [secret]
        case .federated(let token): token.secrets
        }
    }

    /// The fields of a request that show it, and what of them is secret.
    func form(
        _ transport: any HTTPTransport, clock: any WallClock, until deadline: Date
    ) throws(ServiceError) -> (fields: [(String, String)], secret: Secret) {
        switch self {
        case .secret(let secret): return ([("client_secret", secret.revealed() ?? "")], secret)
        case .federated(let token):
            let assertion = try token.get(transport, clock: clock, until: deadline)
            let type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            return (
                [("client_assertion_type", type), ("client_assertion", assertion.revealed() ?? "")], assertion
            )
        }
    }
}

extension [String: String] {
    /// What a variable has, if it is not empty.
    func value(_ name: String) -> String? { self[name].flatMap { $0.isEmpty ? nil : $0 } }
}
