import FoundationEssentials
import GitHubSandbox
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_github_secret

/// The way back to the predecessor: it is published again by whoever has kept it.
@Suite(.tags(.values)) struct WayBackTests {
    private let fixture = GitHubFixture()
    private let with: JSONObject = ["name": "TOKEN", "repository": "acme/web", "companion": "TOKEN_STATE"]

    private func publish(
        _ secret: Secret, over expect: [Secret], rotation: String
    ) -> PublisherAnswer {
        fixture.pass(60)
        return fixture.publisher().ask(
            .publish, fixture.request(with, secret, expect: expect, rotation: rotation))
    }

    @Test("the rotation that published the successor puts the predecessor back, once")
    func back() {
        let rotation = GitHubFixture.rotation(at: fixture.now)
        #expect(publish(SampleKeys.predecessor, over: [], rotation: rotation).outcome == .committed)
        #expect(publish(SampleKeys.successor, over: [SampleKeys.predecessor], rotation: rotation).outcome == .committed)
        let answer = publish(SampleKeys.predecessor, over: [SampleKeys.successor], rotation: rotation)
        #expect(answer.outcome == .committed)
        #expect(
            publish(SampleKeys.predecessor, over: [SampleKeys.successor], rotation: rotation).outcome == .unchanged)
    }

    @Test("what a later rotation has written stays")
    func later() {
        let rotation = GitHubFixture.rotation(at: fixture.now)
        #expect(publish(SampleKeys.successor, over: [], rotation: rotation).outcome == .committed)
        let later = GitHubFixture.rotation(at: fixture.now.addingTimeInterval(1))
        #expect(publish(SampleKeys.foreign, over: [SampleKeys.successor], rotation: later).outcome == .committed)
        #expect(
            publish(SampleKeys.predecessor, over: [SampleKeys.successor], rotation: rotation).error?.code == .conflict)
    }
}
