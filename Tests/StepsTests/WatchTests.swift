import JSON
import OpenRouterSandbox
import Rotation
import RotationFixtures
import Secrets
import Steps
import Synchronization
import TestSupport
import Testing
import Timestamps

/// What `ork-retire` does where something goes wrong while the predecessor is disabled.
@Suite(.tags(.values)) struct WatchTests {
    /// A rotation with one probe, whose predecessor has just been disabled.
    private static func soaking(_ trouble: Plan.RetireRules.Trouble) throws -> RotationFixture {
        let fixture = try quiet { plan in
            plan.verify.probes = [.command(arguments: ["check"], environment: [:], timeout: Interval(seconds: 5))]
            plan.retire.onTrouble = trouble
        }
        fixture.refused(.notYet, "soaks until") { () throws(StepError) in try fixture.retire() }
        #expect(fixture.predecessor?.disabled == true)
        return fixture
    }

    /// The same of a rotation that has superseded another one: two predecessors have just been disabled.
    private static func soakingTwo(_ trouble: Plan.RetireRules.Trouble) throws -> RotationFixture {
        let lost = try RotationFixture { plan in
            plan.verify.probes = [.command(arguments: ["check"], environment: [:], timeout: Interval(seconds: 5))]
            plan.retire.onTrouble = trouble
        }
        try lost.create()
        let fixture = lost.beside()
        try fixture.create { $0.supersedes = true }
        try fixture.publishAndVerify()
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        fixture.simulation.pass(3700)
        fixture.refused(.notYet, "soaks until") { () throws(StepError) in try fixture.retire() }
        return fixture
    }

    private static let broken = FakeProbes(problem: "exited with 1")

    @Test func aBadAnswerHoldsTheDeletion() throws {
        let fixture = try Self.soaking(.hold)
        fixture.simulation.pass(3700)
        let error = fixture.refused(.failed, "probe check: exited with 1, and checkout-prod is disabled") {
            () throws(StepError) in try fixture.retire(programs: Self.broken)
        }
        #expect(error?.hint?.hasPrefix("`ork-retire --restore` enables it again; ") == true)
        #expect(fixture.predecessor?.disabled == true)
        #expect(fixture.predecessor?.deletedAt == nil)
        #expect(fixture.events.last == .checked)
        // The verification stands: what failed is told, and a good answer goes on.
        try fixture.retire()
        #expect(fixture.predecessor?.deletedAt != nil)
        #expect(fixture.journal.handoff?.records.last { $0.event == .deleted }?.detail["probes"] == ["probe check"])
    }

    @Test("a key that somebody restores while the application is asked is not deleted")
    func restoredMeanwhile() throws {
        let fixture = try Self.soaking(.hold)
        fixture.simulation.pass(3700)
        let other = fixture.beside(fixture.journal.handoff)
        let restoring = FakeProbes { #expect(throws: Never.self) { try other.restore() } }
        fixture.refused(.notYet, "is held since") { () throws(StepError) in try fixture.retire(programs: restoring) }
        #expect(fixture.predecessor?.deletedAt == nil && fixture.predecessor?.disabled == false)
    }

    @Test("of several predecessors, none is deleted that somebody restores while the application is asked")
    func restoredOneByOne() throws {
        let fixture = try Self.soakingTwo(.hold)
        fixture.simulation.pass(3700)
        let predecessors = try fixture.state().header.predecessors.map(\.hash.description)
        #expect(predecessors.count == 2)
        let asked = Mutex(0)
        let simulation = fixture.simulation
        let restoring = FakeProbes {
            let turn = asked.withLock { count in
                count += 1
                return count - 1
            }
            simulation.with { $0.sandbox.setDisabled(predecessors[turn], false, at: $0.now) }
        }
        fixture.refused(.notYet, "is held since") { () throws(StepError) in try fixture.retire(programs: restoring) }
        #expect(asked.withLock { $0 } == 2)
        #expect(simulation.value.keys.count == 3 && !fixture.events.contains(.deleted))
    }

    @Test("of several predecessors, one that has expired does not hide that the others are enabled again")
    func oneExpired() throws {
        let fixture = try Self.soakingTwo(.restore)
        let expired = try #require(try fixture.state().header.predecessors.last?.hash.description)
        fixture.simulation.with { $0.sandbox.setExpiry(expired, $0.now) }
        fixture.simulation.pass(60)
        fixture.refused(.failed, "the predecessor is enabled again, and held") { () throws(StepError) in
            try fixture.retire(programs: Self.broken)
        }
        #expect(fixture.predecessor?.disabled == false)
        #expect(fixture.announcements.warnings.contains { $0.contains("has expired, which nobody can undo") })
    }

    @Test func aBadAnswerDuringTheSoakEnablesThePredecessorAgainWhereThePlanSaysSo() throws {
        let fixture = try Self.soaking(.restore)
        fixture.refused(.failed, "the predecessor is enabled again, and held") { () throws(StepError) in
            try fixture.retire(programs: Self.broken)
        }
        #expect(fixture.predecessor?.disabled == false)
        #expect(fixture.events.suffix(2) == [.checked, .restored])
        // Then nothing goes on by itself, and everything by what the message says.
        fixture.simulation.pass(3700)
        fixture.refused(.notYet, "is held since") { () throws(StepError) in try fixture.retire() }
        try fixture.verify()
        fixture.refused(.notYet, "soaks until") { () throws(StepError) in try fixture.retire { $0.again = true } }
    }

    @Test func aSuccessorThatFailsEnablesThePredecessorAgainWhereThePlanSaysSo() throws {
        let fixture = try Self.soaking(.restore)
        fixture.simulation.with { $0.sandbox.setDisabled(fixture.successorHash, at: $0.now) }
        fixture.refused(.failed, "is disabled: nothing is retired; the predecessor is enabled again") {
            () throws(StepError) in try fixture.retire()
        }
        #expect(fixture.predecessor?.disabled == false)
    }

    @Test func theProbesCanBeLeftAlone() throws {
        let fixture = try Self.soaking(.ignore)
        fixture.simulation.pass(3700)
        try fixture.retire(programs: Self.broken)
        #expect(try fixture.state().isFinished)
    }

    @Test func aLeakedKeyIsNeitherWatchedNorEnabledAgain() throws {
        let fixture = try Self.soaking(.restore)
        try fixture.retire(programs: Self.broken) { $0.isCompromised = true }
        #expect(fixture.predecessor?.deletedAt != nil)
    }

    @Test(
        "a restoration whose reply is lost is settled by the next run",
        arguments: [FakeTransport.Fault.drop, .loseReply])
    func lostReply(fault: FakeTransport.Fault) throws {
        let fixture = try Self.soaking(.restore)
        let transport = FakeTransport(fixture.simulation, faults: [3: fault])
        #expect(throws: StepError.self) { try fixture.retire(transport, programs: Self.broken) }
        _ = try? fixture.retire(programs: Self.broken)
        #expect(fixture.predecessor?.disabled == false)
        #expect(fixture.predecessor?.deletedAt == nil)
    }
}
