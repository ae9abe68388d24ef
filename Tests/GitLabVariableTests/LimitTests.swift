import FoundationEssentials
import GitLabSandbox
import HTTP
import JSON
import PublisherKit
import TestSupport
import Testing

@testable import ork_publisher_gitlab_variable

/// Too many requests, and too little time.
@Suite(.tags(.values)) struct LimitTests {
    static let limits: [(headers: [String: String], wait: Double)] = [
        (["retry-after": "7"], 7), (["retry-after": "0"], 1),
        (["ratelimit-reset": "1795500020"], 20), (["retry-after": "7", "ratelimit-reset": "1795500020"], 7),
        (["ratelimit-reset": "1"], 1), (["ratelimit-reset": "soon"], 60), ([:], 60),
    ]

    @Test("a limit is waited for, as long as GitLab asks", arguments: limits)
    func waited(_ headers: [String: String], _ wait: Double) {
        for method in [HTTPRequest.Method.get, .post] {
            let fixture = GitLabFixture()
            fixture.fail(method, .answer(429, "Retry later\n", type: "text/plain", headers: headers))
            #expect(fixture.ask(.publish, PlaceCase.project.with(fixture)).receipt?["change"] == "created")
            #expect(abs(fixture.slept - wait) < 0.3, "\(method): \(fixture.slept)")
        }
    }

    @Test(
        "the end of a window counts by GitLab's own clock, and is a day away at most",
        arguments: [
            (1_000_000_000, 1_000_000_042, 42), (3_000_000_000, 3_000_000_007, 7), (1_000_000_000, 1 << 40, 86400),
        ])
    func otherClock(_ now: Int, _ reset: Int, _ wait: Double) {
        let fixture = GitLabFixture()
        fixture.fail(
            .get,
            .answer(
                429, "Retry later\n", type: "text/plain", headers: ["ratelimit-reset": String(reset)],
                date: Date(timeIntervalSince1970: Double(now))))
        #expect(fixture.ask(.publish, PlaceCase.project.with(fixture), within: 100_000).outcome == .committed)
        #expect(fixture.slept == wait)
    }

    @Test("without a word of how long, the wait grows")
    func growing() {
        let fixture = GitLabFixture()
        fixture.fail(.put, times: 3, .answer(429, "Retry later\n", type: "text/plain"))
        fixture.gitlab { $0.setVariable("TOKEN", SampleKeys.text(SampleKeys.predecessor), of: .project("acme/web")) }
        #expect(fixture.ask(.publish, PlaceCase.project.with(fixture), within: 1000).outcome == .committed)
        #expect(fixture.slept == 60 + 120 + 240)
    }

    @Test("a wait beyond the deadline is refused at once, for every target", arguments: limits)
    func refused(_ headers: [String: String], _ wait: Double) {
        let fixture = GitLabFixture()
        guard wait > 5 else { return }
        let publisher = fixture.publisher()
        fixture.fail(.post, .answer(429, "Retry later\n", type: "text/plain", headers: headers))
        let answer = fixture.ask(.publish, PlaceCase.project.with(fixture), of: publisher, within: 5)
        #expect(
            answer
                == PublisherAnswer(
                    .rejected(
                        PublisherError(
                            .rateLimited, "GitLab allows no more requests for \(Int(wait)) s",
                            hint: "run the step again after that; it goes on with what is missing",
                            retryAfter: Int(wait)))))
        #expect(PlaceTests.line(fixture, .project("acme/web")).isEmpty)
        _ = fixture.takeAsked()
        let other = fixture.ask(.publish, PlaceCase.group.with(fixture), of: publisher, within: 5)
        guard case .rejected(let error) = other.outcome else { return #expect(Bool(false), "\(other)") }
        #expect(error.code == .rateLimited && error.retryAfter == Int(wait))
        #expect(fixture.takeAsked().isEmpty)
        #expect(fixture.slept == 0)
    }

    @Test("the sandbox's own limit is waited out")
    func window() {
        let fixture = GitLabFixture()
        fixture.gitlab { $0.requestLimit = 3 }
        let publisher = fixture.publisher()
        for place in PlaceCase.all {
            let answer = fixture.ask(.publish, place.with(fixture), of: publisher, within: 900)
            #expect([.committed, .unchanged].contains(answer.outcome))
        }
        #expect(fixture.slept > 60)
    }

    @Test("a limit in the midst of a doubt leaves the doubt")
    func doubt() {
        let fixture = GitLabFixture()
        fixture.fail(.post, .lostReply)
        fixture.fail(.get, .after { _ in })
        fixture.fail(.get, .answer(429, "", type: "text/plain", headers: ["retry-after": "600"]))
        #expect(
            fixture.ask(.publish, PlaceCase.project.with(fixture)).outcome
                == .unknown(
                    PublisherError(
                        .rateLimited, "the connection ended, but GitLab allows no more requests for 600 s",
                        hint: "run the step again after that; it goes on with what is missing", retryAfter: 600)))
        #expect(fixture.ask(.verify, PlaceCase.project.with(fixture), within: 1000).outcome == .match)
    }

    @Test("without time nothing is sent", arguments: Verb.basic)
    func late(_ verb: Verb) {
        let fixture = GitLabFixture()
        #expect(
            fixture.ask(verb, PlaceCase.project.with(fixture), within: 0.5)
                == PublisherAnswer(
                    .rejected(
                        PublisherError(
                            .unavailable, "there was no time left to read TOKEN of project acme/web",
                            hint: "run the step again"))))
        #expect(fixture.takeAsked().isEmpty)
    }
}
