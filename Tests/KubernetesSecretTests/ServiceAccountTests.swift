import CurlHTTP
import FoundationEssentials
import HTTP
import JSON
import KubernetesSandbox
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_kubernetes_secret

/// A pod's service account, whose token is replaced in its file from time to time.
@Suite(.tags(.values)) struct ServiceAccountTests {
    private let folder: TemporaryDirectory
    private let fixture = KubernetesFixture()

    init() throws {
        folder = try TemporaryDirectory()
        try folder.write("-----BEGIN CERTIFICATE-----\n", to: "ca.crt")
        try folder.write("prod", to: "namespace")
        fixture.hold(SampleKeys.predecessor)
    }

    private func publisher(host: String = "cluster.example", port: String = "443") -> KubernetesSecretPublisher {
        var sources = ClusterSources(environment: ["KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port])
        sources.serviceAccount = folder.path
        // The sandbox has its API one level below.
        let fixture = fixture
        return KubernetesSecretPublisher(Clusters(sources, clock: fixture) { _ in Below(fixture: fixture) })
    }

    private struct Below: HTTPTransport {
        let fixture: KubernetesFixture

        func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {
            let below = requests.map { request in
                var request = request
                let path = request.url.description.dropFirst("https://".count).drop { $0 != "/" }
                if let url = try? HTTPURL(KubernetesFixture.root + path) { request.url = url }
                return request
            }
            fixture.send(below, each: each)
        }
    }

    private func token(_ seconds: TimeInterval = 3600) -> Secret {
        let end = fixture.now.addingTimeInterval(seconds)
        return fixture.cluster { $0.addToken(of: Identity(user: "system:serviceaccount:prod:ork", expiresAt: end)) }
    }

    private func write(_ token: Secret) throws { try folder.write((token.revealed() ?? "") + "\n", to: "token") }

    private func ask(_ verb: Verb, of publisher: KubernetesSecretPublisher) -> PublisherAnswer {
        fixture.ask(verb, without: ["url", "namespace"], of: publisher)
    }

    @Test("it is found, with its namespace, its authority and its token")
    func found() throws {
        try write(token())
        let publisher = publisher()
        #expect(ask(.publish, of: publisher).outcome == .committed)
        #expect(ask(.verify, of: publisher).outcome == .match)
        var sources = ClusterSources(
            environment: ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"])
        sources.serviceAccount = folder.path
        let access = try sources.access(for: Settings([:]))
        #expect(access.address.description == "https://[fd00::1]:6443" && access.namespace == "prod")
        #expect(access.tls.authorities == Array("-----BEGIN CERTIFICATE-----\n".utf8))
    }

    @Test("a token that was replaced is read again after a minute")
    func rotates() throws {
        let first = token()
        try write(first)
        let publisher = publisher()
        #expect(ask(.verify, of: publisher).outcome == .mismatch)
        try write(token())
        fixture.cluster { $0.revoke(first) }
        fixture.sleep(until: fixture.now.addingTimeInterval(61))
        _ = fixture.takeAsked()
        #expect(ask(.verify, of: publisher).outcome == .mismatch)
        #expect(fixture.takeAsked().count == 1)
    }

    @Test("a token that the cluster refuses is read again at once, and only once")
    func refused() throws {
        let first = token(10)
        try write(first)
        let publisher = publisher()
        #expect(ask(.verify, of: publisher).outcome == .mismatch)
        fixture.sleep(until: fixture.now.addingTimeInterval(20))
        _ = fixture.takeAsked()
        #expect(
            ask(.verify, of: publisher).error?.message
                == "Kubernetes does not accept the pod's service account (401: Unauthorized)")
        #expect(fixture.takeAsked().count == 1)
        try write(token())
        #expect(ask(.publish, of: publisher).outcome == .committed)
        #expect(fixture.takeAsked() == ["GET secrets/app", "GET secrets/app", "PATCH secrets/app?fieldManager=ork"])
    }

    @Test("a token's file that is gone for a moment does not matter, one that never was does")
    func gone() throws {
        try write(token())
        let publisher = publisher()
        #expect(ask(.verify, of: publisher).outcome == .mismatch)
        try FileManager.default.removeItem(atPath: folder.file("token"))
        fixture.sleep(until: fixture.now.addingTimeInterval(61))
        let access = TokenFile(folder.file("token"), clock: fixture)
        #expect(throws: (any Error).self) { try access.authorization(until: fixture.now) }
        try folder.write("", to: "token")
        #expect(ask(.verify, of: publisher).outcome == .mismatch)
    }

    @Test("without one, and without anything else that says where a cluster is, it is told what would")
    func nowhere() {
        let error = ask(
            .verify, of: KubernetesSecretPublisher(Clusters(ClusterSources(environment: [:])) { _ in fixture })
        )
        .error
        #expect(error?.message == "nothing says where the cluster is, and this is no pod with a service account")
        #expect(error?.code == .configuration)
    }
}
