import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import OpenRouterSandbox
import PublisherKit
import Rotation
import RotationFixtures
import Secrets
import Sodium
import Steps
import Synchronization
import TestSupport
import Testing
import Timestamps

/// After any failure, with the handoff at hand or lost, running again ends with one successor and no orphan.
@Suite(.tags(.values)) struct CreateFaultTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let exchange: Int
        let fault: FakeTransport.Fault

        var testDescription: String { "\(fault) at exchange \(exchange)" }
    }

    static let rows: [Row] = (1...4).flatMap { exchange in
        [FakeTransport.Fault.drop, .loseReply, .status(429), .status(503), .status(500)].map {
            Row(exchange: exchange, fault: $0)
        }
    }

    @Test("a failing exchange, then the same handoff", arguments: rows)
    func sameHandoff(row: Row) throws {
        let fixture = try RotationFixture()
        #expect(throws: StepError.self) {
            try fixture.create(FakeTransport(fixture.simulation, faults: [row.exchange: row.fault]))
        }
        #expect(fixture.live.contains(RotationFixture.base))
        try fixture.create()
        try expectOneSuccessor(fixture, predecessors: 1)
    }

    @Test("a failing exchange, then no handoff and --supersede", arguments: rows)
    func lostHandoff(row: Row) throws {
        let lost = try RotationFixture()
        #expect(throws: StepError.self) {
            try lost.create(FakeTransport(lost.simulation, faults: [row.exchange: row.fault]))
        }
        let fixture = lost.beside()
        let count = fixture.live.count
        try fixture.create { $0.supersedes = true }
        try expectOneSuccessor(fixture, predecessors: count)
    }

    @Test("the journal fails", arguments: 1...3, [true, false])
    func journal(failing: Int, hasHandoff: Bool) throws {
        let first = try RotationFixture().failing(failing)
        #expect(throws: StepError.self) { try first.create() }
        // Nothing is done on the outside after a write that failed.
        #expect(first.simulation.value.keys.count == [1, 2, 2][failing - 1])
        #expect(first.minting.count == [0, 1, 0][failing - 1])
        let fixture = first.beside(hasHandoff ? first.journal.handoff : nil)
        let count = hasHandoff ? 1 : fixture.live.count
        try fixture.create { $0.supersedes = !hasHandoff }
        try expectOneSuccessor(fixture, predecessors: count)
    }

    @Test func aLostAnswerToTheMintingLeavesNothing() throws {
        let fixture = try RotationFixture()
        fixture.refused(.unreachable, "no answer") { () throws(StepError) in
            try fixture.create(FakeTransport(fixture.simulation, faults: [2: .loseReply]))
        }
        #expect(fixture.minting.isEmpty)
        #expect(fixture.events == [.intended, .stray])
    }

    @Test func aCreatedKeyIsNotTouchedAgainByAnOlderHandoff() throws {
        let fixture = try RotationFixture()
        try fixture.create()
        let handoff = try #require(fixture.journal.handoff)
        try fixture.publishAndVerify()
        // Somebody has raised its limit since, and made another key of the same name before it.
        let successor = try #require(try fixture.state().created).hash.description
        fixture.simulation.with { simulated in
            simulated.sandbox.setLimit(successor, 100, at: simulated.now)
            simulated.sandbox.addKey(name: RotationFixture.base, at: simulated.now.addingTimeInterval(-86400))
        }
        let older = fixture.beside(try handoff.prefix(2))
        try older.create()
        #expect(fixture.simulation.value.sandbox.key(successor)?.limit == 100)
        #expect(fixture.simulation.value.outages == [])
    }

    @Test("resuming with another account's management key refuses", arguments: 1...2)
    func otherAccount(count: Int) throws {
        let fixture = try RotationFixture()
        try fixture.create()
        let handoff = try #require(fixture.journal.handoff).prefix(count)
        let older = fixture.beside(handoff)
        let other = fixture.simulation.with { $0.sandbox.addAccount() }
        let keys = fixture.simulation.value.keys.count
        #expect(throws: StepError.self) {
            try older.create(managementKey: other)
        }
        #expect(fixture.simulation.value.keys.count == keys)
    }

    @Test func aPredecessorThatIsGoneLeavesNothingToInherit() throws {
        let fixture = try RotationFixture()
        fixture.refused(.unreachable) { () throws(StepError) in
            try fixture.create(FakeTransport(fixture.simulation, faults: [2: .drop]))
        }
        fixture.simulation.with { simulated in simulated.sandbox.delete(simulated.keys[0].hash, at: simulated.now) }
        fixture.refused(.failed, "does not exist") { () throws(StepError) in try fixture.create() }
        #expect(fixture.simulation.value.keys.isEmpty)
    }

    private func expectOneSuccessor(
        _ fixture: RotationFixture, predecessors: Int, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let state = try fixture.state()
        let created = try #require(state.created, sourceLocation: sourceLocation)
        #expect(state.header.predecessors.count == predecessors, sourceLocation: sourceLocation)
        #expect(fixture.minting.isEmpty, sourceLocation: sourceLocation)
        let known = Set(state.header.predecessors.map(\.hash.description) + [created.hash.description])
        #expect(Set(fixture.simulation.value.keys.map(\.hash)) == known, sourceLocation: sourceLocation)
        #expect(state.isSealed, sourceLocation: sourceLocation)
        #expect(fixture.simulation.value.outages == [], sourceLocation: sourceLocation)
    }
}
