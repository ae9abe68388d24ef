import FoundationEssentials
import GitHubSandbox
import HTTP
import JSON
import TestSupport
import Testing

@Suite(.tags(.values)) struct VariablesTests {
    private var fixture = GitHubSandboxFixture()

    static let lists: [(list: String, scope: Scope, more: JSONObject)] = [
        ("/repos/acme/web/actions/variables", .repository("acme/web"), [:]),
        ("/repos/acme/web/environments/eu%2Fwest/variables", .environment("eu/west", of: "acme/web"), [:]),
        ("/orgs/acme/actions/variables", .organisation("acme"), ["visibility": "selected"]),
    ]

    @Test("a variable is created, changed, renamed and deleted", arguments: lists)
    mutating func life(list: String, scope: Scope, more: JSONObject) throws {
        #expect(try fixture.ask(.get, list).json == ["total_count": 0, "variables": []])
        let body = more.with("name", "Key").with("value", "first")
        #expect(try fixture.ask(.post, list, .object(body)).status == 201)
        let again = try fixture.ask(.post, list, .object(body.with("name", "KEY")))
        #expect(again.status == 409)
        #expect(again.message == "Already exists - Variable already exists")
        fixture.wait(10)
        #expect(try fixture.ask(.patch, list + "/key", ["value": "second"]).status == 204)
        let seen = try fixture.ask(.get, list + "/KEY")
        #expect(seen[member: "name"] == "KEY")
        #expect(seen[member: "value"] == "second")
        #expect(seen[member: "created_at"] == "2026-09-21T14:13:20Z")
        #expect(seen[member: "updated_at"] == "2026-09-21T14:13:30Z")
        #expect(seen[member: "visibility"] == more["visibility"])
        #expect(fixture.github.variable(scope: scope, name: "KEY")?.value == "second")
        #expect(try fixture.ask(.patch, list + "/KEY", ["name": "OTHER"]).status == 204)
        #expect(try fixture.ask(.get, list + "/KEY").status == 404)
        #expect(try fixture.ask(.get, list + "/OTHER")[member: "value"] == "second")
        #expect(try fixture.ask(.post, list, .object(body)).status == 201)
        #expect(try fixture.ask(.patch, list + "/OTHER", ["name": "key"]).status == 409)
        #expect(try fixture.ask(.delete, list + "/OTHER").status == 204)
        #expect(try fixture.ask(.delete, list + "/OTHER").status == 404)
        #expect(try fixture.ask(.patch, list + "/OTHER", ["value": "x"]).status == 404)
    }

    @Test("a variable that breaks a rule is refused", arguments: lists)
    mutating func refusals(list: String, scope: Scope, more: JSONObject) throws {
        let good = more.with("name", "KEY").with("value", "x")
        let characters = """
            Variable names can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) or underscores (_). Spaces \
            are not allowed. Must start with a letter ([a-z], [A-Z]) or underscores (_).
            """
        let cases: [(JSONObject, String)] = [
            (good.without("value"), "Invalid request.\n\n\"value\" wasn't supplied."),
            (good.without("name"), "Invalid request.\n\n\"name\" wasn't supplied."),
            (good.with("value", 1), "Invalid request.\n\nFor 'properties/value', 1 is not a string."),
            (good.with("name", "GITHUB_KEY"), "Variable names must not start with GITHUB_."),
            (good.with("name", "1"), characters), (good.with("name", ""), characters),
            (good.with("value", .string(String(repeating: "x", count: 48_001))), "Value is too large."),
        ]
        for (body, message) in cases {
            let answer = try fixture.ask(.post, list, .object(body))
            #expect(answer.status == 422)
            #expect(answer.message == message)
        }
        #expect(try fixture.ask(.get, list)[member: "total_count"] == 0)
    }

    @Test mutating func anOrganisationsVariableKeepsItsVisibilityWhenItsValueChanges() throws {
        let list = "/orgs/acme/actions/variables"
        let ids: JSONValue = [.number(JSONNumber(fixture.web))]
        let body: JSONValue = ["name": "KEY", "value": "x", "visibility": "selected", "selected_repository_ids": ids]
        #expect(try fixture.ask(.post, list, body).status == 201)
        #expect(try fixture.ask(.post, list, ["name": "OTHER", "value": "x"]).status == 422)
        #expect(try fixture.ask(.patch, list + "/KEY", ["value": "y"]).status == 204)
        let stored = try #require(fixture.github.variable(scope: .organisation("acme"), name: "KEY"))
        #expect(stored.visibility == .selected)
        #expect(stored.selected == [fixture.web])
        #expect(try fixture.ask(.patch, list + "/KEY", ["visibility": "all"]).status == 204)
        #expect(fixture.github.variable(scope: .organisation("acme"), name: "KEY")?.visibility == .all)
    }
}
