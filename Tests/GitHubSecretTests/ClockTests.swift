import FoundationEssentials
import GitHubSandbox
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_github_secret

/// Whose write a time belongs to, also where the clocks of a server differ.
@Suite(.tags(.values)) struct ClockTests {
    let fixture = GitHubFixture()
    private static let plain: JSONObject = ["name": "TOKEN", "repository": "acme/web"]
    private static let companion: JSONObject = ["name": "TOKEN", "repository": "acme/web", "companion": "TOKEN_STATE"]
    private static let organization: JSONObject = ["name": "TOKEN", "organization": "acme", "visibility": "all"]

    private func publish(_ with: JSONObject, _ secret: Secret = SampleKeys.successor, expect: [Secret]? = nil)
        -> PublisherAnswer
    {
        fixture.publisher().answer(.publish, fixture.request(with, secret, expect: expect))
    }

    private func verify(_ with: JSONObject, _ receipt: JSONObject?) -> PublisherAnswer {
        fixture.publisher().answer(.verify, fixture.request(with, receipt: receipt))
    }

    /// Another hand writes `seconds` after the next write.
    private func writeAsSomebodyElse(after seconds: TimeInterval) {
        fixture.fail(
            .put, at: "secrets/TOKEN",
            .later { sandbox, now in
                now += seconds
                #expect(throws: Never.self) {
                    try GitHubFixture.write(
                        SampleKeys.foreign, to: "repos/acme/web/actions/secrets/TOKEN", in: &sandbox, at: now)
                }
            })
    }

    @Test(
        "a write of another hand between ours and the reading back is not taken for ours", arguments: [2, 4, 60],
        [plain, companion])
    func refusesAForeignWrite(_ delay: TimeInterval, _ with: JSONObject) {
        writeAsSomebodyElse(after: delay)
        let answer = publish(with, expect: [])
        guard case .unknown(let error) = answer.outcome else {
            Issue.record("\(answer)")
            return
        }
        #expect(error.code == .conflict, "\(error)")
        #expect(
            error.message.hasPrefix("the secret TOKEN of acme/web is written, but something else wrote it again at"))
        #expect(answer.receipt == nil)
        // Nothing says that it holds the successor.
        #expect(verify(with, nil).outcome == .unverifiable)
        #expect(
            fixture.github { sandbox, _ in sandbox.variable(scope: .repository("acme/web"), name: "TOKEN_STATE") == nil
            })
    }

    @Test(
        "a server whose clocks differ is published to, and nothing is said of a time that nobody knows",
        arguments: [
            -3600, -6, -2, 6, 3600,
        ])
    func publishesWithoutATime(_ ahead: TimeInterval) {
        fixture.setFront(ahead: ahead)
        let answer = publish(Self.plain)
        #expect(answer.outcome == .committed, "\(answer)")
        #expect(answer.message == "created the secret TOKEN of acme/web; GitHub's clocks do not tell when")
        #expect(answer.receipt == ["secret": "the secret TOKEN of acme/web", "change": "created"])
        let seen = verify(Self.plain, answer.receipt)
        #expect(seen.outcome == .unverifiable)
        #expect(
            seen.message
                == "the secret TOKEN of acme/web cannot be read, and GitHub's clocks did not tell when ork wrote it")
        #expect(
            verify(Self.plain, nil).message
                == "the secret TOKEN of acme/web cannot be read, and nothing says when ork wrote it")
    }

    @Test(
        "where the time before was read, the one after it is the write's, whatever the clocks",
        arguments: [
            -3600, -6, -2, 0, 4, 6, 3600,
        ], [companion, organization])
    func publishesWithATime(_ ahead: TimeInterval, _ with: JSONObject) {
        fixture.setFront(ahead: ahead)
        var known: [Secret] = []
        for secret in [SampleKeys.predecessor, SampleKeys.foreign, SampleKeys.successor] {
            let answer = publish(with, secret, expect: known)
            #expect(answer.outcome == .committed, "\(answer)")
            #expect(answer.receipt?["updated_at"] != nil)
            #expect(
                fixture.publisher().answer(.verify, fixture.request(with, secret, receipt: answer.receipt)).outcome
                    == .match)
            known = [secret]
            fixture.pass(60)
        }
        guard with["companion"] != nil else { return }
        #expect(publish(with, expect: known).outcome == .unchanged)
    }

    @Test("a time that stays what it was before the write is not the write's")
    func refusesTheTimeBefore() {
        fixture.setFront(ahead: -3600)
        // Both in one second.
        #expect(publish(Self.companion, SampleKeys.predecessor).outcome == .committed)
        let answer = publish(Self.companion)
        #expect(
            answer.outcome
                == .unknown(
                    PublisherError(
                        .unavailable,
                        "the secret TOKEN of acme/web is written, but GitHub shows no later time for it than before",
                        hint:
                            "run the step again, which does no harm; if it stays so, look at the clocks of its servers")
                ),
            "\(answer)")
        fixture.pass(1)
        #expect(publish(Self.companion).outcome == .committed)
        #expect(verify(Self.companion, nil).outcome == .match)
    }

    @Test("an answer to the write that has no time gives none", arguments: [plain, companion])
    func publishesWithoutADate(_ with: JSONObject) {
        fixture.fail(.put, at: "secrets/TOKEN", .changedAnswer { $0.date = nil })
        let answer = publish(with)
        #expect(answer.outcome == .committed, "\(answer)")
        #expect((answer.receipt?["updated_at"] == nil) == (with["companion"] == nil))
    }

    @Test("without a time of the reading back, a later write is somebody else's")
    func needsTheDateOfTheReading() {
        fixture.setFront(ahead: -3600)
        fixture.fail(.get, at: "secrets/TOKEN", .changedAnswer { $0.date = nil })
        #expect(publish(Self.plain).outcome.error?.code == .conflict)
    }
}
