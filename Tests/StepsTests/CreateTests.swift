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

@Suite(.tags(.values)) struct CreateTests {
    @Test func aSuccessorIsMintedInFourRoundTrips() throws {
        let fixture = try RotationFixture()
        let transport = FakeTransport(fixture.simulation)
        try fixture.create(transport)
        #expect(transport.exchanges.count == 4)
        #expect(fixture.events == [.intended, .minted, .created])
        #expect(fixture.simulation.writes() == ["POST", "PATCH"])
        let key = try #require(fixture.simulation.value.keys.last)
        let created = try #require(try fixture.state().created)
        #expect(created.hash.description == key.hash)
        #expect(created.digest == key.digest)
        #expect(key.name == created.name)
        #expect(key.limit == 25)
        #expect(key.limitReset == .monthly)
        #expect(key.expiresAt == nil)
        #expect(try fixture.state().header.predecessors.map(\.name) == [RotationFixture.base])
        #expect(try fixture.state().isSealed)
    }

    @Test func theMintedKeyMayNotSpendUntilItIsRecorded() throws {
        let fixture = try RotationFixture()
        let transport = FakeTransport(fixture.simulation, faults: [3: .drop])
        fixture.refused(.unreachable) { () throws(StepError) in try fixture.create(transport) }
        #expect(fixture.events == [.intended, .minted])
        #expect(fixture.simulation.value.keys.last?.limit == 0)
        #expect(fixture.minting.count == 1)
    }

    @Test func aSecondRunHasNothingToDo() throws {
        let fixture = try RotationFixture()
        try fixture.create()
        let before = fixture.simulation.writes().count
        try fixture.create()
        #expect(fixture.announcements.done.last?.hasPrefix("nothing to do") == true)
        #expect(fixture.simulation.writes(from: 0).count == before)
    }

    @Test func aDryRunDoesNothing() throws {
        let fixture = try RotationFixture()
        try fixture.create(dryRun: true)
        #expect(fixture.journal.handoff == nil)
        #expect(fixture.simulation.writes() == [])
        #expect(fixture.announcements.all.contains { if case .doing = $0 { true } else { false } })
    }

    /// How the predecessor may be named.
    enum Way: CaseIterable {
        case name, wholeName, hash, environment
    }

    @Test("the predecessor is found", arguments: Way.allCases)
    func predecessor(way: Way) throws {
        var fixture = try RotationFixture()
        let key = try #require(fixture.simulation.value.keys.first)
        let hash = try #require(KeyHash(key.hash))
        switch way {
        case .name: fixture.plan.predecessor = .name(RotationFixture.base)
        case .wholeName:
            let name = "\(RotationFixture.base) 2026-01-01 ork:01JDB000000000000000000000"
            fixture.simulation.with { [now = fixture.simulation.now] in $0.sandbox.rename(key.hash, name, at: now) }
            fixture.plan.predecessor = .name(name)
        case .hash: fixture.plan.predecessor = .hash(hash)
        case .environment:
            fixture.plan.predecessor = .environment(try #require(EnvironmentName("OPENROUTER_API_KEY")))
        }
        try fixture.create { options in
            if way == .environment { options.predecessorDigest = key.digest }
        }
        #expect(try fixture.state().header.predecessors.map(\.hash) == [hash])
        #expect(try fixture.state().header.base == RotationFixture.base)
    }

    @Test func theFirstKeyOfALineageNeedsNone() throws {
        var fixture = try RotationFixture()
        fixture.plan.predecessor = .none
        try fixture.create()
        #expect(try fixture.state().header.predecessors == [])
        #expect(fixture.live.contains { $0.hasPrefix("checkout 2026-11-23 ork:") })
    }

    /// What is found of a lineage besides its live key, and what create says to it.
    struct Found: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let code: StepError.Code?
        /// How many predecessors there are with `--supersede`; `nil` if that refuses too.
        let superseded: Int?
        let hand: @Sendable (inout SimulatedState) -> Void
    }

    private static let minting = "\(RotationFixture.base) 2026-11-23 ork:01JDB000000000000000000000 minting"
    private static let rotated = "\(RotationFixture.base) 2026-11-20 ork:01JDB000000000000000000000"

    static let found: [Found] = [
        Found(testDescription: "nothing else", code: nil, superseded: 1) { _ in },
        Found(testDescription: "no live key", code: .failed, superseded: nil) { simulated in
            simulated.sandbox.delete(simulated.keys[0].hash, at: simulated.now)
        },
        Found(testDescription: "an expired key alone", code: .failed, superseded: nil) { simulated in
            simulated.sandbox.setExpiry(simulated.keys[0].hash, simulated.now.addingTimeInterval(-1))
        },
        Found(testDescription: "an expired key beside it", code: nil, superseded: 1) { simulated in
            simulated.sandbox.addKey(name: rotated, expiresAt: simulated.now.addingTimeInterval(-1))
        },
        Found(testDescription: "two live keys", code: .notYet, superseded: 2) { simulated in
            simulated.sandbox.addKey(
                name: rotated, limit: 25, limitReset: .monthly, at: simulated.now.addingTimeInterval(-60))
        },
        Found(testDescription: "a key that soaks", code: .notYet, superseded: 2) { simulated in
            let name = "\(rotated) disabled:2026-11-22T10:00:00Z"
            let key = simulated.sandbox.addKey(name: name, at: simulated.now.addingTimeInterval(-60))
            simulated.sandbox.setDisabled(key.hash, at: simulated.now)
        },
        Found(testDescription: "a key that soaks alone", code: .notYet, superseded: 1) { simulated in
            let hash = simulated.keys[0].hash
            simulated.sandbox.rename(hash, "\(RotationFixture.base) disabled:2026-11-22T10:00:00Z", at: simulated.now)
            simulated.sandbox.setDisabled(hash, at: simulated.now)
        },
        Found(testDescription: "a key that somebody disabled", code: nil, superseded: 1) { simulated in
            let key = simulated.sandbox.addKey(name: rotated, at: simulated.now.addingTimeInterval(-60))
            simulated.sandbox.setDisabled(key.hash, at: simulated.now)
        },
        Found(testDescription: "a key that somebody disabled alone", code: .failed, superseded: nil) { simulated in
            simulated.sandbox.setDisabled(simulated.keys[0].hash, at: simulated.now)
        },
        Found(testDescription: "somebody's key that is minting", code: .notYet, superseded: 1) { simulated in
            simulated.sandbox.addKey(name: minting, limit: 0, at: simulated.now.addingTimeInterval(-600))
        },
        Found(testDescription: "a key that has been minting for hours", code: nil, superseded: 1) { simulated in
            simulated.sandbox.addKey(name: minting, limit: 0, at: simulated.now.addingTimeInterval(-7200))
        },
        Found(testDescription: "a key of another lineage", code: nil, superseded: 1) { simulated in
            simulated.sandbox.addKey(name: "\(RotationFixture.base)-2", at: simulated.now)
        },
    ]

    @Test("create goes on, or refuses and changes nothing", arguments: found)
    func lineage(found: Found) throws {
        let fixture = try RotationFixture()
        fixture.simulation.with { simulated in found.hand(&simulated) }
        guard let code = found.code else {
            try fixture.create()
            #expect(fixture.minting.isEmpty)
            #expect(try fixture.state().header.predecessors.count == 1)
            return
        }
        fixture.refused(code) { () throws(StepError) in try fixture.create() }
        #expect(fixture.journal.handoff == nil)
        #expect(fixture.simulation.writes() == [])
    }

    @Test("--supersede makes every key a predecessor and deletes what was never handed out", arguments: found)
    func supersede(found: Found) throws {
        let fixture = try RotationFixture()
        fixture.simulation.with { simulated in found.hand(&simulated) }
        guard let count = found.superseded else {
            fixture.refused(.failed, "no live key") { () throws(StepError) in
                try fixture.create { $0.supersedes = true }
            }
            #expect(fixture.simulation.writes() == [])
            return
        }
        let live = fixture.live
        try fixture.create { $0.supersedes = true }
        #expect(try fixture.state().header.predecessors.count == count)
        #expect(fixture.minting.isEmpty)
        #expect(live.allSatisfy { fixture.live.contains($0) })
    }

    @Test func aYoungForeignMintingKeySaysWhenToComeBack() throws {
        let fixture = try RotationFixture()
        fixture.simulation.with { simulated in
            _ = simulated.sandbox.addKey(name: Self.minting, limit: 0, at: simulated.now.addingTimeInterval(-600))
        }
        let error = fixture.refused(.notYet, "minting") { () throws(StepError) in try fixture.create() }
        let comeBack = try #require(error?.retryAt)
        fixture.simulation.sleep(until: comeBack)
        try fixture.create()
        #expect(fixture.events.contains(.stray))
    }

    @Test(
        "being named elsewhere refuses where the plan says so, --ignore-references goes on",
        arguments: ["guardrail", "BYOK", "destination"])
    func references(place: String) throws {
        let fixture = try RotationFixture {
            $0.successor.references.guardrail = .refuse
            $0.successor.references.byok = .refuse
            $0.successor.references.observability = .refuse
        }
        fixture.simulation.with { simulated in
            let hash = simulated.keys[0].hash
            switch place {
            case "guardrail": simulated.sandbox.addGuardrail("spend", assignedTo: [hash])
            case "BYOK": simulated.sandbox.addProviderKey("openai", allowing: [hash])
            default: simulated.sandbox.addDestination("langfuse", observing: [hash])
            }
        }
        fixture.refused(.failed, "is named by") { () throws(StepError) in try fixture.create() }
        #expect(fixture.simulation.writes() == [])
        try fixture.create { $0.ignoresReferences = true }
        #expect(fixture.announcements.warnings.contains { $0.contains("is named by") })
    }

    @Test func referencesToOthersDoNotMatter() throws {
        let fixture = try RotationFixture()
        fixture.simulation.with { simulated in
            let other = simulated.sandbox.addKey(name: "other").hash
            simulated.sandbox.addGuardrail("spend", assignedTo: [other])
            simulated.sandbox.addDestination("langfuse", observing: nil)
        }
        try fixture.create()
    }

    @Test func aFailingSurveyRefuses() throws {
        for status in [401, 403, 429, 503] {
            let fixture = try RotationFixture()
            let code: StepError.Code = status < 404 ? .denied : .unreachable
            fixture.refused(code) { () throws(StepError) in
                try fixture.create(FakeTransport(fixture.simulation, faults: [1: .status(status)]))
            }
            #expect(fixture.journal.handoff == nil)
        }
    }
}
