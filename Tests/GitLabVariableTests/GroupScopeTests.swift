import GitLabSandbox
import HTTP
import JSON
import PublisherKit
import Secrets
import Sodium
import TestSupport
import Testing

@testable import ork_publisher_gitlab_variable

/// What GitLab does with scopes of a group's variables without saying so.
@Suite(.tags(.values)) struct GroupScopeTests {
    let fixture = GitLabFixture()
    private let group = VariableOwner.group("acme")
    private var with: JSONObject { PlaceCase.groupProduction.with(fixture) }
    private let premium = "scopes of a group's variables need Premium: leave 'environment_scope' out, or take projects"

    @Test("without Premium a scope is refused, and the variable for all environments does not stay")
    func takenBack() {
        fixture.gitlab { $0.premium = false }
        #expect(
            fixture.ask(.publish, with)
                == PublisherAnswer(
                    .rejected(
                        PublisherError(
                            .configuration,
                            "GitLab made TOKEN for scope * instead of TOKEN of group acme (environment production);"
                                + " it was removed again", hint: premium, field: "with.environment_scope"))))
        #expect(PlaceTests.line(fixture, group).isEmpty)
    }

    @Test(
        "where it cannot be removed, or that is not certain, the key is written, and every later try tells it",
        arguments: [
            GitLabFixture.Fault.answer(403, #"{"message": "403 Forbidden"}"#),
            .answer(404, "<html>", type: "text/html"),
            .answer(404, #"{"message": "404 Group Not Found"}"#), .answer(405, ""),
        ])
    func notTakenBack(_ fault: GitLabFixture.Fault) {
        fixture.gitlab { $0.premium = false }
        fixture.fail(.delete, fault)
        #expect(
            fixture.ask(.publish, with)
                == PublisherAnswer(
                    .unknown(
                        PublisherError(
                            .configuration,
                            "GitLab made TOKEN for scope * instead of TOKEN of group acme (environment production);"
                                + " it was not possible to remove it", hint: "remove it; " + premium,
                            field: "with.environment_scope"))))
        #expect(PlaceTests.line(fixture, group) == ["TOKEN * successor masked raw "])
        #expect(fixture.ask(.publish, with) == Self.stranded)
        #expect(PlaceTests.line(fixture, group) == ["TOKEN * successor masked raw "])
    }

    private static let stranded = PublisherAnswer(
        .unknown(
            PublisherError(
                .conflict,
                "TOKEN of group acme (environment production) comes and goes: GitLab says that it is taken, and does not"
                    + " show it; TOKEN of scope * holds the key too",
                hint: "check whether that one is to hold this key; scopes of a group's variables need Premium",
                field: "with.environment_scope")))

    @Test("without Premium a creation whose answer got lost is told, too")
    func lost() {
        fixture.gitlab { $0.premium = false }
        fixture.fail(.post, .lostReply)
        #expect(fixture.ask(.publish, with) == Self.stranded)
    }

    @Test("without Premium a variable for all environments is in the way, and stays")
    func inTheWay() {
        fixture.gitlab { sandbox in
            sandbox.premium = false
            sandbox.setVariable("TOKEN", SampleKeys.text(SampleKeys.predecessor), of: .group("acme"))
        }
        #expect(
            fixture.ask(.publish, with)
                == PublisherAnswer(
                    .rejected(
                        PublisherError(
                            .conflict,
                            "TOKEN of group acme (environment production) comes and goes: GitLab says that it is taken,"
                                + " and does not show it",
                            hint: "look who else writes it; for a group, scopes need Premium, and one of scope * may be"
                                + " in the way", field: "with.environment_scope"))))
        #expect(PlaceTests.line(fixture, group) == ["TOKEN * predecessor "])
    }

    private static let astray = PublisherError(
        .conflict,
        "TOKEN of group acme (environment production) was removed meanwhile, and GitLab wrote the key to the variable of"
            + " scope * instead",
        hint: "check whether that one is to hold this key, give it its own value back if not, and run the step again",
        field: "with.environment_scope")

    /// `others` are the scopes of more variables of the key.
    @Test(
        "a write that GitLab lets go astray is told, and so it is when the step is run again",
        arguments: [[], ["staging"]])
    func astray(_ others: [String]) {
        let group = group
        fixture.gitlab { sandbox in
            // So that the list has more than one page.
            for number in 1...100 {
                sandbox.setVariable("A\(number)", SampleKeys.text(SampleKeys.successor), of: group)
            }
            sandbox.setVariable("TOKEN", SampleKeys.text(SampleKeys.foreign), of: group)
            for scope in others + ["production"] {
                sandbox.setVariable(
                    "TOKEN", SampleKeys.text(SampleKeys.predecessor), of: group, environmentScope: scope)
            }
        }
        fixture.fail(.put, .before { $0.removeVariable("TOKEN", of: group, environmentScope: "production") })
        #expect(fixture.ask(.publish, with) == PublisherAnswer(.unknown(Self.astray)))
        #expect(tokens.first == "TOKEN * successor ")
        #expect(!tokens.contains { $0.hasPrefix("TOKEN production") })
        let again = fixture.ask(.publish, with)
        #expect(again.outcome == .committed)
        #expect(
            again.message
                == "created TOKEN of group acme (environment production); TOKEN of scope * holds the key too")
        #expect(
            again.receipt == [
                "hidden": false, "environment_scope": "production", "change": "created", "also_in_scopes": ["*"],
            ])
        #expect(tokens.last == "TOKEN production successor masked raw ")
    }

    private var tokens: [String] { PlaceTests.line(fixture, group).filter { $0.hasPrefix("TOKEN ") } }

    @Test("a write that goes astray and whose answers get lost is told")
    func astrayUnseen() {
        fixture.gitlab { sandbox in
            sandbox.setVariable("TOKEN", SampleKeys.text(SampleKeys.foreign), of: .group("acme"))
            sandbox.setVariable(
                "TOKEN", SampleKeys.text(SampleKeys.predecessor), of: .group("acme"), environmentScope: "production")
        }
        fixture.fail(
            .get, .after { $0.removeVariable("TOKEN", of: .group("acme"), environmentScope: "production") })
        fixture.fail(.put, times: 5, .lostReply)
        let answer = fixture.ask(.publish, with)
        #expect(answer.outcome == .committed)
        #expect(answer.receipt?["also_in_scopes"] == ["*"])
        #expect(answer.message?.hasSuffix("; TOKEN of scope * holds the key too") == true)
    }

    private static let hindrances: [(fault: GitLabFixture.Fault, outcome: PublisherOutcome, change: JSONValue?)] = [
        (.lostReply, .committed, "created"), (.answer(503), .committed, "created"),
        (.before(set(SampleKeys.predecessor)), .committed, "updated"),
        (.before(set(SampleKeys.successor)), .unchanged, nil),
    ]

    private static func set(_ value: Secret) -> @Sendable (inout GitLabSandbox) -> Void {
        { $0.setVariable("TOKEN", SampleKeys.text(value), of: .group("acme"), environmentScope: "production") }
    }

    @Test("where else the key is, is told whatever comes between", arguments: hindrances)
    func hindered(_ fault: GitLabFixture.Fault, _ outcome: PublisherOutcome, _ change: JSONValue?) {
        fixture.gitlab { $0.setVariable("TOKEN", SampleKeys.text(SampleKeys.successor), of: .group("acme")) }
        fixture.fail(.post, fault)
        let answer = fixture.ask(.publish, with)
        #expect(answer.outcome == outcome && answer.receipt?["change"] == change)
        #expect(answer.receipt?["also_in_scopes"] == ["*"])
        #expect(answer.message?.hasSuffix("; TOKEN of scope * holds the key too") == true)
    }

    @Test("other scopes with other values are nobody's business")
    func others() {
        fixture.gitlab { $0.setVariable("TOKEN", SampleKeys.text(SampleKeys.foreign), of: .group("acme")) }
        let answer = fixture.ask(.publish, with)
        #expect(answer.message == "created TOKEN of group acme (environment production)")
        #expect(answer.receipt?["also_in_scopes"] == nil)
    }

    @Test(
        "scopes of a group's key wait for each other, those of a project's do not",
        arguments: [("group", "acme", true), ("project", "acme/web", false)])
    func places(_ kind: String, _ name: String, _ isOne: Bool) throws {
        let places = try ["*", "production"].map { scope in
            let request = PublisherRequest(
                id: "1", operation: "op", rotation: "01JDB", deadline: fixture.now, target: "ci",
                with: [kind: .string(name), "key": "TOKEN", "environment_scope": .string(scope)], expect: nil,
                digest: Digest(of: SampleKeys.successor), secret: nil)
            return try fixture.publisher().target(request).place
        }
        #expect((places[0] == places[1]) == isOne)
    }
}
