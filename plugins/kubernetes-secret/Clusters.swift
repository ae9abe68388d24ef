import CurlHTTP
import FoundationEssentials
import HTTP
import PublisherKit
import Secrets
import Timestamps

/// The clusters of this process. Targets that come to one in the same way share a client.
final class Clusters: Sendable {
    private let sources: ClusterSources
    private let clients: ServiceClients
    private let transport: @Sendable (TLSSettings) -> any HTTPTransport
    let clock: any WallClock

    /// `transport` must send a request once.
    init(
        _ sources: ClusterSources, clock: any WallClock = SystemClock(),
        transport: @escaping @Sendable (TLSSettings) -> any HTTPTransport
    ) {
        self.sources = sources
        self.transport = transport
        self.clock = clock
        clients = ServiceClients(
            Kubernetes(), environment: sources.environment, transport: transport(TLSSettings()), clock: clock)
    }

    /// Where a target's cluster is, and the namespace of a target that names none.
    func cluster(for settings: Settings) throws(PublisherError) -> (client: ServiceClient, namespace: String?) {
        let access = try sources.access(for: settings)
        let details = [access.name, try settings.text("certificate_authority") ?? ""]
        let client = try clients.client(for: settings, at: access.address, apart: details) { writes in
            let credentials: any ServiceCredentials =
                switch access.login {
                case .token(let token): StaticToken(token)
                case .tokenFile(let path): TokenFile(path, clock: clock)
                case .certificate: Certificate()
                }
            return ServiceClient(
                Kubernetes(login: access.name), at: access.address, credentials: credentials, writes: writes,
                transport: transport(access.tls), clock: clock)
        }
        return (client, access.namespace)
    }

    func end() { clients.end() }
}

/// Where a target's settings and this process's environment say that a cluster is.
struct ClusterSources: Sendable {
    let environment: [String: String]
    /// What a pod finds of its service account ("Accessing the Kubernetes API from a Pod").
    var serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// `url`, else a kubeconfig, else the cluster that this process runs in.
    func access(for settings: Settings) throws(PublisherError) -> ClusterAccess {
        let url = try settings.text("url")
        let file = try settings.text("kubeconfig")
        let context = try settings.text("context")
        let authority = try settings.text("certificate_authority")
        guard url == nil || file == nil else {
            throw Settings.error(
                "kubeconfig", "'url' and 'kubeconfig' exclude each other", hint: "leave one of them out")
        }
        guard authority == nil || url != nil else {
            throw Settings.error(
                "certificate_authority", "'certificate_authority' goes with 'url'",
                hint: "a kubeconfig and a service account bring their own")
        }
        if let url {
            guard context == nil else {
                throw Settings.error("context", "'context' is a kubeconfig's", hint: "leave it out, or 'url'")
            }
            return try byToken(url, authority: authority)
        }
        let field = file == nil ? "env.KUBECONFIG" : "with.kubeconfig"
        if let path = file ?? variable("KUBECONFIG") {
            return try Kubeconfig(at: path, field: field).access(context: context)
        }
        guard context == nil else {
            throw Settings.error(
                "context", "'context' is a kubeconfig's, and there is none",
                hint: "set 'kubeconfig', or name KUBECONFIG in the target's env")
        }
        return try inCluster()
    }

    private func byToken(_ url: String, authority: String?) throws(PublisherError) -> ClusterAccess {
        guard let token = variable("KUBE_TOKEN") else {
            throw PublisherError(
                .configuration, "with 'url' the environment variable KUBE_TOKEN has to hold a token",
                hint: "make one for a service account, as kubectl create token does, and name the variable in the"
                    + " target's env", field: "env.KUBE_TOKEN")
        }
        var tls = TLSSettings()
        if let authority {
            tls.authorities = try CredentialFile.certificates(authority, field: "with.certificate_authority")
        }
        return ClusterAccess(
            name: "the token in KUBE_TOKEN", address: try Self.address(url, field: "with.url"), tls: tls,
            login: .token(Secret(token)), namespace: nil)
    }

    /// As client-go's `rest.InClusterConfig`.
    private func inCluster() throws(PublisherError) -> ClusterAccess {
        guard let host = variable("KUBERNETES_SERVICE_HOST"), let port = variable("KUBERNETES_SERVICE_PORT"),
            CredentialFile.exists("\(serviceAccount)/token")
        else {
            throw PublisherError(
                .configuration, "nothing says where the cluster is, and this is no pod with a service account",
                hint:
                    "set 'kubeconfig' or name KUBECONFIG in the target's env; or set 'url', with a token in KUBE_TOKEN",
                field: "with.kubeconfig")
        }
        let authority = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        let namespace = try? CredentialFile.text("\(serviceAccount)/namespace", field: "with.namespace")
        return ClusterAccess(
            name: "the pod's service account",
            address: try Self.address("https://" + authority, field: "env.KUBERNETES_SERVICE_HOST"),
            tls: TLSSettings(
                authorities: try CredentialFile.certificates("\(serviceAccount)/ca.crt", field: "with.kubeconfig")),
            login: .tokenFile("\(serviceAccount)/token"), namespace: namespace)
    }

    private func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// The address of an API server.
    static func address(_ text: String, field: String) throws(PublisherError) -> HTTPURL {
        do throws(HTTPURL.Mistake) {
            var text = text
            // One cluster has one address.
            while text.hasSuffix("/") { text.removeLast() }
            let url = try HTTPURL(text)
            guard !url.description.contains("?") else { throw .form }
            return url
        } catch {
            throw PublisherError(
                .configuration, "the address of the cluster cannot be used: \(error.rawValue)",
                hint: "write the address of its API server, as https://10.0.0.1:6443", field: field)
        }
    }
}

/// How to get to a cluster, and as whom.
struct ClusterAccess: Sendable {
    /// Who asks.
    enum Login: Sendable {
        case token(Secret)
        /// A file whose token is replaced from time to time.
        case tokenFile(String)
        /// The certificate that TLS shows.
        case certificate
    }

    /// Who asks, for people: `the token in KUBE_TOKEN`.
    let name: String
    let address: HTTPURL
    let tls: TLSSettings
    let login: Login
    /// The namespace of a target that names none.
    let namespace: String?
}
