import OpenRouterSandbox
import Rotation
import RotationFixtures
import Secrets
import Steps
import TestSupport
import Testing

/// A successor that died at its targets: the next rotation brings the applications back without being asked twice.
@Suite(.tags(.values)) struct DeadKeyTests {
    enum Death: CaseIterable {
        case expired
        case disabledByHand
    }

    /// A rotation that was published and verified, and whose successor does not work any more; and another one.
    private static func superseding(_ death: Death) throws -> (dead: RotationFixture, next: RotationFixture) {
        let fixture = try RotationFixture()
        try fixture.create()
        try fixture.publishAndVerify()
        let hash = try #require(try fixture.state().created?.hash.description)
        fixture.simulation.with { simulated in
            switch death {
            case .expired: simulated.sandbox.setExpiry(hash, simulated.now)
            case .disabledByHand: simulated.sandbox.setDisabled(hash, at: simulated.now)
            }
        }
        fixture.simulation.pass(60)
        let next = try RotationFixture(fixture.simulation)
        try next.create { $0.supersedes = true }
        return (fixture, next)
    }

    @Test("a target that holds the dead key of an earlier rotation is written", arguments: Death.allCases)
    func written(death: Death) throws {
        let (fixture, next) = try Self.superseding(death)
        #expect(try next.state().header.dead.map(\.hash) == [fixture.state().created?.hash])
        try next.publish()
        #expect(try next.state().isPublished)
        // It says nothing of where the predecessor is read.
        #expect(try next.state().newTargetsWarning?.contains("no target held the predecessor") == true)
    }

    @Test("what was dead when a rotation began is of no newer one, though both began at one moment")
    func sameMoment() throws {
        let (fixture, next) = try Self.superseding(.disabledByHand)
        let dead = try #require(try fixture.state().created?.hash.description)
        next.simulation.with { simulated in
            simulated.sandbox.rename(
                dead, "\(RotationFixture.base) 2026-11-23 ork:7ZZZZZZZZZZZZZZZZZZZZZZZZZ", at: simulated.now)
        }
        try next.publish()
        try next.verify()
        next.refused(.unacceptable, "no target held the predecessor") { () throws(StepError) in try next.retire() }
    }

    @Test("somebody else's key there is a conflict all the same, and so is one that died later")
    func conflict() throws {
        let (_, next) = try Self.superseding(.expired)
        next.simulation.with { $0.places["web"] = Secret("sk-or-v1-somebody-elses") }
        next.refused(.failed, "conflict") { () throws(StepError) in try next.publish() }
        let (dead, other) = try Self.superseding(.expired)
        let late = try #require(try other.state().created?.hash.description)
        try other.publish()
        let published = other.simulation.value.places
        other.simulation.with { $0.sandbox.setDisabled(late, at: $0.now) }
        dead.refused(.notYet, "does not work") { () throws(StepError) in try dead.publish() }
        #expect(other.simulation.value.places == published)
    }
}
