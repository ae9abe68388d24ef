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
        var world = World()
        let token = world.cluster.addToken(
            of: Identity(
                user: "system:serviceaccount:ci:ork",
                rules: [
                    .init(["get", "patch"], .secrets, names: ["app"], namespace: "default"),
                    .init(["get"], .deployments),
                ]))
        world.cluster.addNamespace("other")
        world.cluster.addSecret("app", in: "other", [("KEY", "one")])
        let asked: [(HTTPRequest.Method, String, JSONValue?, Int)] = [
            (.get, World.app, nil, 200), (.patch, World.app, Self.patch, 200), (.delete, World.app, nil, 403),
            (.get, World.secrets, nil, 403), (.get, World.secrets + "/none", nil, 403),
            (.post, World.secrets, World.secret("app"), 403),
            (.get, "/api/v1/namespaces/other/secrets/app", nil, 403), (.get, World.deployment, nil, 200),
            (.patch, World.deployment, World.restart, 403), (.get, "/api/v1/namespaces/default", nil, 403),
        ]
        for (method, path, body, status) in asked {
            #expect(try world.ask(method, path, body, as: token).status == status, "\(method) \(path)")
        }
        #expect(
            try world.ask(.patch, World.deployment, World.restart, as: token).message
                == "deployments.apps \"web\" is forbidden: User \"system:serviceaccount:ci:ork\" cannot patch resource"
                + " \"deployments\" in API group \"apps\" in the namespace \"default\"")
    }

    @Test("a token that nobody knows, that is revoked or has expired is not accepted")
    func tokens() throws {
        var world = World()
        let short = world.cluster.addToken(of: Identity(user: "a", expiresAt: world.now + 60))
        let revoked = world.cluster.addToken(of: Identity(user: "b"))
        world.cluster.revoke(revoked)
        #expect(try world.ask(.get, World.app, as: short).status == 200)
        world.now += 61
        for token in [short, revoked, Secret("none")] {
            let answer = try world.ask(.get, World.app, as: token)
            #expect(answer.status == 401 && answer.reason == "Unauthorized")
        }
    }

    @Test("a front proxy says who has shown a certificate")
    func proxy() throws {
        var world = World()
        world.cluster.addUser(Identity(user: "ork", rules: [.init(["get"], .secrets)]))
        let none = Secret("none")
        #expect(try world.ask(.get, World.app, as: none, headers: [("x-remote-user", "ork")]).status == 200)
        #expect(try world.ask(.delete, World.app, as: none, headers: [("x-remote-user", "ork")]).status == 403)
        #expect(try world.ask(.get, World.app, as: none, headers: [("x-remote-user", "eve")]).status == 401)
    }

    @Test("too many requests are told, with the time to come back")
    func limit() throws {
        var world = World()
        world.cluster.requestLimit = 2
        #expect(try (0..<3).map { _ in try world.ask(.get, World.app).status } == [200, 200, 429])
        #expect(try world.ask(.get, World.app).response.retryAfter == .seconds(1))
        world.now += 1
        #expect(try world.ask(.get, World.app).status == 200)
    }

    @Test("a value or a token in an address is noticed")
    func leaks() throws {
        var world = World()
        world.cluster.addSecret("long", [("KEY", "sk-or-v1-0123456789abcdef")])
        try world.ask(.get, World.app)
        #expect(world.cluster.leaks == 0)
        try world.ask(.get, World.app + "?key=sk-or-v1-0123456789abcdef")
        try world.ask(.get, World.app + "?token=" + (world.cluster.token.revealed() ?? ""))
        #expect(world.cluster.leaks == 2)
    }
}
