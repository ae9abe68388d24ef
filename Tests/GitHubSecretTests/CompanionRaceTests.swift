import FoundationEssentials
import GitHubSandbox
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_github_secret

/// Two that write one secret, or one companion.
@Suite(.tags(.values)) struct CompanionRaceTests {
    let fixture = GitHubFixture()
    private let with: JSONObject = ["name": "TOKEN", "repository": "acme/web", "companion": "TOKEN_STATE"]

    private func publish(
        _ secret: Secret = SampleKeys.successor, expect: [Secret]? = [SampleKeys.predecessor], rotation: String? = nil,
        with: JSONObject? = nil
    ) -> PublisherAnswer {
        fixture.publisher().answer(
            .publish, fixture.request(with ?? self.with, secret, expect: expect, rotation: rotation))
    }

    private func verify() -> PublisherAnswer { fixture.publisher().answer(.verify, fixture.request(with)) }

    private var held: Secret? {
        fixture.github { sandbox, _ in sandbox.plaintext(scope: .repository("acme/web"), name: "TOKEN") }
    }

    @Test("a rotation that has finished does not write over what came later", arguments: [false, true])
    func keepsWhatCameLater(_ isAnotherRotation: Bool) {
        let older = GitHubFixture.rotation(at: fixture.now)
        #expect(publish(SampleKeys.predecessor, expect: [], rotation: older).outcome == .committed)
        fixture.pass(86400)
        let newer = GitHubFixture.rotation(at: fixture.now)
        if isAnotherRotation {
            // Cut off between its two writes.
            fixture.fail(.patch, at: "TOKEN_STATE", .answer(403, #"{"message": "no"}"#))
            guard
                case .unknown = publish(SampleKeys.successor, expect: [SampleKeys.predecessor], rotation: newer).outcome
            else {
                Issue.record("it was certain")
                return
            }
        } else {
            let plain: JSONObject = ["name": "TOKEN", "repository": "acme/web"]
            #expect(publish(SampleKeys.successor, expect: nil, rotation: newer, with: plain).outcome == .committed)
        }
        fixture.pass(60)
        for expect in [[], [SampleKeys.foreign], [SampleKeys.successor]] {
            let answer = publish(SampleKeys.predecessor, expect: expect, rotation: older)
            guard case .rejected(let error) = answer.outcome else {
                Issue.record("\(answer)")
                continue
            }
            #expect(error.code == .conflict)
            #expect(error.message.hasSuffix("after the variable TOKEN_STATE, by something else"))
            #expect(error.hint?.hasSuffix("to write all the same, delete the variable TOKEN_STATE") == true)
        }
        #expect(held == SampleKeys.successor)
        // The one that was cut off goes on.
        #expect(publish(SampleKeys.successor, expect: [SampleKeys.predecessor], rotation: newer).outcome == .committed)
        #expect(verify().outcome == .match)
    }

    @Test("a variable that came meanwhile is looked at before it is changed")
    func looksAtWhatCame() throws {
        // Two secrets that want one companion begin at once: both see that there is none.
        let rotation = GitHubFixture.rotation(at: fixture.now)
        var other = with
        other["name"] = "OTHER"
        #expect(publish(SampleKeys.successor, expect: [], rotation: rotation).outcome == .committed)
        let before = try #require(companion)
        fixture.fail(.get, at: "TOKEN_STATE", .answer(404, #"{"message": "Not Found"}"#))
        let answer = publish(SampleKeys.successor, expect: [], rotation: rotation, with: other)
        #expect(
            answer.outcome
                == .unknown(
                    PublisherError(
                        .configuration,
                        "the secret OTHER of acme/web is written, but the variable TOKEN_STATE of acme/web is about"
                            + " another secret (actions/TOKEN)",
                        hint: "give each secret a companion of its own", field: "with.companion")), "\(answer)")
        #expect(companion == before)

        try fixture.change(.patch, "repos/acme/web/actions/variables/TOKEN_STATE", ["value": "mine"])
        fixture.fail(.get, at: "TOKEN_STATE", .answer(404, #"{"message": "Not Found"}"#))
        let foreign = publish(SampleKeys.successor, expect: [], rotation: rotation)
        #expect(foreign.outcome.error?.message.hasSuffix("is not one that ork wrote") == true, "\(foreign)")
        #expect(companion == "mine")
    }

    @Test("a variable that comes or goes meanwhile is written all the same")
    func meetsRaces() throws {
        #expect(publish(SampleKeys.predecessor, expect: []).outcome == .committed)
        // It goes after it was read, and comes again before it is made.
        fixture.fail(.patch, at: "TOKEN_STATE", .answer(404, #"{"message": "Not Found"}"#))
        fixture.fail(.post, at: "variables", .answer(409, #"{"message": "Already exists"}"#))
        _ = fixture.takeAsked()
        #expect(publish().outcome == .committed)
        #expect(
            fixture.takeAsked().suffix(4) == [
                "PATCH /repos/acme/web/actions/variables/TOKEN_STATE", "POST /repos/acme/web/actions/variables",
                "GET /repos/acme/web/actions/variables/TOKEN_STATE",
                "PATCH /repos/acme/web/actions/variables/TOKEN_STATE",
            ])
        #expect(verify().outcome == .match)
        for _ in 1...2 {
            fixture.fail(.patch, at: "TOKEN_STATE", .answer(404, #"{"message": "Not Found"}"#))
            fixture.fail(.post, at: "variables", .answer(409))
        }
        let answer = publish(SampleKeys.predecessor, expect: nil)
        #expect(
            answer.outcome
                == .unknown(
                    PublisherError(
                        .unavailable,
                        "the secret TOKEN of acme/web is written, but the variable TOKEN_STATE of acme/web comes and goes",
                        hint: "look who else writes it, and run the step again")))
    }

    @Test("an answer to its making that was lost is settled by changing it")
    func settlesALostReply() {
        fixture.fail(.post, at: "variables", .lostReply)
        #expect(publish().outcome == .committed)
        #expect(verify().outcome == .match)
    }

    @Test("a companion with a name without end makes no message without end")
    func shortensTheName() throws {
        let rotation = GitHubFixture.rotation(at: fixture.now)
        #expect(publish(SampleKeys.successor, expect: [], rotation: rotation).outcome == .committed)
        let value = try #require(companion)
            .replacing("actions/TOKEN", with: "actions/" + String(repeating: "X", count: 40_000))
        try fixture.change(.patch, "repos/acme/web/actions/variables/TOKEN_STATE", ["value": .string(value)])
        let message = publish(SampleKeys.successor, expect: [], rotation: rotation).outcome.error?.message ?? ""
        #expect(message.contains("is about another secret (actions/XXX") && message.count < 400, "\(message.count)")
    }

    private var companion: String? {
        fixture.github { sandbox, _ in
            sandbox.variable(scope: .repository("acme/web"), name: "TOKEN_STATE")?.value
        }
    }
}
