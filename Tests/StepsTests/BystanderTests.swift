import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import OpenRouterSandbox
import PublisherHosting
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

/// Keys that nobody can tell from the predecessor by the name alone.
@Suite(.tags(.values)) struct BystanderTests {
    private static let rotated = "\(RotationFixture.base) 2026-11-20 ork:01JDB000000000000000000000"

    /// A fixture with another key of the lineage, older or younger than its predecessor; answers that key's hash.
    private static func fixture(
        _ name: String = RotationFixture.base, age: TimeInterval = 60
    ) throws -> (fixture: RotationFixture, other: KeyHash) {
        let fixture = try RotationFixture()
        let hash = fixture.simulation.with { simulated in
            simulated.sandbox.addKey(name: name, limit: 5, at: simulated.now.addingTimeInterval(-age)).hash
        }
        return (fixture, try #require(KeyHash(hash)))
    }

    private static func hash(_ fixture: RotationFixture) throws -> KeyHash {
        try #require(KeyHash(fixture.simulation.value.keys[0].hash))
    }

    @Test(
        "by the name alone neither of two keys is chosen, and both are shown",
        arguments: [60, 25_920_000] as [TimeInterval])
    func name(age: TimeInterval) throws {
        let (fixture, other) = try Self.fixture(age: age)
        let error = fixture.refused(.unacceptable, "two live keys are named checkout-prod") { () throws(StepError) in
            try fixture.create()
        }
        let hint = try #require(error?.hint)
        for hash in [other, try Self.hash(fixture)] {
            #expect(hint.contains("`ork-create --predecessor hash=\(hash)`"))
            #expect(error?.message.contains("(\(hash.short)): ") == true)
        }
        #expect(error?.message.contains("limit 25 USD monthly") == true)
        #expect(error?.isRetryable == false)
        #expect(fixture.simulation.writes() == [])
    }

    @Test(
        "the one that is chosen is replaced, and the other is left alone to the end",
        arguments: [60, 25_920_000] as [TimeInterval])
    func chosen(age: TimeInterval) throws {
        let (fixture, other) = try Self.fixture(age: age)
        let wanted = try Self.hash(fixture)
        try fixture.create { $0.plan.predecessor = .hash(wanted) }
        let header = try fixture.state().header
        #expect(header.predecessors.map(\.hash) == [wanted])
        #expect(header.leaves.map(\.hash) == [other])
        let successor = try #require(try fixture.state().created)
        #expect(fixture.simulation.value.sandbox.key("\(successor.hash)")?.limit == 25)
        try fixture.publishAndVerify()
        try fixture.retireWaiting()
        #expect(try fixture.state().isFinished)
        let key = fixture.simulation.value.sandbox.key("\(other)")
        #expect(key?.disabled == false && key?.deletedAt == nil && key?.name == RotationFixture.base)
        #expect(fixture.simulation.value.outages == [])
    }

    @Test("a bystander is no rival of the key that is being activated, at once or after a crash", arguments: 2...4)
    func resumed(exchange: Int) throws {
        let (fixture, _) = try Self.fixture(age: 300 * 86400)
        let wanted = try Self.hash(fixture)
        fixture.refused(.unreachable) { () throws(StepError) in
            try fixture.create(FakeTransport(fixture.simulation, faults: [exchange: .drop])) {
                $0.plan.predecessor = .hash(wanted)
            }
        }
        try fixture.create { $0.plan.predecessor = .hash(wanted) }
        #expect(try fixture.state().created != nil)
        #expect(fixture.minting.isEmpty)
    }

    @Test("a key that bears a rotation's mark is no bystander: that rotation's successor may be in use")
    func marked() throws {
        for name in [Self.rotated, "\(RotationFixture.base) disabled:2026-11-22T10:00:00Z"] {
            let (fixture, _) = try Self.fixture(name)
            let wanted = try Self.hash(fixture)
            fixture.refused(.notYet, "another rotation of checkout-prod") { () throws(StepError) in
                try fixture.create { $0.plan.predecessor = .hash(wanted) }
            }
            #expect(fixture.simulation.writes() == [])
        }
    }

    @Test("the one key that bears a mark can be chosen, and the hint shows it last")
    func markedChosen() throws {
        let (fixture, other) = try Self.fixture(Self.rotated)
        let error = fixture.refused(.notYet) { () throws(StepError) in try fixture.create() }
        let hint = try #require(error?.hint)
        let commands = hint.split(separator: "`").enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
        #expect(commands == ["ork-create --supersede --handoff NEW.json", "ork-create --predecessor hash=\(other)"])
        try fixture.create { $0.plan.predecessor = .hash(other) }
        #expect(try fixture.state().header.leaves.map(\.hash) == [try Self.hash(fixture)])
    }

    @Test("a key that soaks is a rotation under way, whichever key was chosen")
    func soaking() throws {
        let (fixture, other) = try Self.fixture("\(RotationFixture.base) disabled:2026-11-22T10:00:00Z")
        fixture.simulation.with { $0.sandbox.setDisabled("\(other)", at: $0.now) }
        let wanted = try Self.hash(fixture)
        fixture.refused(.notYet) { () throws(StepError) in
            try fixture.create { $0.plan.predecessor = .hash(wanted) }
        }
    }

    @Test("--supersede takes every key, whichever was chosen")
    func supersede() throws {
        let (fixture, other) = try Self.fixture()
        let wanted = try Self.hash(fixture)
        try fixture.create {
            $0.supersedes = true
            $0.plan.predecessor = .hash(wanted)
        }
        #expect(try fixture.state().header.predecessors.map(\.hash) == [other, wanted])
        #expect(try fixture.state().header.leaves == [])
    }

    @Test("only what create saw and said stays: a key of that name that comes later stops retirement")
    func later() throws {
        let (fixture, _) = try Self.fixture()
        let wanted = try Self.hash(fixture)
        try fixture.create { $0.plan.predecessor = .hash(wanted) }
        try fixture.publishAndVerify()
        fixture.simulation.with { simulated in
            _ = simulated.sandbox.addKey(name: RotationFixture.base, at: simulated.now)
        }
        fixture.refused(.failed, "a live key that this rotation does not know") { () throws(StepError) in
            try fixture.retire()
        }
    }

    @Test("a handoff of another form than a list of keys is refused")
    func malformed() throws {
        let (fixture, _) = try Self.fixture()
        let wanted = try Self.hash(fixture)
        try fixture.create { $0.plan.predecessor = .hash(wanted) }
        let handoff = try #require(fixture.journal.handoff)
        let text = String(decoding: handoff.bytes(summary: [:]), as: UTF8.self)
        #expect(throws: Never.self) { try Handoff(parsing: Array(text.utf8)) }
        let wrong = text.replacing("\"leaves\": [", with: "\"leaves\": [7, ")
        #expect(wrong != text)
        #expect(throws: HandoffError.self) { try Handoff(parsing: Array(wrong.utf8)) }
    }
}
