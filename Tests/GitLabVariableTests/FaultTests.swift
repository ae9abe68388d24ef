import GitLabSandbox
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_gitlab_variable

/// Answers that get lost or are none, and other hands between two calls.
@Suite(.tags(.values)) struct FaultTests {
    typealias Outcome = PublisherOutcome

    /// What happens on the way, what was there, and how it ends.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var held: Secret?
        var isHidden = false
        let fault: @Sendable (GitLabFixture) -> Void
        let outcome: PublisherOutcome
        var change: String?
        /// What is there afterwards.
        let holds: String?
    }

    private static let owner = VariableOwner.project("acme/web")
    private static let name = "TOKEN of project acme/web"

    private static func set(_ value: Secret) -> @Sendable (inout GitLabSandbox) -> Void {
        { $0.setVariable("TOKEN", SampleKeys.text(value), of: owner) }
    }

    private static let remove: @Sendable (inout GitLabSandbox) -> Void = { $0.removeVariable("TOKEN", of: owner) }

    private static let conflict = PublisherError(
        .conflict, "\(name) holds a value that this rotation does not know",
        hint: "check that key, place and scope are right",
        field: "with.key")

    private static func after(_ doubt: String, _ error: PublisherError) -> PublisherError {
        var error = error
        error.message = "\(doubt), but \(error.message)"
        return error
    }

    private static let taken = GitLabFixture.Fault.answer(
        400, #"{"message":{"key":["(TOKEN) has already been taken"]}}"#)
    private static let other = #"{"key": "TOKEN", "value": "other", "hidden": false, "environment_scope": "*"}"#
    private static let notJSON = PublisherError(
        .unavailable, "the answer of GitLab is not an object of JSON",
        hint: "check whether its address is that of the API, and whether a proxy answers in its place")

    static let losses = [
        Case(
            testDescription: "an update that got lost is sent again", held: SampleKeys.predecessor,
            fault: { $0.fail(.put, .lostRequest) }, outcome: .committed, change: "updated", holds: "successor"),
        Case(
            testDescription: "an update whose answer got lost is sent again", held: SampleKeys.predecessor,
            fault: { $0.fail(.put, .lostReply) }, outcome: .committed, holds: "successor"),
        Case(
            testDescription: "an update whose answers all get lost is settled by reading", held: SampleKeys.predecessor,
            fault: { $0.fail(.put, times: 5, .lostReply) }, outcome: .committed, change: "updated",
            holds: "successor"),
        Case(
            testDescription: "an update at which the server breaks down is settled by reading",
            held: SampleKeys.predecessor, fault: { $0.fail(.put, times: 5, .garbled(500, "{}")) }, outcome: .committed,
            change: "updated", holds: "successor"),
        Case(
            testDescription: "an update answered by a page is settled by reading", held: SampleKeys.predecessor,
            fault: { $0.fail(.put, .garbled(200, "<!DOCTYPE html>", type: "text/html")) }, outcome: .committed,
            change: "updated", holds: "successor"),
        Case(
            testDescription: "an update with a huge answer is settled by reading", held: SampleKeys.predecessor,
            fault: { $0.fail(.put, .huge) }, outcome: .committed, change: "updated", holds: "successor"),
        Case(
            testDescription: "an update that shows another value is settled by reading", held: SampleKeys.predecessor,
            fault: { $0.fail(.put, .garbled(200, other)) }, outcome: .committed, change: "updated",
            holds: "successor"),
        Case(
            testDescription: "an update that the server only pretends is made again", held: SampleKeys.predecessor,
            fault: { $0.fail(.put, .answer(200, other)) }, outcome: .committed, change: "updated",
            holds: "successor"),
        Case(
            testDescription: "a server that pretends every update is not believed", held: SampleKeys.predecessor,
            fault: { $0.fail(.put, times: 4, .answer(200, other)) },
            outcome: .unknown(
                PublisherError(
                    .unavailable, "GitLab took the key for \(name) and shows another value",
                    hint: "run the step again, which compares anew")), holds: "predecessor"),
        Case(
            testDescription: "a creation that did not arrive is sent again", fault: { $0.fail(.post, .lostRequest) },
            outcome: .committed, change: "created", holds: "successor"),
        Case(
            testDescription: "a creation whose answer got lost is found", fault: { $0.fail(.post, .lostReply) },
            outcome: .committed, change: "created", holds: "successor"),
        Case(
            testDescription: "a creation at which the server breaks down is found",
            fault: { $0.fail(.post, .garbled(502, "<html>", type: "text/html")) }, outcome: .committed,
            change: "created", holds: "successor"),
        Case(
            testDescription: "a creation answered by garbage is found",
            fault: { $0.fail(.post, .garbled(201, #"{"key": "#)) }, outcome: .committed, change: "created",
            holds: "successor"),
        Case(
            testDescription: "a creation that may have arrived and did not is made again",
            fault: { $0.fail(.post, .answer(503)) }, outcome: .committed, change: "created", holds: "successor"),
        Case(
            testDescription: "a hidden one whose creation's answer got lost is written once more",
            isHidden: true, fault: { $0.fail(.post, .lostReply) }, outcome: .committed, holds: "successor"),
        Case(
            testDescription: "an update whose answer got lost, and then a proxy answers: settled by reading",
            held: SampleKeys.predecessor,
            fault: {
                $0.fail(.put, .lostReply)
                $0.fail(.put, .answer(404, "<html>", type: "text/html"))
            }, outcome: .committed, change: "updated", holds: "successor"),
        Case(
            testDescription: "a creation is in doubt when the reading fails too",
            fault: {
                $0.fail(.post, .lostReply)
                $0.fail(.get, .after { _ in })
                $0.fail(.get, times: 5, .answer(200, "gone", type: "text/plain"))
            }, outcome: .unknown(after("the connection ended", notJSON)), holds: "successor"),
        Case(
            testDescription: "a creation in doubt stays in doubt when somebody else writes",
            fault: {
                $0.fail(.post, .lostReply)
                $0.fail(.get, .after { _ in })
                $0.fail(.get, .before(set(SampleKeys.foreign)))
            }, outcome: .unknown(after("the connection ended", conflict)), holds: "foreign"),
        Case(
            testDescription: "a creation in doubt stays in doubt when the right to write goes",
            fault: {
                $0.fail(.post, .answer(503))
                $0.fail(.post, .answer(403, #"{"message": "403 Forbidden"}"#))
            },
            outcome: .unknown(
                PublisherError(
                    .denied, "GitLab refuses to make \(name) (403: 403 Forbidden)",
                    hint: "give the token in GITLAB_TOKEN the role Maintainer in the project and the scope api",
                    field: "with.project")), holds: nil),
    ]

    static let races = [
        Case(
            testDescription: "removed between reading and writing: made", held: SampleKeys.predecessor,
            fault: { $0.fail(.put, .before(remove)) }, outcome: .committed, change: "created", holds: "successor"),
        Case(
            testDescription: "made between reading and making, with a predecessor: updated",
            fault: { $0.fail(.post, .before(set(SampleKeys.predecessor))) }, outcome: .committed, change: "updated",
            holds: "successor"),
        Case(
            testDescription: "made between reading and making, with the successor: unchanged",
            fault: { $0.fail(.post, .before(set(SampleKeys.successor))) }, outcome: .unchanged, holds: "successor"),
        Case(
            testDescription: "made between reading and making, with another value: left alone",
            fault: { $0.fail(.post, .before(set(SampleKeys.foreign))) }, outcome: .rejected(conflict), holds: "foreign"),
        Case(
            testDescription: "removed, made and removed again", held: SampleKeys.predecessor,
            fault: {
                $0.fail(.put, .before(remove))
                $0.fail(.post, .before(set(SampleKeys.predecessor)))
                $0.fail(.put, .before(remove))
            }, outcome: .committed, change: "created", holds: "successor"),
        Case(
            testDescription: "coming and going for ever", fault: { $0.fail(.post, times: 4, taken) },
            outcome: .rejected(
                PublisherError(
                    .conflict, "\(name) comes and goes: GitLab says that it is taken, and does not show it",
                    hint: "look who else writes it; for a group, scopes need Premium, and one of scope * may be in the"
                        + " way", field: "with.environment_scope")), holds: nil),
        Case(
            testDescription: "written by somebody else after our write: that is theirs to have",
            held: SampleKeys.predecessor,
            fault: { $0.fail(.put, .after(set(SampleKeys.foreign))) }, outcome: .committed, change: "updated",
            holds: "foreign"),
    ]

    @Test("it ends as it should, whatever comes between", arguments: losses + races)
    func ends(_ example: Case) {
        let fixture = GitLabFixture()
        if let held = example.held { fixture.gitlab { Self.set(held)(&$0) } }
        example.fault(fixture)
        var with = PlaceCase.project.with(fixture)
        if example.isHidden { with["hidden"] = true }
        let answer = fixture.ask(.publish, with)
        #expect(answer.outcome == example.outcome)
        #expect(answer.receipt?["change"]?.string == example.change)
        let words = PlaceTests.line(fixture, Self.owner).first?.split(separator: " ").map(String.init)
        #expect(words?[2] == example.holds)
    }

    @Test("a write in doubt that is asked for again has one effect", arguments: [true, false])
    func again(_ exists: Bool) {
        let fixture = GitLabFixture()
        if exists { fixture.gitlab { Self.set(SampleKeys.predecessor)(&$0) } }
        fixture.fail(exists ? .put : .post, .lostReply)
        fixture.fail(.get, .after { _ in })
        fixture.fail(.get, .answer(200, "gone", type: "text/plain"))
        // There is no time for a second try.
        _ = fixture.ask(.publish, PlaceCase.project.with(fixture), within: 1.2)
        _ = fixture.takeAsked()
        #expect(fixture.ask(.publish, PlaceCase.project.with(fixture)).outcome == .unchanged)
        #expect(fixture.takeAsked() == ["GET /projects/acme%2Fweb/variables/TOKEN?filter%5Benvironment_scope%5D=%2A"])
    }

    @Test(
        "an answer that is none is told, and nothing is written",
        arguments: [
            (GitLabFixture.Fault.answer(200, "{"), "not an object of JSON"),
            (.answer(200, "[]"), "not an object of JSON"),
            (.answer(200, ""), "not an object of JSON"),
            (.answer(200, "{}", type: "text/html"), "not an object of JSON"),
            (.answer(200, String(repeating: "[", count: 5000)), "not an object of JSON"),
            (.answer(200, #"{"value": "a", "value": "b"}"#), "not an object of JSON"),
            (.answer(200, "{}"), "without value"), (.answer(200, #"{"value": 1}"#), "without value"),
            (.answer(200, #"{"value": ["a"], "hidden": true}"#), "without value"),
        ])
    func garbage(_ fault: GitLabFixture.Fault, _ problem: String) {
        let fixture = GitLabFixture()
        fixture.gitlab { Self.set(SampleKeys.predecessor)(&$0) }
        for verb in Verb.basic {
            fixture.fail(.get, fault)
            #expect(
                fixture.ask(verb, PlaceCase.project.with(fixture)).outcome
                    == .rejected(
                        PublisherError(
                            .unavailable, "the answer of GitLab is \(problem)",
                            hint:
                                "check whether its address is that of the API, and whether a proxy answers in its place"
                        )))
        }
        #expect(PlaceTests.line(fixture, Self.owner) == ["TOKEN * predecessor "])
    }

    private static let troubles: [(fault: GitLabFixture.Fault, message: String, hint: String?)] = [
        (.huge, "the answer is too large", "check whether the address is that of the service's API"),
        (.lostRequest, "no connection", nil), (.lostReply, "the connection ended", nil),
        (
            .answer(503), "GitLab cannot read TOKEN of project acme/web now (503)",
            "look at its status page, and run the step again"
        ),
    ]

    @Test("a huge answer, a broken server and a lost connection are told, and nothing is written", arguments: troubles)
    func unavailable(_ fault: GitLabFixture.Fault, _ message: String, _ hint: String?) {
        let fixture = GitLabFixture()
        fixture.gitlab { Self.set(SampleKeys.predecessor)(&$0) }
        fixture.fail(.get, times: 5, fault)
        #expect(
            fixture.ask(.publish, PlaceCase.project.with(fixture)).outcome
                == .rejected(PublisherError(.unavailable, message, hint: hint)))
        #expect(PlaceTests.line(fixture, Self.owner) == ["TOKEN * predecessor "])
    }
}
