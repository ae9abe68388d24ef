import OpenRouterSandbox
import PublisherKit
import Rotation
import RotationFixtures
import Secrets
import Steps
import TestSupport
import Testing
import Timestamps

/// A write that nobody has heard of: the overlap counts from it all the same, and what it undid is noticed.
@Suite(.tags(.values)) struct LateWriteTests {
    /// Published and verified, in use, and past its overlap; then somebody has put the predecessor back.
    private static func reverted() throws -> RotationFixture {
        let fixture = try RotationFixture()
        let predecessor = try #require(fixture.simulation.value.places["web"])
        try fixture.create()
        try fixture.publishAndVerify()
        fixture.simulation.pass(2 * 86400)
        fixture.simulation.with { $0.places["web"] = predecessor }
        return fixture
    }

    private static func expectOverlap(_ fixture: RotationFixture) throws {
        try fixture.publish()
        fixture.simulation.with { $0.useAll() }
        try fixture.verify()
        fixture.refused(.notYet, "both keys stay alive until") { () throws(StepError) in try fixture.retire() }
    }

    @Test("after a write without an answer, the overlap counts from the first sight of the key")
    func firstSight() throws {
        let fixture = try Self.reverted()
        fixture.simulation.with { $0.troubles["web"] = [.answer(.mismatch), .answer(.mismatch), .unknownButWritten] }
        #expect(throws: StepError.self) { try fixture.publish() }
        try Self.expectOverlap(fixture)
    }

    @Test("after a write whose process dies, the overlap counts from the first sight of the key", arguments: 1...3)
    func died(record: Int) throws {
        let before = try Self.reverted()
        let fixture = before.failing(record)
        _ = try? fixture.publish()
        try Self.expectOverlap(before.beside(fixture.journal.handoff))
    }

    @Test("a rollback counts its overlap from the first sight of the key, too", arguments: 1...4)
    func rollback(record: Int) throws {
        let fixture = try RotationFixture()
        try fixture.create()
        try fixture.publishAndVerify()
        let earlier = try #require(fixture.journal.handoff)
        _ = try? fixture.rollback()
        fixture.simulation.pass(2 * 86400)
        // A replayed handoff writes the successor again, which the next run of the rollback undoes.
        try fixture.beside(earlier).publish()
        let dying = fixture.failing(record)
        _ = try? dying.rollback()
        let next = fixture.beside(dying.journal.handoff)
        fixture.simulation.with { $0.useAll() }
        next.refused(.notYet, "both keys stay alive until") { () throws(StepError) in try next.rollback() }
    }

    @Test(
        "no overlap is the shorter for a wrong clock of the machine that wrote, or of the one that ends it",
        arguments: [
            (-7200.0, 0.0), (7200, 0), (0, 7200), (0, -7200), (-7200, 7200), (-7200, -7200),
        ])
    func wrongClock(writing: Double, ending: Double) throws {
        let fixture = try RotationFixture { $0.retire.overlap = Interval(seconds: 86400) }
        try fixture.create()
        fixture.simulation.with { $0.skew = writing }
        try fixture.publishAndVerify()
        fixture.simulation.pass(85000)
        fixture.simulation.with { $0.skew = ending }
        try fixture.verify()
        fixture.refused(.notYet, "both keys stay alive until") { () throws(StepError) in try fixture.retire() }
        fixture.simulation.with { $0.skew = writing }
        fixture.refused(.notYet, "both keys stay alive until") { () throws(StepError) in try fixture.rollback() }
        fixture.simulation.pass(85000)
        fixture.simulation.with { simulated in
            simulated.skew = ending
            simulated.useAll()
        }
        fixture.refused(.notYet, "both keys stay alive until") { () throws(StepError) in try fixture.rollback() }
        #expect(fixture.live.count == 2)
    }

    @Test("a target that loses the predecessor while the application is asked keeps the successor alive")
    func undoneMeanwhile() throws {
        let fixture = try RotationFixture { plan in
            plan.verify.probes = [.command(arguments: ["check"], environment: [:], timeout: Interval(seconds: 5))]
        }
        try fixture.create()
        try fixture.publishAndVerify()
        let earlier = try #require(fixture.journal.handoff)
        _ = try? fixture.rollback()
        fixture.simulation.pass(2 * 86400)
        fixture.simulation.with { $0.useAll() }
        fixture.simulation.pass(2 * 86400)
        let simulation = fixture.simulation
        let other = fixture.beside(earlier)
        let publishing = FakeProbes {
            // As one who has looked before the rollback began, and writes late.
            _ = try? other.publish()
        }
        fixture.refused(.notYet, "web does not hold the predecessor any more") { () throws(StepError) in
            try fixture.rollback(programs: publishing)
        }
        #expect(simulation.value.outages == [])
        try fixture.rollbackWaiting()
        #expect(fixture.live == [RotationFixture.base])
    }

    @Test(
        "a key that is disabled by hand where a rollback has put it does not go by a handoff from before that",
        arguments: [0.0, 7200])
    func disabledByHand(skewWhenVerified: Double) throws {
        let fixture = try RotationFixture()
        try fixture.create()
        fixture.simulation.with { $0.skew = skewWhenVerified }
        try fixture.publishAndVerify()
        fixture.simulation.with { $0.skew = 0 }
        let earlier = fixture.beside(fixture.journal.handoff)
        _ = try? fixture.rollback()
        fixture.simulation.pass(600)
        let hash = try #require(fixture.predecessor?.hash)
        fixture.simulation.with { $0.sandbox.setDisabled(hash, at: $0.now) }
        fixture.simulation.pass(60)
        let error = earlier.refused(.notYet, "somebody disabled checkout-prod at ") { () throws(StepError) in
            try earlier.retire()
        }
        #expect(error?.hint?.hasPrefix("`ork-verify` shows") == true)
        #expect(throws: StepError.self) { try earlier.verify() }
        #expect(fixture.predecessor?.deletedAt == nil)
    }

    @Test("a key that people have put back everywhere is held as well")
    func putBackByHand() throws {
        let fixture = try RotationFixture()
        let predecessor = try #require(fixture.simulation.value.places["web"])
        try fixture.create()
        try fixture.publishAndVerify()
        fixture.simulation.with { $0.places["web"] = predecessor }
        _ = try? fixture.rollback()
        #expect(fixture.predecessor?.name.contains(" disabled:") == true)
    }

    @Test("a predecessor that somebody disables during a rollback stays disabled", arguments: 1...12)
    func disabledMeanwhile(exchange: Int) throws {
        let fixture = try RotationFixture()
        try fixture.create()
        try fixture.publishAndVerify()
        let hash = try #require(fixture.predecessor?.hash)
        let simulation = fixture.simulation
        let disable: @Sendable () -> Void = {
            simulation.with { $0.sandbox.setDisabled(hash, at: $0.now) }
        }
        _ = try? fixture.rollback(FakeTransport(simulation, before: [exchange: disable]))
        let isDisabled = fixture.predecessor?.disabled == true
        fixture.simulation.pass(600)
        _ = try? fixture.rollback()
        #expect(isDisabled == (fixture.predecessor?.disabled == true))
        #expect(exchange > 1 || isDisabled)
    }

    @Test("another key that is given this rotation's ID stays, and is named")
    func borrowedID() throws {
        let fixture = try RotationFixture { $0.retire.overlap = .zero }
        try fixture.create()
        try fixture.publishAndVerify()
        let id = try #require(fixture.known?.header.id)
        let name = "checkout-prod 2026-11-24 ork:\(id)"
        let other = fixture.simulation.with { $0.sandbox.addKey(name: name, at: $0.now).hash }
        fixture.simulation.pass(60)
        for _ in 0..<6 {
            _ = try? fixture.rollback()
            fixture.simulation.with { $0.useAll() }
            fixture.simulation.pass(3 * 3600)
        }
        fixture.refused(.failed, "bears this rotation's ID") { () throws(StepError) in try fixture.rollback() }
        #expect(fixture.simulation.value.sandbox.key(other)?.disabled == false)
    }

    @Test("a restored key is held by its record, too, and a moment in its name neither shortens nor lengthens its soak")
    func renamed() throws {
        let fixture = try quiet { _ in }
        fixture.refused(.notYet, "soaks until") { () throws(StepError) in try fixture.retire() }
        let hash = try #require(fixture.predecessor?.hash)
        for year in [2000, 9999] {
            fixture.simulation.with {
                $0.sandbox.rename(hash, "checkout-prod disabled:\(year)-01-01T00:00:00Z", at: $0.now)
            }
            fixture.refused(.notYet, "soaks until 2026-") { () throws(StepError) in try fixture.retire() }
            #expect(fixture.predecessor?.deletedAt == nil)
        }
        try fixture.restore()
        for name in ["checkout-prod", "checkout-prod disabled:9999-01-01T00:00:00Z"] {
            fixture.simulation.with { $0.sandbox.rename(hash, name, at: $0.now) }
            fixture.simulation.pass(2 * 3600)
            fixture.refused(.notYet, "is held since 2026-") { () throws(StepError) in try fixture.retire() }
        }
    }

    @Test("an approval leads on to the very command that it was missing for")
    func again() throws {
        let fixture = try RotationFixture.published()
        fixture.simulation.with { $0.useAll() }
        try fixture.verify()
        var gated = fixture.beside(fixture.journal.handoff)
        gated.trust = Trust([.approve: [gated.identity.publicIdentity]], fallback: gated.identity.publicIdentity)
        let error = gated.refused(.notYet, "waits for an approval") { () throws(StepError) in
            try gated.retire { $0.again = true }
        }
        #expect(error?.hint?.contains("`ork-retire --again` goes on") == true)
    }

    @Test("a handoff from before a rollback does not disable the key that targets hold again")
    func heldBack() throws {
        let fixture = try RotationFixture()
        try fixture.create()
        try fixture.publishAndVerify()
        fixture.simulation.pass(2 * 86400)
        fixture.simulation.with { $0.useAll() }
        let earlier = fixture.beside(fixture.journal.handoff)
        try earlier.verify()
        _ = try? earlier.retire()
        fixture.simulation.pass(2 * 3600)
        let late = earlier.beside(earlier.journal.handoff)
        try late.verify()
        _ = try? fixture.rollback()
        late.refused(.notYet, "is held since") { () throws(StepError) in try late.retire() }
        late.refused(.notYet, "no verification has been made since") { () throws(StepError) in
            try late.retire { $0.again = true }
        }
        #expect(fixture.predecessor?.disabled == false)
        try fixture.rollbackWaiting()
        #expect(fixture.predecessor?.name == RotationFixture.base)
    }
}
