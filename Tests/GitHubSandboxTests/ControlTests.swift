import FoundationEssentials
import GitHubSandbox
import HTTP
import JSON
import Secrets
import Sodium
import TestSupport
import Testing

@Suite(.tags(.values)) struct ControlTests {
    private var fixture = GitHubSandboxFixture()

    private mutating func control(_ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil) throws
        -> Answer
    {
        let request = HTTPRequest(
            method, try HTTPURL("http://127.0.0.1/sandbox/github/" + path), body: body?.bytes())
        return Answer(response: fixture.github.control(request, at: fixture.now))
    }

    @Test mutating func repositoriesAreAddedAndRenamed() throws {
        let body: JSONValue = ["name": "acme/api", "environments": ["staging"], "private": false]
        let added = try control(.post, "repositories", body)
        let seen = try fixture.ask(.get, "/repos/acme/api")
        #expect(seen[member: "id"] == added[member: "id"])
        #expect(seen[member: "private"] == false)
        #expect(try fixture.ask(.get, "/repos/acme/api/environments/staging").status == 200)
        #expect(try control(.post, "renames", ["from": "acme/api", "to": "acme/rest"]).status == 200)
        #expect(try fixture.ask(.get, "/repos/acme/api").status == 301)
        #expect(try fixture.ask(.get, "/repos/acme/rest").status == 200)
    }

    @Test(
        "tokens of every kind are made",
        arguments: [
            (["kind": "classic", "scopes": ["repo"]], "ghp_", 204),
            (["kind": "classic", "scopes": []], "ghp_", 404),
            (["kind": "fine-grained", "permissions": ["secrets": "write"]], "github_pat_", 204),
            (
                [
                    "kind": "fine-grained", "permissions": ["secrets": "write"], "repositories": ["acme/open"],
                ], "github_pat_", 404
            ),
            (["kind": "installation", "permissions": ["secrets": "read"]], "ghs_", 403),
            (["kind": "actions", "repository": "acme/web"], "ghs_", 403),
        ] as [(JSONValue, String, Int)])
    mutating func tokens(body: JSONValue, prefix: String, status: Int) throws {
        #expect(try fixture.put("KEY", "x", to: "/repos/acme/web/actions/secrets").status == 201)
        let token = try #require(try control(.post, "tokens", body)[member: "token"]?.string)
        #expect(token.hasPrefix(prefix))
        let answer = try fixture.ask(.delete, "/repos/acme/web/actions/secrets/KEY", as: Secret(token))
        #expect(answer.status == status)
    }

    @Test mutating func theTruthAboutSecretsAndVariablesIsShown() throws {
        let list = "/orgs/acme/actions/secrets"
        let choice: JSONObject = [
            "visibility": "selected", "selected_repository_ids": [.number(JSONNumber(fixture.web))],
        ]
        _ = try fixture.put("KEY", "hello", to: list, choice)
        _ = try fixture.put("KEY", "hello", to: "/repos/acme/web/environments/production/secrets")
        _ = try fixture.ask(.post, "/repos/acme/web/actions/variables", ["name": "NAME", "value": "x"])
        let rows = try #require(try control(.get, "secrets").json?.array)
        #expect(rows.map { $0["scope"] } == ["environment production of acme/web", "organisation acme"])
        #expect(
            rows.map { $0["digest"]?.string } == Array(repeating: Digest(of: Secret("hello")).description, count: 2))
        #expect(rows[1]["selected"] == [.number(JSONNumber(fixture.web))])
        #expect(rows[1]["visibility"] == "selected")
        #expect(rows[0]["private_key"]?.string.flatMap { Data(base64Encoded: $0) }?.count == 32)
        #expect(rows[0]["private_key"] != rows[1]["private_key"])
        let variables = try control(.get, "variables").json?.array
        #expect(variables?.map { $0["name"] } == ["NAME"])
        #expect(variables?.map { $0["scope"] } == ["repository acme/web"])
    }

    @Test mutating func publicKeysAndTheLimitAreChanged() throws {
        let path = "/repos/acme/web/actions/secrets/public-key"
        let before = try fixture.ask(.get, path).json
        #expect(try control(.post, "public-keys").status == 200)
        let after = try fixture.ask(.get, path).json
        #expect(before?["key_id"] != after?["key_id"])
        #expect(before?["key"] != after?["key"])
        #expect(try control(.post, "limits", ["primary": 0]).status == 200)
        #expect(try fixture.ask(.get, path).status == 403)
    }

    @Test(
        "a control that makes no sense is refused",
        arguments: [
            (.post, "repositories", ["name": "acme"]), (.post, "tokens", [:]), (.post, "tokens", ["kind": "actions"]),
            (.post, "tokens", ["kind": "fine-grained", "permissions": ["everything": "write"]]),
            (.post, "renames", ["from": "acme/none", "to": "acme/x"]), (.post, "limits", ["primary": -1]),
        ] as [(HTTPRequest.Method, String, JSONValue)])
    mutating func refusals(method: HTTPRequest.Method, path: String, body: JSONValue) throws {
        #expect(try control(method, path, body).status == 400)
        #expect(try control(.get, "nothing").status == 404)
    }
}
