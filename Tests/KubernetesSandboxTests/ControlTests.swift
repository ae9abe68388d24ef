import FoundationEssentials
import HTTP
import JSON
import KubernetesSandbox
import Secrets
import TestSupport
import Testing

/// Another administrator's hand, and the controllers.
@Suite(.tags(.values)) struct ControlTests {
    @Test("it shows and changes the cluster past the rights of anybody")
    func hand() throws {
        var fixture = KubernetesSandboxFixture()
        #expect(try fixture.control(.post, "namespaces", ["namespace": "prod"]).status == 200)
        let value: JSONValue = ["namespace": "prod", "secret": "new", "key": "A", "value": "b"]
        #expect(try fixture.control(.post, "values", value).status == 200)
        #expect(fixture.cluster.value("A", of: "new", in: "prod") == "b")
        let shown = try #require(try fixture.control(.get, "secrets").json?.array)
        #expect(shown.map { $0["secret"] } == ["app", "app", "new"])
        #expect(shown[2]["digest"] == "sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d")
        #expect(try fixture.control(.get, "api/v1/namespaces/prod/secrets/new").json?["data"] == ["A": "Yg=="])
        for (path, wish) in [
            ("values", ["secret": "a"]), ("workloads", ["name": "a"]), ("settings", ["premium": true]),
            ("tokens", ["rules": [["resource": "pods"]]]),
        ] as [(String, JSONValue)] {
            #expect(try fixture.control(.post, path, wish).status == 400, "\(path)")
        }
        #expect(try fixture.control(.get, "nothing").status == 404)
    }

    @Test("a token and a certificate get the rights that are wished for")
    func tokens() throws {
        var fixture = KubernetesSandboxFixture()
        let rules: JSONValue = [["resource": "secrets", "verbs": ["get"]]]
        let token = try #require(
            try fixture.control(.post, "tokens", ["user": "a", "rules": rules]).json?["token"]?.string)
        #expect(try fixture.ask(.get, KubernetesSandboxFixture.app, as: .init(token)).status == 200)
        #expect(try fixture.ask(.delete, KubernetesSandboxFixture.app, as: .init(token)).status == 403)
        #expect(try fixture.control(.post, "tokens", ["user": "b", "certificate": true]).status == 200)
        #expect(
            try fixture.ask(.delete, KubernetesSandboxFixture.app, as: .init("none"), headers: [("x-remote-user", "b")])
                .status == 200)
    }

    /// The status of a workload at each step, as `generation observed updated available`.
    private func course(_ resource: Resource, held: Int? = nil) throws -> [String] {
        var fixture = KubernetesSandboxFixture()
        let path = "/apis/apps/v1/namespaces/default/\(resource.rawValue)/web"
        fixture.cluster.hold(resource, "web", at: held)
        try fixture.ask(.patch, path, KubernetesSandboxFixture.restart)
        return try (0..<8).map { _ in
            let object = try fixture.ask(.get, path).json
            fixture.now += fixture.cluster.pace
            func count(_ names: String...) -> String {
                names.lazy.compactMap { object?["status"]?[$0]?.integer }.first.map(String.init) ?? "-"
            }
            return [
                object?["metadata"]?["generation"]?.integer.map(String.init) ?? "-", count("observedGeneration"),
                count("updatedReplicas", "updatedNumberScheduled"), count("availableReplicas", "numberAvailable"),
            ].joined(separator: " ")
        }
    }

    @Test("a restart is seen late, and replaces one pod after the other")
    func rollouts() throws {
        #expect(
            try course(.deployments)
                == ["2 1 2 2", "2 2 1 2", "2 2 2 2", "2 2 2 2", "2 2 2 1", "2 2 2 2", "2 2 2 2", "2 2 2 2"])
        #expect(
            try course(.statefulsets)
                == ["2 1 2 2", "2 2 1 1", "2 2 2 1", "2 2 2 2", "2 2 2 2", "2 2 2 2", "2 2 2 2", "2 2 2 2"])
        #expect(try course(.daemonsets) == course(.statefulsets))
        #expect(try course(.deployments, held: 1).last == "2 2 1 2")
    }

    @Test("another change than of the pods restarts nothing")
    func scaling() throws {
        var fixture = KubernetesSandboxFixture()
        try fixture.ask(.patch, KubernetesSandboxFixture.deployment, ["metadata": ["labels": ["a": "b"]]])
        #expect(fixture.cluster.restarts(.deployments, "web") == 0)
        try fixture.ask(.patch, KubernetesSandboxFixture.deployment, KubernetesSandboxFixture.restart)
        try fixture.ask(.patch, KubernetesSandboxFixture.deployment, KubernetesSandboxFixture.restart)
        #expect(fixture.cluster.restarts(.deployments, "web") == 1)
    }
}
