import FoundationEssentials
import GitHubSandbox
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_github_secret

/// The failures that matter most, at every place that a secret can be at.
@Suite(.tags(.values)) struct ScopeFaultTests {
    let fixture = GitHubFixture()

    private func publish(
        _ test: ScopeCase, _ secret: Secret = SampleKeys.successor, as token: Secret? = nil, expect: [Secret]? = nil,
        companion: Bool = true
    ) -> PublisherAnswer {
        let with = test.settings(companion ? ["companion": "TOKEN_STATE"] : [:])
        return fixture.publisher(token).answer(.publish, fixture.request(with, secret, expect: expect))
    }

    private func held(_ test: ScopeCase) -> StoredSecret? {
        fixture.github { sandbox, _ in sandbox.stored(store: test.store, scope: test.scope, name: "TOKEN") }
    }

    /// Holds the predecessor, and a companion that says so.
    private func begin(_ test: ScopeCase) {
        let first = publish(test, SampleKeys.predecessor, expect: [])
        #expect(first.outcome == .committed, "\(first)")
        fixture.pass(3600)
    }

    /// Run again, it is made whole, and all else of it is what it was.
    private func finish(_ test: ScopeCase) {
        let again = publish(test, expect: [SampleKeys.predecessor])
        #expect(again.outcome == .committed, "\(again)")
        #expect(held(test)?.plaintext == SampleKeys.successor)
        #expect(held(test)?.visibility == test.visibility)
        #expect(Set(held(test)?.selected ?? []) == Set(test.selected.compactMap { fixture.ids[$0] }))
        let seen = fixture.publisher().answer(.verify, fixture.request(test.settings(["companion": "TOKEN_STATE"])))
        #expect(seen.outcome == .match, "\(seen)")
    }

    @Test("a write whose answer is lost is sent again", arguments: ScopeCase.all)
    func sendsAgain(_ test: ScopeCase) {
        begin(test)
        fixture.fail(.put, at: "secrets/TOKEN", .lostReply)
        let answer = publish(test, expect: [SampleKeys.predecessor])
        #expect(answer.outcome == .committed, "\(answer)")
        #expect(answer.receipt?["change"] == nil && answer.message?.hasPrefix("wrote the ") == true)
        fixture.pass(60)
        #expect(publish(test, expect: [SampleKeys.predecessor]).outcome == .unchanged)
    }

    @Test("a write whose answers are all lost is uncertain, and made whole", arguments: ScopeCase.all)
    func isUncertain(_ test: ScopeCase) {
        begin(test)
        fixture.fail(.put, at: "secrets/TOKEN", times: 5, .lostReply)
        let answer = publish(test, expect: [SampleKeys.predecessor])
        guard case .unknown = answer.outcome else {
            Issue.record("\(answer)")
            return
        }
        finish(test)
    }

    @Test("a limit at the write is waited out, or told as one that wrote nothing", arguments: ScopeCase.all)
    func meetsALimitBeforeTheWrite(_ test: ScopeCase) {
        begin(test)
        fixture.fail(.put, at: "secrets/TOKEN", .answer(429, headers: ["retry-after": "20"]))
        fixture.fail(.put, at: "secrets/TOKEN", .answer(429, headers: ["retry-after": "500"]))
        let answer = publish(test, expect: [SampleKeys.predecessor])
        guard case .rejected(let error) = answer.outcome else {
            Issue.record("\(answer)")
            return
        }
        #expect(error.code == .rateLimited && error.retryAfter == 500)
        #expect(fixture.slept >= 20 && fixture.slept < 21)
        #expect(held(test)?.plaintext == SampleKeys.predecessor)
        finish(test)
    }

    /// What comes when the write is done.
    static let later: [(String, GitHubFixture.Fault, PublisherError.Code)] = [
        ("limit", .answer(403, "{}", headers: ["retry-after": "500"]), .rateLimited),
        ("garbage", .answer(200, "\u{0}{"), .unavailable),
        ("page", .answer(200, "<html>", type: "text/html"), .unavailable),
    ]

    @Test("what fails after the write leaves no certainty, and is made whole", arguments: ScopeCase.all, 0..<3)
    func meetsAFaultAfterTheWrite(_ test: ScopeCase, _ index: Int) {
        let (name, fault, code) = Self.later[index]
        begin(test)
        // The reading before the write, the list of selected repositories, and then the reading back.
        let reads = test.selected.isEmpty ? 1 : 2
        fixture.fail(.get, at: "secrets/TOKEN", times: reads, .later { _, _ in })
        fixture.fail(.get, at: "secrets/TOKEN", fault)
        let answer = publish(test, expect: [SampleKeys.predecessor])
        guard case .unknown(let error) = answer.outcome else {
            Issue.record("\(name): \(answer)")
            return
        }
        #expect(error.code == code)
        #expect(error.message.contains(" is written, but "))
        #expect(held(test)?.plaintext == SampleKeys.successor)
        finish(test)
    }

    @Test("a wrong token writes nothing", arguments: ScopeCase.all)
    func refusesAWrongToken(_ test: ScopeCase) {
        begin(test)
        let answer = publish(test, as: Secret("ghp_nobody"))
        #expect(
            answer.outcome
                == .rejected(
                    PublisherError(
                        .denied, "GitHub does not accept the token in GITHUB_TOKEN (401: Bad credentials)",
                        hint:
                            "check that it has not expired, and that it was issued by the GitHub that this target writes to"
                    )))
        #expect(held(test)?.plaintext == SampleKeys.predecessor)
    }

    @Test("what this rotation does not know stays", arguments: ScopeCase.all)
    func refusesAConflict(_ test: ScopeCase) {
        begin(test)
        for (isKnown, secret) in [(true, SampleKeys.predecessor), (false, SampleKeys.foreign)] {
            if !isKnown {
                // A pipeline that knows nothing of the companion.
                #expect(publish(test, secret, companion: false).outcome == .committed)
                fixture.pass(3600)
            }
            let answer = publish(test, expect: [])
            guard case .rejected(let error) = answer.outcome else {
                Issue.record("\(answer)")
                continue
            }
            #expect(error.code == .conflict && error.field == "with.name", "\(error)")
            #expect(error.message.hasSuffix(isKnown ? "a value that this rotation does not know" : "by something else"))
            #expect(held(test)?.plaintext == secret)
        }
    }
}
