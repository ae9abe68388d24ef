import FoundationEssentials
import GitLabSandbox
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_gitlab_variable

/// The way back to the predecessor: it is published again by whoever has kept it.
@Suite(.tags(.values)) struct WayBackTests {
    @Test("a check seals the predecessor, which is published again in the place of the successor, once")
    func back() throws {
        let fixture = GitLabFixture()
        let with = PlaceCase.production.with(fixture)
        fixture.gitlab {
            $0.setVariable(
                "TOKEN", SampleKeys.text(SampleKeys.predecessor), of: .project("acme/web"),
                environmentScope: "production")
        }
        let deadline = fixture.now.addingTimeInterval(120)
        let checked = fixture.publisher(nil).ask(.check, try .sealingCheck(with, deadline: deadline))
        #expect(try SampleRecipient.open(checked.sealed) == [SampleKeys.predecessor])
        #expect(fixture.ask(.publish, with).outcome == .committed)
        func back() -> PublisherAnswer {
            fixture.ask(.publish, with, expect: [SampleKeys.successor], secret: SampleKeys.predecessor, create: false)
        }
        #expect(back().outcome == .committed)
        #expect(back().outcome == .unchanged)
        #expect(fixture.ask(.publish, with, secret: SampleKeys.foreign).outcome == .committed)
        #expect(back().error?.code == .conflict)
    }
}
