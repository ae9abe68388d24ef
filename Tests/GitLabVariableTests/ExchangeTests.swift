import GitLabSandbox
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_gitlab_variable

/// How often GitLab is asked, and what: a design figure.
@Suite(.tags(.values)) struct ExchangeTests {
    private static let variable = "/projects/acme%2Fweb/variables/TOKEN?filter%5Benvironment_scope%5D=production"

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let verb: Verb
        var held: Secret?
        let asked: [String]
    }

    static let cases = [
        Case(
            testDescription: "publish, nothing there", verb: .publish,
            asked: ["GET " + variable, "POST /projects/acme%2Fweb/variables"]),
        Case(
            testDescription: "publish, a predecessor there", verb: .publish, held: SampleKeys.predecessor,
            asked: ["GET " + variable, "PUT " + variable]),
        Case(
            testDescription: "publish, the successor there", verb: .publish, held: SampleKeys.successor,
            asked: ["GET " + variable]),
        Case(
            testDescription: "publish, another value there", verb: .publish, held: SampleKeys.foreign,
            asked: ["GET " + variable]),
        Case(testDescription: "verify", verb: .verify, held: SampleKeys.successor, asked: ["GET " + variable]),
        Case(
            testDescription: "check", verb: .check, held: SampleKeys.predecessor,
            asked: ["GET " + variable, "GET /personal_access_tokens/self"]),
    ]

    @Test("a target takes so many exchanges and no more", arguments: cases)
    func exchanges(_ example: Case) {
        let fixture = GitLabFixture()
        if let held = example.held {
            fixture.gitlab {
                $0.setVariable("TOKEN", SampleKeys.text(held), of: .project("acme/web"), environmentScope: "production")
            }
        }
        _ = fixture.ask(example.verb, PlaceCase.production.with(fixture))
        #expect(fixture.takeAsked() == example.asked)
    }

    @Test(
        "the addresses of groups and of the instance; in a group it looks for the key under other scopes, too",
        arguments: [
            (
                PlaceCase.groupProduction, "/groups/acme/variables", "?filter%5Benvironment_scope%5D=production",
                ["GET /groups/acme/variables/TOKEN"]
            ), (.instance, "/admin/ci/variables", "", []),
        ])
    func addresses(_ place: PlaceCase, _ path: String, _ filter: String, _ probe: [String]) {
        let fixture = GitLabFixture()
        _ = fixture.ask(.publish, place.with(fixture), secret: SampleKeys.predecessor)
        _ = fixture.ask(.publish, place.with(fixture))
        #expect(
            fixture.takeAsked() == ["GET \(path)/TOKEN\(filter)"] + probe + [
                "POST \(path)", "GET \(path)/TOKEN\(filter)", "PUT \(path)/TOKEN\(filter)",
            ])
    }

    @Test("many targets ask for the token's scopes once")
    func onceForAll() {
        let fixture = GitLabFixture()
        let publisher = fixture.publisher()
        for place in PlaceCase.all { _ = fixture.ask(.check, place.with(fixture), of: publisher) }
        let asked = fixture.takeAsked()
        #expect(asked.filter { $0.contains("personal_access_tokens") }.count == 1)
        #expect(asked.count == PlaceCase.all.count + 1)
    }

    @Test("the value is in the body of a write, and in nothing else")
    func bodies() throws {
        let fixture = GitLabFixture()
        var with = PlaceCase.production.with(fixture)
        with["description"] = "d"
        _ = fixture.ask(.publish, with, secret: SampleKeys.predecessor)
        _ = fixture.ask(.publish, with)
        let made: JSONValue = [
            "key": "TOKEN", "value": .string(SampleKeys.text(SampleKeys.predecessor)),
            "environment_scope": "production",
            "masked": true, "raw": true, "protected": false, "variable_type": "env_var", "description": "d",
        ]
        #expect(
            try fixture.takeBodies().map { try JSONValue(parsing: $0) } == [
                made, ["value": .string(SampleKeys.text(SampleKeys.successor))],
            ])
    }
}
