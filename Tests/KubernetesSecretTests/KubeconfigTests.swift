import CurlHTTP
import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_kubernetes_secret

/// What a kubeconfig may say, and what becomes of it.
@Suite(.tags(.values)) struct KubeconfigTests {
    private let folder: TemporaryDirectory
    private static let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    private static let encoded = Data(pem.utf8).base64EncodedString()

    init() throws { folder = try TemporaryDirectory() }

    /// A kubeconfig with one context, whose cluster and user are these members in flow style.
    private static func text(cluster: String, user: String, context: String = "") -> String {
        """
        apiVersion: v1
        kind: Config
        current-context: main
        preferences: {}
        contexts:
        - name: main
          context: {cluster: there, user: ork\(context)}
        - name: other
          context: {cluster: elsewhere, user: ork, namespace: apart}
        - name: lost
          context: {cluster: nowhere, user: ork}
        clusters:
        - name: there
          cluster: {server: "https://cluster.example:6443"\(cluster)}
        - name: elsewhere
          cluster: {server: "https://other.example/k8s/"}
        users:
        - name: ork
          user: {\(user)}
        """
    }

    private func access(_ text: String, _ others: JSONObject = [:]) throws(PublisherError) -> ClusterAccess {
        guard let path = try? folder.write(text, to: "config") else { preconditionFailure("no folder") }
        var with = others
        with["kubeconfig"] = .string(path)
        return try ClusterSources(environment: [:]).access(for: Settings(with))
    }

    /// The message without the file, and the field.
    private func refusal(_ text: String, _ others: JSONObject = [:]) -> (message: String, field: String?, hint: String?)
    {
        do throws(PublisherError) {
            _ = try access(text, others)
            return ("", nil, nil)
        } catch {
            let message = error.message.replacing(folder.file("config"), with: "FILE")
            #expect(!message.contains("s3cret") && error.code == .configuration)
            return (message, error.field, error.hint)
        }
    }

    @Test("the current context is used, or the one that is named")
    func contexts() throws {
        let text = Self.text(cluster: "", user: "token: s3cret", context: ", namespace: prod")
        let main = try access(text)
        #expect(main.address.description == "https://cluster.example:6443" && main.namespace == "prod")
        #expect(main.name == "the user of context main in \(folder.file("config"))")
        let other = try access(text, ["context": "other"])
        #expect(other.address.description == "https://other.example/k8s" && other.namespace == "apart")
        #expect(try access(Self.text(cluster: "", user: "token: s3cret")).namespace == "default")
        #expect(
            refusal(text, ["context": "none"]).message == "the kubeconfig FILE cannot be used: it has no context none")
        #expect(refusal(text, ["context": "none"]).field == "with.context")
        #expect(
            refusal(text, ["context": "lost"]).message
                == "the kubeconfig FILE cannot be used: context lost has no cluster or no user that is there")
    }

    @Test("who asks is a token, a file with one, or a certificate")
    func users() throws {
        try folder.write(Self.pem, to: "ca.pem")
        func login(_ user: String) throws -> (ClusterAccess.Login, CurlTLS) {
            let access = try access(Self.text(cluster: ", certificate-authority: ca.pem", user: user))
            #expect(access.tls.authorities == Array(Self.pem.utf8))
            return (access.login, (access.tls.client?.certificate, access.tls.client?.key))
        }
        guard case (.token(let token), let plain) = try login("token: s3cret") else { throw Wrong() }
        #expect(token == Secret("s3cret") && plain.certificate == nil)
        guard case (.token(Secret("12345")), _) = try login("token: 12345") else { throw Wrong() }
        guard case (.tokenFile(let file), _) = try login("token: s3cret, tokenFile: token") else { throw Wrong() }
        #expect(file == folder.file("token"))
        guard case (.tokenFile("/run/token"), _) = try login("tokenFile: /run/token") else { throw Wrong() }
        let data = "client-certificate-data: \(Self.encoded), client-key-data: \(Self.encoded)"
        guard case (.certificate, let client) = try login(data) else { throw Wrong() }
        #expect(client.certificate == Array(Self.pem.utf8) && client.key == Secret(Self.pem))
        guard case (.certificate, let files) = try login("client-certificate: ca.pem, client-key: ca.pem") else {
            throw Wrong()
        }
        #expect(files.certificate == Array(Self.pem.utf8))
    }

    private typealias CurlTLS = (certificate: [UInt8]?, key: Secret?)
    private struct Wrong: Error {}

    static let useless: [(cluster: String, user: String, problem: String)] = [
        (
            "", "exec: {command: aws, apiVersion: client.authentication.k8s.io/v1}",
            "its user gets its credentials from a program (exec), which ork does not run"
        ),
        (
            "", "auth-provider: {name: gcp}",
            "its user gets its credentials from an auth-provider, which ork does not know"
        ),
        (
            "", "username: a, password: s3cret",
            "its user logs in with a password, which Kubernetes has not taken since 1.19"
        ),
        ("", "token: s3cret, as: admin", "its user acts as somebody else, which ork does not do"),
        ("", "", "its user has neither a token nor a client certificate"),
        (
            "", "client-certificate-data: \(encoded)",
            "its user has a client certificate without a key, or a key without a certificate"
        ),
        ("", "client-key-data: s3cret!", "its client-key-data is not base64"),
        (
            ", insecure-skip-tls-verify: true", "token: s3cret",
            "it says insecure-skip-tls-verify, and anybody could take the key then"
        ),
        (
            ", insecure-skip-tls-verify: yes", "token: s3cret",
            "it says insecure-skip-tls-verify, and anybody could take the key then"
        ),
        (", proxy-url: 'http://proxy:1'", "token: s3cret", "it has a proxy-url, which ork does not use"),
        (", certificate-authority-data: '%'", "token: s3cret", "its certificate-authority-data is not base64"),
        (", tls-server-name: 'a b'", "token: s3cret", "its tls-server-name is no name of a server"),
    ]

    @Test("what ork does not do is refused in a sentence", arguments: useless)
    func refused(_ cluster: String, _ user: String, _ problem: String) {
        let refusal = refusal(Self.text(cluster: cluster, user: user))
        #expect(refusal.message == "the kubeconfig FILE cannot be used: \(problem)")
        #expect(refusal.field == "with.kubeconfig")
    }

    @Test("the way out of a program's credentials is a service account's token")
    func wayOut() {
        #expect(
            refusal(Self.text(cluster: "", user: "exec: {command: aws}")).hint
                == "take the token of a service account: kubectl create token NAME makes one, with 'url' and KUBE_TOKEN"
        )
    }

    @Test(
        "a file that is none is refused, and not quoted",
        arguments: [
            ("s3cret: [", "the kubeconfig FILE cannot be read (line 2, column 1)"),
            ("# s3cret", "the kubeconfig FILE cannot be read (it is empty)"),
            ("", "the file FILE is empty or cannot be read"),
            ("s3cret", "the kubeconfig FILE cannot be used: it has no current context"),
            ("current-context: s", "the kubeconfig FILE cannot be used: it has no context s"),
        ])
    func broken(_ text: String, _ message: String) { #expect(refusal(text).message == message) }

    @Test("data that is no PEM is refused before anybody dials")
    func pem() {
        let text = Self.text(cluster: ", certificate-authority-data: AAAA", user: "token: s3cret")
        #expect(refusal(text).message == "certificate-authority-data of the kubeconfig is not PEM")
    }

    @Test("KUBECONFIG names one file; 'url' and 'kubeconfig' come before it")
    func environment() throws {
        let path = try folder.write(Self.text(cluster: "", user: "token: s3cret"), to: "config")
        let sources = ClusterSources(environment: ["KUBECONFIG": path, "KUBE_TOKEN": "t"])
        #expect(try sources.access(for: Settings([:])).address.host == "cluster.example")
        #expect(try sources.access(for: Settings(["url": "https://c.example"])).address.host == "c.example")
        let several = ClusterSources(environment: ["KUBECONFIG": "\(path):\(path)"])
        #expect(throws: PublisherError.self) { try several.access(for: Settings([:])) }
        do throws(PublisherError) { _ = try several.access(for: Settings([:])) } catch {
            #expect(error.field == "env.KUBECONFIG")
            #expect(error.hint == "name one file; kubectl config view --flatten makes one of several")
        }
    }

    @Test("a name for TLS that is not the address's is kept")
    func serverName() throws {
        let access = try access(Self.text(cluster: ", tls-server-name: api.example", user: "token: s3cret"))
        #expect(access.tls.serverName == "api.example")
    }
}
