import GitLabSandbox
import HTTP
import JSON
import Secrets
import TestSupport
import Testing

/// What a variable is and what becomes of it.
@Suite(.tags(.values)) struct VariablesTests {
    private static let value: JSONValue = "0123456789"

    @Test(arguments: Place.allCases) func aVariableLives(place: Place) throws {
        var fixture = GitLabSandboxFixture()
        let made = try fixture.ask(.post, place.list, ["key": "KEY", "value": Self.value, "masked": true])
        #expect(made.status == 201)
        #expect(try fixture.ask(.get, place.list + "/KEY").json == made.json)
        #expect(try fixture.ask(.get, place.list).json == .array([try #require(made.json)]))
        let changed = try fixture.ask(.put, place.list + "/KEY", ["value": "9876543210"])
        #expect(changed.status == 200)
        #expect(changed.json?["value"] == "9876543210")
        #expect(changed.json?["masked"] == true)
        #expect(fixture.gitlab.variables(of: place.owner).map { $0.value.revealed() } == ["9876543210"])
        let gone = try fixture.ask(.delete, place.list + "/KEY")
        #expect(gone.status == 204)
        #expect(gone.text.isEmpty)
        #expect(try fixture.ask(.get, place.list + "/KEY").status == 404)
        #expect(fixture.gitlab.variables(of: place.owner).isEmpty)
    }

    @Test func membersStandInGitLabsOrder() throws {
        var fixture = GitLabSandboxFixture()
        let members = ["variable_type", "key", "value", "hidden", "protected", "masked", "raw", "environment_scope"]
        let wish: JSONValue = ["key": "KEY", "value": "v"]
        for place in [Place.project, .group] {
            let made = try fixture.ask(.post, place.list, wish)
            #expect(made.json?.object?.keys == members + ["description"])
            #expect(made.json?["environment_scope"] == "*")
        }
        let made = try fixture.ask(.post, Place.instance.list, wish)
        #expect(
            made.json?.object?.keys == members.filter { !["hidden", "environment_scope"].contains($0) } + [
                "description"
            ])
        for flag in ["protected", "masked", "raw"] { #expect(made.json?[flag] == false) }
        #expect(made.json?["variable_type"] == "env_var")
        #expect(made.json?["description"] == .null)
    }

    @Test(
        "what is not named survives an update",
        arguments: [
            ("value", "abcdefghij"), ("protected", false), ("raw", false), ("masked", false),
            ("variable_type", "env_var"), ("environment_scope", "staging"), ("description", "another"),
        ] as [(String, JSONValue)])
    func update(member: String, value: JSONValue) throws {
        var fixture = GitLabSandboxFixture()
        let made = try fixture.ask(
            .post, Place.project.list,
            [
                "key": "KEY", "value": Self.value, "protected": true, "masked": true, "raw": true,
                "variable_type": "file", "environment_scope": "production", "description": "one",
            ])
        var expected = try #require(made.json?.object)
        expected[member] = value
        let changed = try fixture.ask(.put, Place.project.list + "/KEY", .object([member: value]))
        #expect(changed.status == 200)
        #expect(changed.json == .object(expected))
    }

    @Test(arguments: [Place.project, .group]) func aHiddenVariableIsNotReadBack(place: Place) throws {
        var fixture = GitLabSandboxFixture()
        let made = try fixture.ask(.post, place.list, ["key": "KEY", "value": Self.value, "masked_and_hidden": true])
        #expect(made.json?["hidden"] == true)
        #expect(made.json?["masked"] == true)
        #expect(made.json?["value"] == .null)
        #expect(try fixture.ask(.get, place.list + "/KEY").json?["value"] == .null)
        let changed = try fixture.ask(.put, place.list + "/KEY", ["value": "9876543210", "masked_and_hidden": false])
        #expect(changed.json?["hidden"] == true)
        #expect(changed.json?["value"] == .null)
        #expect(fixture.gitlab.variables(of: place.owner).map { $0.value.revealed() } == ["9876543210"])
        let refused = try fixture.ask(.put, place.list + "/KEY", ["masked": false])
        #expect(refused.status == 400)
        let text: JSONValue = "The visibility setting cannot be changed for masked and hidden variables."
        #expect(refused.message == ["base": [text]])
    }

    @Test func nothingBecomesHiddenLater() throws {
        var fixture = GitLabSandboxFixture()
        try fixture.ask(.post, Place.project.list, ["key": "KEY", "value": Self.value])
        let changed = try fixture.ask(.put, Place.project.list + "/KEY", ["masked_and_hidden": true, "hidden": true])
        #expect(changed.json?["hidden"] == false)
        #expect(changed.json?["masked"] == false)
    }

    @Test(arguments: [("17.3.9", false), ("17.4.0", true), ("18.10.0", true), ("16.11.0", false)])
    func hiddenVariablesExistSince174(version: String, known: Bool) throws {
        var fixture = GitLabSandboxFixture()
        fixture.gitlab.version = version
        let made = try fixture.ask(
            .post, Place.project.list, ["key": "KEY", "value": Self.value, "masked_and_hidden": true])
        #expect(made.status == 201)
        #expect((made.json?["hidden"] == true) == known)
        #expect((made.json?["value"] == Self.value) != known)
        #expect(made.json?.object?.keys.contains("hidden") == known)
    }

    @Test func oneKeyMayHaveSeveralScopes() throws {
        var fixture = GitLabSandboxFixture()
        for scope in ["*", "production", "review/*"] {
            let wish: JSONValue = ["key": "KEY", "value": .string(scope), "environment_scope": .string(scope)]
            #expect(try fixture.ask(.post, Place.project.list, wish).status == 201)
        }
        for scope in ["*", "production", "review%2F*"] {
            let path = Place.project.list + "/KEY?filter%5Benvironment_scope%5D=" + scope
            let found = try fixture.ask(.get, path)
            #expect(found.json?["environment_scope"] == found.json?["value"])
            #expect(found.json?["value"]?.string == (scope == "review%2F*" ? "review/*" : scope))
            #expect(try fixture.ask(.put, path, ["raw": true]).json?["value"] == found.json?["value"])
            #expect(try fixture.ask(.delete, path).status == 204)
            #expect(try fixture.ask(.get, path).status == 404)
        }
    }

    @Test func aGroupWithoutPremiumKnowsNoScopes() throws {
        var fixture = GitLabSandboxFixture()
        fixture.gitlab.premium = false
        let wish: JSONValue = ["key": "KEY", "value": "v", "environment_scope": "production"]
        #expect(try fixture.ask(.post, Place.group.list, wish).json?["environment_scope"] == "*")
        let again = try fixture.ask(.post, Place.group.list, wish)
        #expect(again.message == ["key": ["(KEY) has already been taken"]])
        #expect(try fixture.ask(.post, Place.project.list, wish).json?["environment_scope"] == "production")
    }

    // The wish of one scope lands in another; GitLab does so, and a publisher must know.
    @Test func aGroupsUpdateFallsBackToAnyScope() throws {
        var fixture = GitLabSandboxFixture()
        fixture.gitlab.setVariable("KEY", "all", of: .group("acme/platform"))
        fixture.gitlab.setVariable("KEY", "staging", of: .group("acme/platform"), environmentScope: "staging")
        let path = Place.group.list + "/KEY"
        let filter = "?filter%5Benvironment_scope%5D="
        #expect(
            try fixture.ask(.put, path + filter + "staging", ["value": "s"]).json?["environment_scope"] == "staging")
        #expect(try fixture.ask(.put, path + filter + "production", ["value": "p"]).json?["environment_scope"] == "*")
        #expect(try fixture.ask(.put, path, ["value": "q"]).json?["environment_scope"] == "*")
        #expect(fixture.gitlab.variables(of: .group("acme/platform")).map { $0.value.revealed() } == ["q", "s"])
        #expect(try fixture.ask(.get, path + filter + "production").status == 404)
        #expect(try fixture.ask(.put, Place.group.list + "/NO" + filter + "*", ["value": "p"]).status == 404)
    }

    @Test func anotherHandWritesAndTakesAway() {
        var fixture = GitLabSandboxFixture()
        let owner = VariableOwner.project("acme/web")
        fixture.gitlab.setVariable("KEY", "one", of: owner)
        fixture.gitlab.setVariable("KEY", "two", of: owner, isHidden: true)
        fixture.gitlab.setVariable("KEY", "three", of: owner, environmentScope: "staging")
        #expect(fixture.gitlab.variables(of: owner).map { $0.value.revealed() } == ["two", "three"])
        #expect(fixture.gitlab.variables(of: owner).map(\.isMasked) == [true, false])
        fixture.gitlab.removeVariable("KEY", of: owner)
        #expect(fixture.gitlab.variables(of: owner).map(\.environmentScope) == ["staging"])
        #expect(fixture.gitlab.variables(of: .project("acme/none")).isEmpty)
    }
}
