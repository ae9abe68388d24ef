import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Sodium
import TestSupport
import Testing

/// A cluster behind real TLS, and kubeconfigs that kubectl takes too.
@Suite(.tags(.servers)) struct TLSTests {
    /// A sandbox, and nginx in front of it.
    private final class Scene: Sendable {
        let sandbox: SandboxProcess
        let folder: TemporaryDirectory
        let port: Int
        private let front: ServerProgram

        init() throws {
            sandbox = try SandboxProcess()
            folder = try TemporaryDirectory()
            let upstream = sandbox.url.dropFirst("http://127.0.0.1:".count).prefix { $0 != "/" }
            front = try ServerProgram(
                [try Python.interpreter(), "-B", Python.file("Python/front.py"), folder.path, String(upstream)],
                environment: ProcessInfo.processInfo.environment)
            let greeting = String(decoding: front.greeting.dropLast(), as: UTF8.self)
            port = try #require(Int(greeting), "nginx did not start")
            let value: JSONValue = [
                "secret": "app", "key": "KEY", "value": .string(SampleKeys.text(SampleKeys.successor)),
            ]
            _ = try sandbox.control(.post, "kubernetes/values", value)
            _ = try sandbox.control(.post, "kubernetes/tokens", ["user": "ork", "certificate": true])
        }

        /// A file's content as a kubeconfig carries it.
        func data(_ file: String) throws -> String { Data(try folder.read(file).utf8).base64EncodedString() }

        /// Writes a kubeconfig; `CA(FILE)` and the like in it become the content of files.
        func kubeconfig(host: String, cluster: String, user: String, name: String) throws -> String {
            func filled(_ text: String) throws -> String {
                var text = text.replacing("TOKEN", with: sandbox.kubernetes.token.revealed() ?? "")
                for file in ["authority.pem", "stranger.pem", "client.pem", "client.key", "strange.pem", "strange.key"]
                {
                    text = text.replacing("DATA(\(file))", with: try data(file))
                }
                return text
            }
            return try folder.write(
                """
                apiVersion: v1
                kind: Config
                current-context: main
                contexts: [{name: main, context: {cluster: c, user: u}}]
                clusters: [{name: c, cluster: {server: 'https://\(host):\(port)'\(try filled(cluster))}}]
                users: [{name: u, user: {\(try filled(user))}}]
                """, to: name)
        }
    }

    private static let scene = Task { try await onOwnThread { try Scene() } }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var host = "localhost"
        var cluster = ", certificate-authority-data: DATA(authority.pem)"
        var user = "token: TOKEN"
        /// The answer of `verify`, or what an error says; then kubectl fails as well.
        var outcome = "match"
    }

    private static let certificate = "client-certificate-data: DATA(client.pem), client-key-data: DATA(client.key)"

    static let cases = [
        Case(testDescription: "a token, and the authority as data"),
        Case(
            testDescription: "a token, and the authority as a file", cluster: ", certificate-authority: authority.pem"),
        Case(testDescription: "a client certificate as data", user: certificate),
        Case(
            testDescription: "a client certificate as files",
            user: "client-certificate: client.pem, client-key: client.key"),
        Case(
            testDescription: "another name than the address's", host: "127.0.0.1",
            cluster: ", certificate-authority-data: DATA(authority.pem), tls-server-name: localhost"),
        Case(
            testDescription: "a certificate for another name", host: "127.0.0.1",
            outcome: "the certificate of 127.0.0.1 is not trusted"),
        Case(
            testDescription: "a name for TLS that the certificate does not have",
            cluster: ", certificate-authority-data: DATA(authority.pem), tls-server-name: api.example",
            outcome: "the certificate of localhost is not trusted"),
        Case(
            testDescription: "a certificate of another authority",
            cluster: ", certificate-authority-data: DATA(stranger.pem)",
            outcome: "the certificate of localhost is not trusted: it is of another authority"),
        Case(
            testDescription: "an authority that nobody named", cluster: "",
            outcome: "the certificate of localhost is not trusted; name the file of a private authority"),
        Case(
            testDescription: "a client certificate of another authority",
            user: "client-certificate-data: DATA(strange.pem), client-key-data: DATA(strange.key)",
            outcome: "Kubernetes does not accept the user of context main"),
        Case(
            testDescription: "a key that is not the certificate's",
            user: "client-certificate-data: DATA(client.pem), client-key-data: DATA(strange.key)",
            outcome: "the client certificate for localhost cannot be used"),
    ]

    @Test("a cluster is trusted, and trusts us, exactly as kubectl has it", arguments: cases)
    func trusted(_ example: Case) async throws {
        let scene = try await Self.scene.value
        let file = try scene.kubeconfig(
            host: example.host, cluster: example.cluster, user: example.user, name: "\(UInt64.random(in: 0...(.max)))")
        let answer = try await PublisherProgram("ork-publisher-kubernetes-secret").run(
            "verify",
            input: try PublisherProgram.requests(
                .verify, [("a", ["secret": "app", "key": "KEY"])], expect: [SampleKeys.predecessor], seconds: 600),
            environment: ["KUBECONFIG": file], hiding: [scene.sandbox.kubernetes.token])["a"]
        let isTrusted = example.outcome == "match"
        #expect(answer?["outcome"]?.string == (isTrusted ? "match" : "rejected"))
        if !isTrusted {
            #expect(answer?["error"]?["message"]?.string?.hasPrefix(example.outcome) == true, "\(answer ?? nil)")
        }
        let kubectl = try await Kubectl.run(["get", "secret", "app", "-o", "jsonpath={.data.KEY}"], kubeconfig: file)
        #expect(kubectl.isDone == isTrusted, "\(kubectl.text)")
        if isTrusted { #expect(kubectl.text == Data(SampleKeys.successor.copyBytes()).base64EncodedString()) }
    }

    @Test("the authority of 'url' is a file; without it the process's own authorities count")
    func url() async throws {
        let scene = try await Self.scene.value
        let with: JSONObject = [
            "url": .string("https://localhost:\(scene.port)"), "namespace": "default", "secret": "app", "key": "KEY",
        ]
        let authority = scene.folder.file("authority.pem")
        let own = with.merging(["certificate_authority": .string(authority)])
        let token = scene.sandbox.kubernetes.token
        let environment = ["KUBE_TOKEN": token.revealed() ?? ""]
        func outcome(_ with: JSONObject, _ others: [String: String] = [:]) async throws -> String? {
            let lines = try PublisherProgram.requests(
                .verify, [("a", with)], expect: [SampleKeys.predecessor], seconds: 600)
            return try await PublisherProgram("ork-publisher-kubernetes-secret").run(
                "verify", input: lines, environment: environment.merging(others) { $1 }, hiding: [token])["a"]?[
                    "outcome"]?.string
        }
        #expect(try await outcome(own) == "match")
        #expect(try await outcome(with, ["CURL_CA_BUNDLE": authority]) == "match")
        #expect(try await outcome(with) == "rejected")
        // Nobody else's certificate is taken beside the target's own authority.
        let stranger = with.merging(["certificate_authority": .string(scene.folder.file("stranger.pem"))])
        #expect(try await outcome(stranger, ["CURL_CA_BUNDLE": authority]) == "rejected")
    }
}
