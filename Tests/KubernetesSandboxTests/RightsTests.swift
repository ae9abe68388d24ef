import FoundationEssentials
import HTTP
import JSON
import KubernetesSandbox
import Secrets
import TestSupport
import Testing

/// Who may do what.
@Suite(.tags(.values)) struct RightsTests {
    private static let patch: JSONValue = ["stringData": ["KEY": "new"]]

    @Test("a rule is for verbs, a kind, names and a namespace")
    func rules() throws {
        var fixture = KubernetesSandboxFixture()
        let token = fixture.cluster.addToken(
            of: Identity(
                user: "system:serviceaccount:ci:ork",
                rules: [
                    .init(["get", "patch"], .secrets, names: ["app"], namespace: "default"),
                    .init(["get"], .deployments),
                ]))
        fixture.cluster.addNamespace("other")
        fixture.cluster.addSecret("app", in: "other", [("KEY", "one")])
        let asked: [(HTTPRequest.Method, String, JSONValue?, Int)] = [
            (.get, KubernetesSandboxFixture.app, nil, 200), (.patch, KubernetesSandboxFixture.app, Self.patch, 200),
            (.delete, KubernetesSandboxFixture.app, nil, 403),
            (.get, KubernetesSandboxFixture.secrets, nil, 403),
            (.get, KubernetesSandboxFixture.secrets + "/none", nil, 403),
            (.post, KubernetesSandboxFixture.secrets, KubernetesSandboxFixture.secret("app"), 403),
            (.get, "/api/v1/namespaces/other/secrets/app", nil, 403),
            (.get, KubernetesSandboxFixture.deployment, nil, 200),
            (.patch, KubernetesSandboxFixture.deployment, KubernetesSandboxFixture.restart, 403),
            (.get, "/api/v1/namespaces/default", nil, 403),
        ]
        for (method, path, body, status) in asked {
            #expect(try fixture.ask(method, path, body, as: token).status == status, "\(method) \(path)")
        }
        #expect(
            try fixture.ask(.patch, KubernetesSandboxFixture.deployment, KubernetesSandboxFixture.restart, as: token)
                .message
                == "deployments.apps \"web\" is forbidden: User \"system:serviceaccount:ci:ork\" cannot patch resource"
                + " \"deployments\" in API group \"apps\" in the namespace \"default\"")
    }

    @Test("a token that nobody knows, that is revoked or has expired is not accepted")
    func tokens() throws {
        var fixture = KubernetesSandboxFixture()
        let short = fixture.cluster.addToken(of: Identity(user: "a", expiresAt: fixture.now + 60))
        let revoked = fixture.cluster.addToken(of: Identity(user: "b"))
        fixture.cluster.revoke(revoked)
        #expect(try fixture.ask(.get, KubernetesSandboxFixture.app, as: short).status == 200)
        fixture.now += 61
        for token in [short, revoked, Secret("none")] {
            let answer = try fixture.ask(.get, KubernetesSandboxFixture.app, as: token)
            #expect(answer.status == 401 && answer.reason == "Unauthorized")
        }
    }

    @Test("a front proxy says who has shown a certificate")
    func proxy() throws {
        var fixture = KubernetesSandboxFixture()
        fixture.cluster.addUser(Identity(user: "ork", rules: [.init(["get"], .secrets)]))
        let none = Secret("none")
        #expect(
            try fixture.ask(.get, KubernetesSandboxFixture.app, as: none, headers: [("x-remote-user", "ork")]).status
                == 200)
        #expect(
            try fixture.ask(.delete, KubernetesSandboxFixture.app, as: none, headers: [("x-remote-user", "ork")]).status
                == 403)
        #expect(
            try fixture.ask(.get, KubernetesSandboxFixture.app, as: none, headers: [("x-remote-user", "eve")]).status
                == 401)
    }

    @Test("too many requests are told, with the time to come back")
    func limit() throws {
        var fixture = KubernetesSandboxFixture()
        fixture.cluster.requestLimit = 2
        #expect(try (0..<3).map { _ in try fixture.ask(.get, KubernetesSandboxFixture.app).status } == [200, 200, 429])
        #expect(try fixture.ask(.get, KubernetesSandboxFixture.app).response.retryAfter == .seconds(1))
        fixture.now += 1
        #expect(try fixture.ask(.get, KubernetesSandboxFixture.app).status == 200)
    }

    @Test("a value or a token in an address is noticed")
    func leaks() throws {
        var fixture = KubernetesSandboxFixture()
        fixture.cluster.addSecret("long", [("KEY", "sk-or-v1-0123456789abcdef")])
        try fixture.ask(.get, KubernetesSandboxFixture.app)
        #expect(fixture.cluster.leaks == 0)
        try fixture.ask(.get, KubernetesSandboxFixture.app + "?key=sk-or-v1-0123456789abcdef")
        try fixture.ask(.get, KubernetesSandboxFixture.app + "?token=" + (fixture.cluster.token.revealed() ?? ""))
        #expect(fixture.cluster.leaks == 2)
    }
}
