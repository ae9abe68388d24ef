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
        let scene = try Scene()
        let line = Line(scene.world)
        try scene.create(line)
        #expect(line.exchanges.count == 4)
        #expect(scene.events == [.intended, .minted, .created])
        #expect(scene.world.writes() == ["POST", "PATCH"])
        let key = try #require(scene.world.value.keys.last)
        let created = try #require(try scene.state().created)
        #expect(created.hash.description == key.hash)
        #expect(created.digest == key.digest)
        #expect(key.name == created.name)
        #expect(key.limit == 25)
        #expect(key.limitReset == .monthly)
        #expect(key.expiresAt == nil)
        #expect(try scene.state().header.predecessors.map(\.name) == [Scene.base])
        #expect(try scene.state().isSealed)
    }

    @Test func theMintedKeyMayNotSpendUntilItIsRecorded() throws {
        let scene = try Scene()
        let line = Line(scene.world, faults: [3: .drop])
        scene.refused(.unreachable) { () throws(StepError) in try scene.create(line) }
        #expect(scene.events == [.intended, .minted])
        #expect(scene.world.value.keys.last?.limit == 0)
        #expect(scene.minting.count == 1)
    }

    @Test func aSecondRunHasNothingToDo() throws {
        let scene = try Scene()
        try scene.create()
        let before = scene.world.writes().count
        try scene.create()
        #expect(scene.sayings.done.last?.hasPrefix("nothing to do") == true)
        #expect(scene.world.writes(from: 0).count == before)
    }

    @Test func aDryRunDoesNothing() throws {
        let scene = try Scene()
        try scene.create(dryRun: true)
        #expect(scene.journal.handoff == nil)
        #expect(scene.world.writes() == [])
        #expect(scene.sayings.all.contains { if case .doing = $0 { true } else { false } })
    }

    /// How the predecessor may be named.
    enum Way: CaseIterable {
        case name, wholeName, hash, environment
    }

    @Test("the predecessor is found", arguments: Way.allCases)
    func predecessor(way: Way) throws {
        var scene = try Scene()
        let key = try #require(scene.world.value.keys.first)
        let hash = try #require(KeyHash(key.hash))
        switch way {
        case .name: scene.plan.predecessor = .name(Scene.base)
        case .wholeName:
            let name = "\(Scene.base) 2026-01-01 ork:01JDB000000000000000000000"
            scene.world.with { [now = scene.world.now] in $0.sandbox.rename(key.hash, name, at: now) }
            scene.plan.predecessor = .name(name)
        case .hash: scene.plan.predecessor = .hash(hash)
        case .environment:
            scene.plan.predecessor = .environment(try #require(EnvironmentName("OPENROUTER_API_KEY")))
        }
        try scene.create { options in
            if way == .environment { options.predecessorDigest = key.digest }
        }
        #expect(try scene.state().header.predecessors.map(\.hash) == [hash])
        #expect(try scene.state().header.base == Scene.base)
    }

    @Test func theFirstKeyOfALineageNeedsNone() throws {
        var scene = try Scene()
        scene.plan.predecessor = .none
        try scene.create()
        #expect(try scene.state().header.predecessors == [])
        #expect(scene.live.contains { $0.hasPrefix("checkout 2026-11-23 ork:") })
    }

    /// What is found of a lineage besides its live key, and what create says to it.
    struct Found: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let code: StepError.Code?
        /// How many predecessors there are with `--supersede`; `nil` if that refuses too.
        let superseded: Int?
        let hand: @Sendable (inout Things) -> Void
    }

    private static let minting = "\(Scene.base) 2026-11-23 ork:01JDB000000000000000000000 minting"
    private static let rotated = "\(Scene.base) 2026-11-20 ork:01JDB000000000000000000000"

    static let found: [Found] = [
        Found(testDescription: "nothing else", code: nil, superseded: 1) { _ in },
        Found(testDescription: "no live key", code: .failed, superseded: nil) { things in
            things.sandbox.delete(things.keys[0].hash, at: things.now)
        },
        Found(testDescription: "an expired key alone", code: .failed, superseded: nil) { things in
            things.sandbox.setExpiry(things.keys[0].hash, things.now.addingTimeInterval(-1))
        },
        Found(testDescription: "an expired key beside it", code: nil, superseded: 1) { things in
            things.sandbox.addKey(name: rotated, expiresAt: things.now.addingTimeInterval(-1))
        },
        Found(testDescription: "two live keys", code: .notYet, superseded: 2) { things in
            things.sandbox.addKey(name: rotated, at: things.now.addingTimeInterval(-60))
        },
        Found(testDescription: "a key that soaks", code: .notYet, superseded: 2) { things in
            let name = "\(rotated) disabled:2026-11-22T10:00:00Z"
            let key = things.sandbox.addKey(name: name, at: things.now.addingTimeInterval(-60))
            things.sandbox.setDisabled(key.hash, at: things.now)
        },
        Found(testDescription: "a key that soaks alone", code: .notYet, superseded: 1) { things in
            let hash = things.keys[0].hash
            things.sandbox.rename(hash, "\(Scene.base) disabled:2026-11-22T10:00:00Z", at: things.now)
            things.sandbox.setDisabled(hash, at: things.now)
        },
        Found(testDescription: "a key that somebody disabled", code: nil, superseded: 1) { things in
            let key = things.sandbox.addKey(name: rotated, at: things.now.addingTimeInterval(-60))
            things.sandbox.setDisabled(key.hash, at: things.now)
        },
        Found(testDescription: "a key that somebody disabled alone", code: .failed, superseded: nil) { things in
            things.sandbox.setDisabled(things.keys[0].hash, at: things.now)
        },
        Found(testDescription: "somebody's key that is minting", code: .notYet, superseded: 1) { things in
            things.sandbox.addKey(name: minting, limit: 0, at: things.now.addingTimeInterval(-600))
        },
        Found(testDescription: "a key that has been minting for hours", code: nil, superseded: 1) { things in
            things.sandbox.addKey(name: minting, limit: 0, at: things.now.addingTimeInterval(-7200))
        },
        Found(testDescription: "a key of another lineage", code: nil, superseded: 1) { things in
            things.sandbox.addKey(name: "\(Scene.base)-2", at: things.now)
        },
    ]

    @Test("create goes on, or refuses and changes nothing", arguments: found)
    func lineage(found: Found) throws {
        let scene = try Scene()
        scene.world.with { things in found.hand(&things) }
        guard let code = found.code else {
            try scene.create()
            #expect(scene.minting.isEmpty)
            #expect(try scene.state().header.predecessors.count == 1)
            return
        }
        scene.refused(code) { () throws(StepError) in try scene.create() }
        #expect(scene.journal.handoff == nil)
        #expect(scene.world.writes() == [])
    }

    @Test("--supersede makes every key a predecessor and deletes what was never handed out", arguments: found)
    func supersede(found: Found) throws {
        let scene = try Scene()
        scene.world.with { things in found.hand(&things) }
        guard let count = found.superseded else {
            scene.refused(.failed, "no live key") { () throws(StepError) in try scene.create { $0.supersedes = true } }
            #expect(scene.world.writes() == [])
            return
        }
        let live = scene.live
        try scene.create { $0.supersedes = true }
        #expect(try scene.state().header.predecessors.count == count)
        #expect(scene.minting.isEmpty)
        #expect(live.allSatisfy { scene.live.contains($0) })
    }

    @Test func aYoungForeignMintingKeySaysWhenToComeBack() throws {
        let scene = try Scene()
        scene.world.with { things in
            _ = things.sandbox.addKey(name: Self.minting, limit: 0, at: things.now.addingTimeInterval(-600))
        }
        let error = scene.refused(.notYet, "minting") { () throws(StepError) in try scene.create() }
        let comeBack = try #require(error?.retryAt)
        scene.world.sleep(until: comeBack)
        try scene.create()
        #expect(scene.events.contains(.stray))
    }

    @Test(
        "being named elsewhere refuses, --ignore-references goes on", arguments: ["guardrail", "BYOK", "destination"])
    func references(place: String) throws {
        let scene = try Scene()
        scene.world.with { things in
            let hash = things.keys[0].hash
            switch place {
            case "guardrail": things.sandbox.addGuardrail("spend", assignedTo: [hash])
            case "BYOK": things.sandbox.addProviderKey("openai", allowing: [hash])
            default: things.sandbox.addDestination("langfuse", observing: [hash])
            }
        }
        scene.refused(.failed, "is named by") { () throws(StepError) in try scene.create() }
        #expect(scene.world.writes() == [])
        try scene.create { $0.ignoresReferences = true }
        #expect(scene.sayings.warnings.contains { $0.contains("is named by") })
    }

    @Test func referencesToOthersDoNotMatter() throws {
        let scene = try Scene()
        scene.world.with { things in
            let other = things.sandbox.addKey(name: "other").hash
            things.sandbox.addGuardrail("spend", assignedTo: [other])
            things.sandbox.addDestination("langfuse", observing: nil)
        }
        try scene.create()
    }

    @Test func aFailingSurveyRefuses() throws {
        for status in [401, 403, 429, 503] {
            let scene = try Scene()
            let code: StepError.Code = status < 404 ? .denied : .unreachable
            scene.refused(code) { () throws(StepError) in
                try scene.create(Line(scene.world, faults: [1: .status(status)]))
            }
            #expect(scene.journal.handoff == nil)
        }
    }
}
