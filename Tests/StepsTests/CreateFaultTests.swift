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
        let fault: Line.Fault

        var testDescription: String { "\(fault) at exchange \(exchange)" }
    }

    static let rows: [Row] = (1...4).flatMap { exchange in
        [Line.Fault.drop, .loseReply, .status(429), .status(503), .status(500)].map {
            Row(exchange: exchange, fault: $0)
        }
    }

    @Test("a failing exchange, then the same handoff", arguments: rows)
    func sameHandoff(row: Row) throws {
        let scene = try Scene()
        #expect(throws: StepError.self) { try scene.create(Line(scene.world, faults: [row.exchange: row.fault])) }
        #expect(scene.live.contains(Scene.base))
        try scene.create()
        try expectOneSuccessor(scene, predecessors: 1)
    }

    @Test("a failing exchange, then no handoff and --supersede", arguments: rows)
    func lostHandoff(row: Row) throws {
        let lost = try Scene()
        #expect(throws: StepError.self) { try lost.create(Line(lost.world, faults: [row.exchange: row.fault])) }
        let scene = lost.beside()
        let count = scene.live.count
        try scene.create { $0.supersedes = true }
        try expectOneSuccessor(scene, predecessors: count)
    }

    @Test("the journal fails", arguments: 1...3, [true, false])
    func journal(failing: Int, hasHandoff: Bool) throws {
        let first = try Scene().failing(failing)
        #expect(throws: StepError.self) { try first.create() }
        // Nothing is done on the outside after a write that failed.
        #expect(first.world.value.keys.count == [1, 2, 2][failing - 1])
        #expect(first.minting.count == [0, 1, 0][failing - 1])
        let scene = first.beside(hasHandoff ? first.journal.handoff : nil)
        let count = hasHandoff ? 1 : scene.live.count
        try scene.create { $0.supersedes = !hasHandoff }
        try expectOneSuccessor(scene, predecessors: count)
    }

    @Test func aLostAnswerToTheMintingLeavesNothing() throws {
        let scene = try Scene()
        scene.refused(.unreachable, "no answer") { () throws(StepError) in
            try scene.create(Line(scene.world, faults: [2: .loseReply]))
        }
        #expect(scene.minting.isEmpty)
        #expect(scene.events == [.intended, .stray])
    }

    @Test func aCreatedKeyIsNotTouchedAgainByAnOlderHandoff() throws {
        let scene = try Scene()
        try scene.create()
        let handoff = try #require(scene.journal.handoff)
        try scene.publishAndVerify()
        // Somebody has raised its limit since, and made another key of the same name before it.
        let successor = try #require(try scene.state().created).hash.description
        scene.world.with { things in
            things.sandbox.setLimit(successor, 100, at: things.now)
            things.sandbox.addKey(name: Scene.base, at: things.now.addingTimeInterval(-86400))
        }
        let older = scene.beside(try handoff.prefix(2))
        try older.create()
        #expect(scene.world.value.sandbox.key(successor)?.limit == 100)
        #expect(scene.world.value.outages == [])
    }

    @Test("resuming with another account's management key refuses", arguments: 1...2)
    func otherAccount(count: Int) throws {
        let scene = try Scene()
        try scene.create()
        let handoff = try #require(scene.journal.handoff).prefix(count)
        let older = scene.beside(handoff)
        let other = scene.world.with { $0.sandbox.addAccount() }
        let keys = scene.world.value.keys.count
        #expect(throws: StepError.self) {
            try older.create(managementKey: other)
        }
        #expect(scene.world.value.keys.count == keys)
    }

    @Test func aPredecessorThatIsGoneLeavesNothingToInherit() throws {
        let scene = try Scene()
        scene.refused(.unreachable) { () throws(StepError) in
            try scene.create(Line(scene.world, faults: [2: .drop]))
        }
        scene.world.with { things in things.sandbox.delete(things.keys[0].hash, at: things.now) }
        scene.refused(.failed, "does not exist") { () throws(StepError) in try scene.create() }
        #expect(scene.world.value.keys.isEmpty)
    }

    private func expectOneSuccessor(
        _ scene: Scene, predecessors: Int, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let state = try scene.state()
        let created = try #require(state.created, sourceLocation: sourceLocation)
        #expect(state.header.predecessors.count == predecessors, sourceLocation: sourceLocation)
        #expect(scene.minting.isEmpty, sourceLocation: sourceLocation)
        let known = Set(state.header.predecessors.map(\.hash.description) + [created.hash.description])
        #expect(Set(scene.world.value.keys.map(\.hash)) == known, sourceLocation: sourceLocation)
        #expect(state.isSealed, sourceLocation: sourceLocation)
        #expect(scene.world.value.outages == [], sourceLocation: sourceLocation)
    }
}
