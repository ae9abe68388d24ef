import CurlHTTP
import FoundationEssentials
import HTTP
import PublisherKit
import Secrets
import YAML

/// A kubeconfig (Kubernetes' reference, "kubeconfig (v1)"): one file, of which one context is used.
struct Kubeconfig {
    private let path: String
    /// The setting that named it.
    private let field: String
    private let root: YAMLNode

    /// Reads the file. Its text goes into no message.
    init(at path: String, field: String) throws(PublisherError) {
        self.path = path
        self.field = field
        guard !path.contains(":") || CredentialFile.exists(path) else {
            throw PublisherError(
                .configuration, "there is more than one kubeconfig (\(DisplayText.line(path)))",
                hint: "name one file; kubectl config view --flatten makes one of several", field: field)
        }
        let bytes = try CredentialFile.bytes(path, field: field)
        let problem: String
        do throws(YAMLError) {
            if let root = try YAMLNode.parse(bytes) {
                self.root = root
                return
            }
            problem = "it is empty"
        } catch {
            problem = "line \(error.line), column \(error.column)"
        }
        throw PublisherError(
            .configuration, "the kubeconfig \(DisplayText.line(path)) cannot be read (\(problem))",
            hint: "look at it with kubectl config view", field: field)
    }

    /// Where one context leads, the current one unless it is named.
    func access(context wish: String?) throws(PublisherError) -> ClusterAccess {
        guard let context = wish ?? string(root["current-context"]) else {
            throw error("it has no current context", hint: "name one in 'context'")
        }
        guard let entry = entry("contexts", context, "context") else {
            throw error(
                "it has no context \(DisplayText.line(context))", hint: "kubectl config get-contexts lists them",
                field: wish == nil ? field : "with.context")
        }
        let name = "the user of context \(DisplayText.line(context))"
        guard let cluster = string(entry["cluster"]).flatMap({ self.entry("clusters", $0, "cluster") }),
            let user = string(entry["user"]).flatMap({ self.entry("users", $0, "user") })
        else {
            throw error(
                "context \(DisplayText.line(context)) has no cluster or no user that is there",
                hint: "look at it with kubectl config view")
        }
        guard let server = string(cluster["server"]) else { throw error("the cluster has no server") }
        var tls = try tls(of: cluster)
        let login = try login(of: user, &tls)
        return ClusterAccess(
            name: name + " in \(DisplayText.line(path))", address: try ClusterSources.address(server, field: field),
            tls: tls, login: login, namespace: string(entry["namespace"]) ?? "default")
    }

    private func tls(of cluster: YAMLNode) throws(PublisherError) -> TLSSettings {
        guard cluster["insecure-skip-tls-verify"].map({ $0.bool == false || $0.isNull }) ?? true else {
            throw error(
                "it says insecure-skip-tls-verify, and anybody could take the key then",
                hint: "put the cluster's authority into certificate-authority-data, or its name into tls-server-name")
        }
        guard string(cluster["proxy-url"]) == nil else {
            throw error("it has a proxy-url, which ork does not use", hint: "set HTTPS_PROXY for the step instead")
        }
        var tls = TLSSettings()
        tls.authorities = try content(cluster, "certificate-authority")
        if let name = string(cluster["tls-server-name"]) {
            guard let url = try? HTTPURL("https://\(name)"), url.host == name.lowercased() else {
                throw error("its tls-server-name is no name of a server")
            }
            tls.serverName = name
        }
        return tls
    }

    /// Who the user is; a client certificate goes to `tls`.
    private func login(of user: YAMLNode, _ tls: inout TLSSettings) throws(PublisherError) -> ClusterAccess.Login {
        let useless = [
            ("exec", "gets its credentials from a program (exec), which ork does not run"),
            ("auth-provider", "gets its credentials from an auth-provider, which ork does not know"),
            ("username", "logs in with a password, which Kubernetes has not taken since 1.19"),
            ("as", "acts as somebody else, which ork does not do"),
            ("as-groups", "acts as somebody else, which ork does not do"),
            ("as-uid", "acts as somebody else, which ork does not do"),
        ]
        if let (_, why) = useless.first(where: { user[$0.0].map { !$0.isNull } ?? false }) {
            throw error(
                "its user \(why)",
                hint:
                    "take the token of a service account: kubectl create token NAME makes one, with 'url' and KUBE_TOKEN"
            )
        }
        let certificate = try content(user, "client-certificate")
        let key = try content(user, "client-key")
        guard (certificate == nil) == (key == nil) else {
            throw error("its user has a client certificate without a key, or a key without a certificate")
        }
        if let certificate, let key { tls.client = .init(certificate: certificate, key: Secret(key)) }
        // The file wins (client-go, tools/clientcmd/api/types.go).
        if let file = string(user["tokenFile"]) { return .tokenFile(absolute(file)) }
        if let token = string(user["token"]) { return .token(Secret(token)) }
        guard certificate != nil else {
            throw error(
                "its user has neither a token nor a client certificate",
                hint: "give it the token of a service account")
        }
        return .certificate
    }

    /// What stands in `NAME-data`, else in the file that `NAME` names: PEM.
    private func content(_ node: YAMLNode, _ name: String) throws(PublisherError) -> [UInt8]? {
        if let encoded = string(node[name + "-data"]) {
            guard let bytes = Data(base64Encoded: encoded) else { throw error("its \(name)-data is not base64") }
            return try CredentialFile.pem([UInt8](bytes), "\(name)-data of the kubeconfig", field: field)
        }
        guard let file = string(node[name]) else { return nil }
        return try CredentialFile.certificates(absolute(file), field: field)
    }

    /// Paths are from where the kubeconfig is.
    private func absolute(_ file: String) -> String {
        guard !file.hasPrefix("/"), let end = path.lastIndex(of: "/") else { return file }
        return String(path[...end]) + file
    }

    private func entry(_ list: String, _ name: String, _ member: String) -> YAMLNode? {
        root[list]?.sequence?.first { string($0["name"]) == name }?[member]
    }

    /// A text that is not empty; what looks like a number is one too.
    private func string(_ node: YAMLNode?) -> String? {
        node.flatMap { $0.isNull ? nil : $0.text }.flatMap { $0.isEmpty ? nil : $0 }
    }

    private func error(_ what: String, hint: String? = nil, field: String? = nil) -> PublisherError {
        PublisherError(
            .configuration, "the kubeconfig \(DisplayText.line(path)) cannot be used: \(what)", hint: hint,
            field: field ?? self.field)
    }
}
