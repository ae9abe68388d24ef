import GitLabSandbox
import HTTP
import JSON
import TestSupport
import Testing

/// A wish that GitLab refuses, and its answer.
struct Refusal: CustomTestStringConvertible {
    let what: String
    let method: HTTPRequest.Method
    /// Behind the list of variables.
    var path = ""
    var wish: JSONValue?
    let status: Int
    let answer: JSONValue

    var testDescription: String { what }
}

/// Wishes that are not granted, and exactly what GitLab says.
@Suite(.tags(.values)) struct RefusalTests {
    private static let characters: JSONValue = "can contain only letters, digits and '_'."
    private static let scopeCharacters: JSONValue =
        "can contain only letters, digits, '-', '_', '/', '$', '{', '}', '.', '*' and spaces"

    private static func message(_ errors: JSONValue) -> JSONValue { ["message": errors] }

    private static let everywhere: [Refusal] = [
        Refusal(
            what: "a key that is taken", method: .post, wish: ["key": "TAKEN", "value": "v"], status: 400,
            answer: message(["key": ["(TAKEN) has already been taken"]])),
        Refusal(
            what: "a key with other characters", method: .post, wish: ["key": "A-B", "value": "v"], status: 400,
            answer: message(["key": [characters]])),
        Refusal(
            what: "an empty key", method: .post, wish: ["key": " ", "value": "v"], status: 400,
            answer: message(["key": ["can't be blank", characters]])),
        Refusal(
            what: "a long key", method: .post,
            wish: ["key": .string(String(repeating: "A", count: 256)), "value": "v"],
            status: 400, answer: message(["key": ["is too long (maximum is 255 characters)"]])),
        Refusal(
            what: "a masked value that is short", method: .post,
            wish: ["key": "KEY", "value": "1234567", "masked": true], status: 400,
            answer: message(["value": ["is invalid"]])),
        Refusal(
            what: "a masked value with other characters", method: .post,
            wish: ["key": "KEY", "value": "12345678$", "masked": true], status: 400,
            answer: message(["value": ["is invalid"]])),
        Refusal(
            what: "a masked raw value with a space", method: .post,
            wish: ["key": "KEY", "value": "1234 5678", "masked": true, "raw": true], status: 400,
            answer: message(["value": ["is invalid"]])),
        Refusal(
            what: "masking a value that cannot be masked", method: .put, path: "/TAKEN", wish: ["masked": true],
            status: 400, answer: message(["value": ["is invalid"]])),
        Refusal(
            what: "a long description", method: .put, path: "/TAKEN",
            wish: ["description": .string(String(repeating: "a", count: 256))], status: 400,
            answer: message(["description": ["is too long (maximum is 255 characters)"]])),
        Refusal(
            what: "several mistakes", method: .post, wish: ["key": "A B", "value": "short", "masked": true],
            status: 400, answer: message(["key": [characters], "value": ["is invalid"]])),
        Refusal(
            what: "no key and no value", method: .post, wish: [:], status: 400,
            answer: ["error": "key is missing, value is missing"]),
        Refusal(
            what: "parameters of another kind", method: .post,
            wish: ["key": "KEY", "value": ["a": 1], "masked": "maybe", "variable_type": "secret"], status: 400,
            answer: ["error": "value is invalid, masked is invalid, variable_type does not have a valid value"]),
        Refusal(
            what: "another method on the list", method: .patch, wish: [:], status: 405,
            answer: ["error": "405 Not Allowed"]),
        Refusal(
            what: "another method on a variable", method: .post, path: "/TAKEN", wish: [:], status: 405,
            answer: ["error": "405 Not Allowed"]),
    ]

    @Test("everywhere", arguments: everywhere, Place.allCases)
    func refused(refusal: Refusal, place: Place) throws {
        try hold(refusal, place)
    }

    @Test(
        "where scopes are",
        arguments: [
            Refusal(
                what: "a scope with other characters", method: .post,
                wish: ["key": "KEY", "value": "v", "environment_scope": "a,b"], status: 400,
                answer: message(["environment_scope": [scopeCharacters]])),
            Refusal(
                what: "an empty scope", method: .post, wish: ["key": "KEY", "value": "v", "environment_scope": ""],
                status: 400, answer: message(["environment_scope": ["can't be blank", scopeCharacters]])),
            Refusal(
                what: "hiding a value that cannot be masked", method: .post,
                wish: ["key": "KEY", "value": "short", "masked_and_hidden": true], status: 400,
                answer: message(["value": ["is invalid"]])),
            Refusal(
                what: "one of several scopes", method: .get, path: "/SEVERAL", status: 409,
                answer: message(
                    "There are multiple variables with provided parameters. Please use 'filter[environment_scope]'")),
            Refusal(
                what: "deleting one of several scopes", method: .delete, path: "/SEVERAL", status: 409,
                answer: message(
                    "There are multiple variables with provided parameters. Please use 'filter[environment_scope]'")),
            Refusal(
                what: "moving into a scope that is taken", method: .put,
                path: "/SEVERAL?filter%5Benvironment_scope%5D=production", wish: ["environment_scope": "*"],
                status: 400, answer: message(["key": ["(SEVERAL) has already been taken"]])),
        ], [Place.project, .group])
    func refusedForItsScope(refusal: Refusal, place: Place) throws {
        try hold(refusal, place)
    }

    @Test func aProjectsUpdateOfOneOfSeveralScopes() throws {
        let text: JSONValue =
            "There are multiple variables with provided parameters. Please use 'filter[environment_scope]'"
        try hold(
            Refusal(
                what: "", method: .put, path: "/SEVERAL", wish: ["value": "v"], status: 409,
                answer: Self.message(text)), .project)
    }

    @Test(
        arguments: [
            (.get, "/NONE"), (.put, "/NONE"), (.delete, "/NONE"),
            (.get, "/TAKEN?filter%5Benvironment_scope%5D=production"),
            (.delete, "/TAKEN?filter%5Benvironment_scope%5D=production"),
        ] as [(HTTPRequest.Method, String)], Place.allCases)
    func whatIsNotThere(request: (method: HTTPRequest.Method, path: String), place: Place) throws {
        // The instance has no environments, so that the filter goes unread.
        guard place != .instance || !request.path.contains("?") else { return }
        let wish: JSONValue? = request.method == .put ? ["value": "v"] : nil
        try hold(
            Refusal(
                what: "", method: request.method, path: request.path, wish: wish, status: 404,
                answer: Self.message(.string("404 \(place.noun) Not Found"))), place)
    }

    @Test func theInstanceLimitsTheLengthOfAValue() throws {
        let long = JSONValue.string(String(repeating: "a", count: 10_001))
        var fixture = GitLabSandboxFixture()
        #expect(try fixture.ask(.post, Place.project.list, ["key": "KEY", "value": long]).status == 201)
        let refused = try fixture.ask(.post, Place.instance.list, ["key": "KEY", "value": long])
        #expect(refused.status == 400)
        let text: JSONValue = "The value of the provided variable exceeds the 10000 character limit"
        #expect(refused.message == ["value": [text]])
    }

    @Test(
        arguments: zip(
            Place.allCases, ["project ci variables", "group ci variables", "ci instance level variables"]))
    func aPlaceIsFull(place: Place, name: String) throws {
        var fixture = GitLabSandboxFixture()
        fixture.gitlab.variableLimits = (1, 1, 1)
        #expect(try fixture.ask(.post, place.list, ["key": "ONE", "value": "v"]).status == 201)
        let refused = try fixture.ask(.post, place.list, ["key": "TWO", "value": "v"])
        #expect(refused.status == 400)
        #expect(refused.message == ["base": [.string("Maximum number of \(name) (1) exceeded")]])
        #expect(try fixture.ask(.put, place.list + "/ONE", ["value": "w"]).status == 200)
    }

    @Test(arguments: [
        "/projects/7/variables", "/projects/acme%2Fnone/variables", "/groups/none/variables", "/groups/7/variables/KEY",
        "/projects/acme/variables", "/projects/acme%2Fnone", "/groups/none",
    ])
    func aPlaceThatIsNotThere(path: String) throws {
        var fixture = GitLabSandboxFixture()
        let answer = try fixture.ask(.get, path)
        #expect(answer.status == 404)
        #expect(answer.message == (path.hasPrefix("/projects") ? "404 Project Not Found" : "404 Group Not Found"))
    }

    @Test(arguments: ["", "/", "/variables", "/projects/2/variable", "/admin/variables", "/projects/2/variables/A/B"])
    func aPathThatIsNone(path: String) throws {
        var fixture = GitLabSandboxFixture()
        let answer = try fixture.ask(.get, path)
        #expect(answer.status == 404)
        #expect(answer.json == ["error": "404 Not Found"])
    }

    /// Refuses, and changes nothing.
    private func hold(_ refusal: Refusal, _ place: Place) throws {
        var fixture = GitLabSandboxFixture()
        fixture.gitlab.setVariable("TAKEN", "short", of: place.owner)
        if place != .instance {
            fixture.gitlab.setVariable("SEVERAL", "one", of: place.owner)
            fixture.gitlab.setVariable("SEVERAL", "two", of: place.owner, environmentScope: "production")
        }
        let before = try fixture.control(.get, "variables").json
        let answer = try fixture.ask(refusal.method, place.list + refusal.path, refusal.wish)
        #expect(answer.status == refusal.status)
        #expect(answer.json == refusal.answer)
        #expect(try fixture.control(.get, "variables").json == before)
    }
}
