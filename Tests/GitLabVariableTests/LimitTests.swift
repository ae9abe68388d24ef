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
            let world = World()
            world.fail(method, .answer(429, "Retry later\n", type: "text/plain", headers: headers))
            #expect(world.ask(.publish, PlaceCase.project.with(world)).receipt?["change"] == "created")
            #expect(abs(world.slept - wait) < 0.3, "\(method): \(world.slept)")
        }
    }

    @Test(
        "the end of a window counts by GitLab's own clock, and is a day away at most",
        arguments: [
            (1_000_000_000, 1_000_000_042, 42), (3_000_000_000, 3_000_000_007, 7), (1_000_000_000, 1 << 40, 86400),
        ])
    func otherClock(_ now: Int, _ reset: Int, _ wait: Double) {
        let world = World()
        world.fail(
            .get,
            .answer(
                429, "Retry later\n", type: "text/plain", headers: ["ratelimit-reset": String(reset)],
                date: Date(timeIntervalSince1970: Double(now))))
        #expect(world.ask(.publish, PlaceCase.project.with(world), within: 100_000).outcome == .committed)
        #expect(world.slept == wait)
    }

    @Test("without a word of how long, the wait grows")
    func growing() {
        let world = World()
        world.fail(.put, times: 3, .answer(429, "Retry later\n", type: "text/plain"))
        world.gitlab { $0.setVariable("TOKEN", Keys.text(Keys.predecessor), of: .project("acme/web")) }
        #expect(world.ask(.publish, PlaceCase.project.with(world), within: 1000).outcome == .committed)
        #expect(world.slept == 60 + 120 + 240)
    }

    @Test("a wait beyond the deadline is refused at once, for every target", arguments: limits)
    func refused(_ headers: [String: String], _ wait: Double) {
        let world = World()
        guard wait > 5 else { return }
        let publisher = world.publisher()
        world.fail(.post, .answer(429, "Retry later\n", type: "text/plain", headers: headers))
        let answer = world.ask(.publish, PlaceCase.project.with(world), of: publisher, within: 5)
        #expect(
            answer
                == PublisherAnswer(
                    .rejected(
                        PublisherError(
                            .rateLimited, "GitLab allows no more requests for \(Int(wait)) s",
                            hint: "run the step again after that; it goes on with what is missing",
                            retryAfter: Int(wait)))))
        #expect(PlaceTests.line(world, .project("acme/web")).isEmpty)
        _ = world.takeAsked()
        let other = world.ask(.publish, PlaceCase.group.with(world), of: publisher, within: 5)
        guard case .rejected(let error) = other.outcome else { return #expect(Bool(false), "\(other)") }
        #expect(error.code == .rateLimited && error.retryAfter == Int(wait))
        #expect(world.takeAsked().isEmpty)
        #expect(world.slept == 0)
    }

    @Test("the sandbox's own limit is waited out")
    func window() {
        let world = World()
        world.gitlab { $0.requestLimit = 3 }
        let publisher = world.publisher()
        for place in PlaceCase.all {
            let answer = world.ask(.publish, place.with(world), of: publisher, within: 900)
            #expect([.committed, .unchanged].contains(answer.outcome))
        }
        #expect(world.slept > 60)
    }

    @Test("a limit in the midst of a doubt leaves the doubt")
    func doubt() {
        let world = World()
        world.fail(.post, .lostReply)
        world.fail(.get, .after { _ in })
        world.fail(.get, .answer(429, "", type: "text/plain", headers: ["retry-after": "600"]))
        #expect(
            world.ask(.publish, PlaceCase.project.with(world)).outcome
                == .unknown(
                    PublisherError(
                        .rateLimited, "the connection ended, but GitLab allows no more requests for 600 s",
                        hint: "run the step again after that; it goes on with what is missing", retryAfter: 600)))
        #expect(world.ask(.verify, PlaceCase.project.with(world), within: 1000).outcome == .match)
    }

    @Test("without time nothing is sent", arguments: Verb.allCases)
    func late(_ verb: Verb) {
        let world = World()
        #expect(
            world.ask(verb, PlaceCase.project.with(world), within: 0.5)
                == PublisherAnswer(
                    .rejected(
                        PublisherError(
                            .unavailable, "there was no time left to read TOKEN of project acme/web",
                            hint: "run the step again"))))
        #expect(world.takeAsked().isEmpty)
    }
}
