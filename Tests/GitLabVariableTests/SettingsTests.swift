import HTTP
import JSON
import PublisherKit
import TestSupport
import Testing

@testable import ork_publisher_gitlab_variable

/// What the settings may say.
@Suite(.tags(.values)) struct SettingsTests {
    static let mistakes: [(with: JSONObject, field: String, message: String)] = [
        ([:], "key", "'key' is missing"), (["key": 1], "key", "'key' is not a text"),
        (["key": ""], "key", "'key' is not a text"),
        (["key": "A-B", "project": "a/b"], "key", "'key' is no name of a variable"),
        (["key": "Ä", "project": "a/b"], "key", "'key' is no name of a variable"),
        (["key": " A", "project": "a/b"], "key", "'key' is no name of a variable"),
        (
            ["key": .string(String(repeating: "A", count: 256)), "project": "a/b"], "key",
            "'key' is no name of a variable"
        ),
        (["key": "A"], "project", "nothing says whose variable it is"),
        (["key": "A", "instance": false], "project", "nothing says whose variable it is"),
        (
            ["key": "A", "project": "a/b", "group": "a"], "project",
            "'project', 'group' and 'instance' exclude each other"
        ),
        (
            ["key": "A", "group": "a", "instance": true], "project",
            "'project', 'group' and 'instance' exclude each other"
        ),
        (["key": "A", "project": "web"], "project", "'project' names no project"),
        (["key": "A", "project": ["a/b"]], "project", "'project' is not a text"),
        (["key": "A", "project": "/a/b"], "project", "'project' is neither a number nor a path"),
        (["key": "A", "project": "a/../b"], "project", "'project' is neither a number nor a path"),
        (["key": "A", "project": "a%2Fb"], "project", "'project' is neither a number nor a path"),
        (["key": "A", "project": "https://gitlab.com/a/b"], "project", "'project' is neither a number nor a path"),
        (["key": "A", "project": -1], "project", "'project' names no project"),
        (["key": "A", "group": "a/"], "group", "'group' is neither a number nor a path"),
        (["key": "A", "group": ".."], "group", "'group' is neither a number nor a path"),
        (["key": "A", "instance": "yes"], "instance", "'instance' is neither true nor false"),
        (
            ["key": "A", "instance": true, "environment_scope": "*"], "environment_scope",
            "a variable of the instance is for all environments"
        ),
        (["key": "A", "instance": true, "hidden": true], "hidden", "a variable of the instance cannot be hidden"),
        (
            ["key": "A", "project": "a/b", "hidden": true, "masked": false], "hidden", "a hidden variable is masked too"
        ),
        (["key": "A", "project": "a/b", "masked": 1], "masked", "'masked' is neither true nor false"),
        (["key": "A", "project": "a/b", "raw": "no"], "raw", "'raw' is neither true nor false"),
        (["key": "A", "project": "a/b", "protected": nil], "protected", "'protected' is neither true nor false"),
        (
            ["key": "A", "project": "a/b", "variable_type": "env"], "variable_type",
            "'variable_type' is not one of its words"
        ),
        (
            ["key": "A", "project": "a/b", "description": .string(String(repeating: "d", count: 256))], "description",
            "'description' has more than 255 characters"
        ),
        (
            ["key": "A", "project": "a/b", "environment_scope": "a?b"], "environment_scope",
            "'environment_scope' is no environment scope"
        ),
        (
            ["key": "A", "project": "a/b", "environment_scope": " a"], "environment_scope",
            "'environment_scope' is no environment scope"
        ),
        (
            ["key": "A", "project": "a/b", "environment_scope": ""], "environment_scope",
            "'environment_scope' is not a text"
        ),
        (["key": "A", "project": "a/b", "writes": 0], "writes", "'writes' is no whole number from 1 to 32"),
        (
            ["key": "A", "project": "a/b", "url": "http://gitlab.example/api/v4"], "url",
            "'url' cannot be used: plain http is accepted only for localhost; use https"
        ),
    ]

    @Test("a mistake is told with its field, before anything is sent", arguments: mistakes)
    func told(_ with: JSONObject, _ field: String, _ message: String) {
        let fixture = GitLabFixture()
        for verb in Verb.basic {
            guard case .rejected(let error) = fixture.ask(verb, with).outcome else {
                Issue.record("\(verb) takes \(with)")
                continue
            }
            #expect(error.code == .configuration && error.field == "with." + field && error.message == message)
        }
        #expect(fixture.takeAsked().isEmpty)
    }

    @Test("what is written as a text on the command line means the same")
    func texts() throws {
        let typed = try VariableSettings(
            Settings(["key": "A", "project": 7, "masked": false, "raw": false, "protected": true]))
        let written = try VariableSettings(
            Settings(["key": "A", "project": "7", "masked": "false", "raw": "false", "protected": "true"]))
        #expect(typed.place == written.place)
        #expect(typed.place == .project("7", .init(environmentScope: "*", visibility: .plain)))
        #expect(typed.making.isRaw == false && written.making.isRaw == false)
        #expect(typed.making.isProtected && written.making.isProtected)
        #expect(typed.wishes.map(\.value) == written.wishes.map(\.value))
    }

    @Test(
        "the address is the target's, else the pipeline's, also below a path",
        arguments: [
            "https://gitlab.example/gitlab/api/v4", "https://gitlab.example/gitlab/api/v4/",
            "https://other.example:8443/a/b/gitlab/api/v4",
        ])
    func address(_ url: String) {
        let fixture = GitLabFixture()
        var with = PlaceCase.production.with(fixture)
        with["url"] = .string(url)
        // The sandbox takes the first three segments for its own.
        fixture.fail(.get, .changedRequest { $0.url = GitLabFixture.url("/projects/acme%2Fweb/variables/TOKEN") })
        #expect(fixture.ask(.verify, with) == PublisherAnswer(.absent))
        #expect(fixture.takeURLs() == ["\(url.hasSuffix("/") ? String(url.dropLast()) : url)" + Self.path])
    }

    private static let path = "/projects/acme%2Fweb/variables/TOKEN?filter%5Benvironment_scope%5D=production"
}
