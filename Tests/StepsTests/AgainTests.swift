import OpenRouterSandbox
import PublisherKit
import Rotation
import RotationFixtures
import Secrets
import Steps
import TestSupport
import Testing
import Timestamps

/// A step that is run again says that there is nothing to do only of what it has looked at.
@Suite(.tags(.values)) struct AgainTests {
    private static func published(_ waves: KeyValuePairs<String, Int> = ["web": 1]) throws -> RotationFixture {
        let fixture = try RotationFixture(waves: waves)
        try fixture.create()
        try fixture.publish()
        return fixture
    }

    private static func holds(_ place: String, _ fixture: RotationFixture) -> Bool {
        fixture.simulation.value.holding(place)?.hash == fixture.known?.created?.hash.description
    }

    @Test("a target that lost the successor is written again", arguments: [true, false])
    func lost(holdsPredecessor: Bool) throws {
        let fixture = try RotationFixture(waves: ["web": 1])
        let predecessor = fixture.simulation.value.places["web"]
        try fixture.create()
        try fixture.publish()
        fixture.simulation.with { $0.places["web"] = holdsPredecessor ? predecessor : nil }
        try fixture.publish(dryRun: true)
        #expect(!Self.holds("web", fixture))
        try fixture.publish()
        #expect(Self.holds("web", fixture))
        #expect(fixture.announcements.warnings.contains { $0.hasPrefix("web: does not hold checkout-prod") })
        #expect(!fixture.announcements.done.contains { $0.hasPrefix("nothing to do") })
    }

    @Test func anotherValueIsAConflict() throws {
        let fixture = try Self.published(["web": 1, "worker": 1])
        fixture.simulation.with { $0.places["web"] = SampleKeys.foreign }
        fixture.refused(.failed, "1 of 1 target was not written: web (conflict)") { () throws(StepError) in
            try fixture.publish()
        }
        #expect(fixture.simulation.value.places["web"] == SampleKeys.foreign)
    }

    @Test func aTargetThatCannotBeLookedAtIsNotSaidToHoldIt() throws {
        let fixture = try Self.published(["web": 1, "worker": 1])
        fixture.simulation.with { $0.troubles["web"] = [.reject(.unavailable)] }
        fixture.refused(.unreachable, "1 of 2 targets may be without the new key: web (unknown)") {
            () throws(StepError) in try fixture.publish()
        }
        #expect(Self.holds("web", fixture))
    }

    @Test func ofATargetThatNobodyCanReadItSaysSo() throws {
        let fixture = try RotationFixture(waves: ["web": 1, "worker": 1])
        fixture.simulation.with { $0.unreadable = ["web"] }
        try fixture.create()
        try fixture.publish()
        try fixture.publish()
        let name = try #require(fixture.known?.created?.name)
        #expect(
            fixture.announcements.done.last
                == "nothing to do: every target was given \(name); not seen at web, which cannot be read back")
    }

    @Test func afterTheEndNothingIsWritten() throws {
        let fixture = try Self.published()
        fixture.simulation.with { $0.useAll() }
        try fixture.verify()
        try fixture.retireWaiting()
        fixture.simulation.with { $0.places["web"] = nil }
        fixture.refused(.unacceptable, "the sealed successor was dropped") { () throws(StepError) in
            try fixture.publish()
        }
    }

    /// What became of the successor, and what `ork-create` says of it.
    struct Fate: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let hint: String
        let hand: @Sendable (inout SimulatedState, String) -> Void
    }

    static let fates: [Fate] = [
        Fate(testDescription: "is disabled", hint: "enable the successor there, then `ork-create") {
            $0.sandbox.setDisabled($1, at: $0.now)
        },
        Fate(testDescription: "has expired", hint: "begin another rotation: `ork-create") {
            $0.sandbox.setExpiry($1, $0.now)
        },
        Fate(testDescription: "does not exist any more", hint: "--supersede --handoff NEW.json`") {
            $0.sandbox.delete($1, at: $0.now)
        },
    ]

    @Test("a successor that nobody can work with is not called created", arguments: fates)
    func successor(fate: Fate) throws {
        let fixture = try RotationFixture(waves: ["web": 1])
        try fixture.create()
        let hash = try #require(fixture.known?.created?.hash.description)
        fixture.simulation.with { fate.hand(&$0, hash) }
        let error = fixture.refused(.failed, fate.testDescription) { () throws(StepError) in try fixture.create() }
        #expect(error?.hint?.contains(fate.hint) == true)
        #expect(!fixture.announcements.done.contains { $0.hasPrefix("nothing to do") })
    }
}
