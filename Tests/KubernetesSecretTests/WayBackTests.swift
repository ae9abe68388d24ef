import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_kubernetes_secret

/// The way back to the predecessor: it is published again by whoever has kept it.
@Suite(.tags(.values)) struct WayBackTests {
    private static let restart: JSONObject = ["restart": "deploy/web"]
    private static let later = "01JDZ00000CCCCCCCCCCCCCCCC"

    private static func back(_ fixture: KubernetesFixture) -> PublisherAnswer {
        fixture.ask(
            .publish, restart, expect: [SampleKeys.successor], secret: SampleKeys.predecessor, create: false)
    }

    @Test("a check seals the predecessor, which is published again, and what uses it is restarted once more")
    func back() throws {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.predecessor)
        let checked = fixture.publisher(nil).ask(
            .check, try .sealingCheck(KubernetesFixture.with([:]), deadline: fixture.now.addingTimeInterval(120)))
        #expect(try SampleRecipient.open(checked.sealed) == [SampleKeys.predecessor])
        #expect(fixture.ask(.publish, Self.restart).outcome == .committed)
        #expect(Self.back(fixture).outcome == .committed)
        #expect(fixture.held == "predecessor")
        #expect(fixture.restarts[0] == 2)
        #expect(Self.back(fixture).outcome == .unchanged)
        #expect(fixture.restarts[0] == 2)
        // Forward again, by the same rotation.
        #expect(fixture.ask(.publish, Self.restart).outcome == .committed)
        #expect(fixture.restarts[0] == 3)
    }

    @Test(
        "what a later rotation has written stays, whatever it holds",
        arguments: [SampleKeys.foreign, SampleKeys.successor])
    func later(key: Secret) {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.predecessor)
        #expect(fixture.ask(.publish, secret: key, rotation: Self.later).outcome == .committed)
        #expect(Self.back(fixture).error?.code == .conflict)
        #expect(fixture.held == SampleKeys.name(SampleKeys.text(key)))
    }
}
