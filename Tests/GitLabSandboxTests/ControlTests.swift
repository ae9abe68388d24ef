import GitLabSandbox
import HTTP
import JSON
import Secrets
import Sodium
import TestSupport
import Testing

/// The other hand, which needs no token.
@Suite(.tags(.values)) struct ControlTests {
    @Test func placesAndTokensAreMade() throws {
        var fixture = GitLabSandboxFixture()
        #expect(
            try fixture.control(.post, "projects", ["path": "acme/web"]).json == [
                "id": .number(JSONNumber(fixture.web))
            ])
        #expect(try fixture.control(.post, "projects", ["path": "new/one/two"]).status == 200)
        #expect(try fixture.control(.post, "groups", ["path": "new/group"]).status == 200)
        let made = try fixture.control(.post, "tokens", ["kind": "project", "roles": ["new": 50]])
        let token = Secret(try #require(made.json?["token"]?.string))
        #expect(try fixture.ask(.get, "/groups/new%2Fgroup/variables", as: token).status == 200)
        #expect(try fixture.ask(.get, "/projects/new%2Fone%2Ftwo/variables", as: token).status == 200)
        #expect(try fixture.ask(.get, Place.project.list, as: token).status == 404)
        let reader = try fixture.control(.post, "tokens", ["scopes": ["read_api"], "administrator": true])
        let second = Secret(try #require(reader.json?["token"]?.string))
        #expect(try fixture.ask(.post, Place.instance.list, ["key": "K", "value": "v"], as: second).status == 403)
        #expect(try fixture.control(.post, "moves", ["from": "acme/web", "to": "acme/shop"]).status == 200)
        #expect(try fixture.ask(.get, Place.project.list).status == 301)
    }

    @Test func variablesAreShownByDigest() throws {
        var fixture = GitLabSandboxFixture()
        for wish: JSONValue in [
            ["project": "acme/web", "key": "A", "value": "one", "environment_scope": "production", "raw": true],
            ["group": "acme", "key": "B", "value": "two", "hidden": true, "description": "d"],
            ["key": "C", "value": "three", "protected": true, "variable_type": "file"],
        ] {
            #expect(try fixture.control(.post, "variables", wish).status == 200)
        }
        let shown = try fixture.control(.get, "variables")
        let rows = try #require(shown.json?.array)
        #expect(rows.map { $0["scope"] } == ["instance", "group:acme", "project:acme/web"])
        #expect(
            rows.map { $0["digest"]?.string } == ["three", "two", "one"].map { Digest(of: Secret($0)).description })
        #expect(
            rows.last == [
                "scope": "project:acme/web", "key": "A", "environment_scope": "production",
                "digest": .string(Digest(of: Secret("one")).description), "protected": false, "masked": false,
                "hidden": false, "raw": true, "variable_type": "env_var", "description": nil,
            ])
        #expect(!shown.text.contains("three"))
    }

    @Test func settingsAreSet() throws {
        var fixture = GitLabSandboxFixture()
        let wish: JSONValue = ["request_limit": 1, "premium": false, "version": "17.0.0"]
        #expect(try fixture.control(.post, "settings", wish).status == 200)
        #expect(fixture.gitlab.requestLimit == 1)
        #expect(!fixture.gitlab.premium)
        #expect(fixture.gitlab.version == "17.0.0")
        #expect(try fixture.control(.post, "settings", ["request_limit": nil]).status == 200)
        #expect(fixture.gitlab.requestLimit == nil)
    }

    @Test(
        arguments: [
            (.post, "projects", [:], 400), (.post, "projects", ["path": "top"], 400), (.post, "groups", [:], 400),
            (.post, "moves", ["from": "acme/none", "to": "a/b"], 400), (.post, "tokens", ["kind": "x"], 400),
            (.post, "tokens", ["roles": ["acme": 45]], 400), (.post, "variables", ["key": "A"], 400),
            (.post, "variables", ["project": "acme/none", "key": "A", "value": "v"], 400),
            (.post, "settings", ["limit": 1], 400), (.get, "nothing", [:], 404), (.get, "projects", [:], 404),
        ] as [(HTTPRequest.Method, String, JSONValue, Int)])
    func whatCannotBeDone(method: HTTPRequest.Method, path: String, wish: JSONValue, status: Int) throws {
        var fixture = GitLabSandboxFixture()
        let answer = try fixture.control(method, path, wish)
        #expect(answer.status == status)
        #expect(answer.message?.string != nil)
    }
}
