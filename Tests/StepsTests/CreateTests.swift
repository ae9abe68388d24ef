import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import OpenRouterSandbox
import PublisherKit
import Rotation
import Secrets
import Sodium
import Steps
import Synchronization
import Testing
import Timestamps

struct CreateTests {
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

struct SettingsTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let plan: @Sendable (inout Plan.Successor) -> Void
        /// What must be true of the key that was made.
        let check: @Sendable (ProviderKey) -> [Bool]
    }

    static let rows: [Row] = [
        Row(testDescription: "everything is inherited", plan: { _ in }) {
            [$0.limit == 25, $0.limitReset == .monthly, $0.includesBYOK, $0.creator == "user_other", lives($0, 90)]
        },
        Row(testDescription: "the limit is set", plan: { $0.limit = .set(.init("12.50")) }) {
            [$0.limit?.json.number?.text == "12.5", $0.limitReset == .monthly]
        },
        Row(testDescription: "there is no limit", plan: { $0.limit = .set(nil) }) { [$0.limit == nil] },
        Row(testDescription: "the limit is never reset", plan: { $0.limitReset = .set(nil) }) {
            [$0.limitReset == nil]
        },
        Row(testDescription: "the limit is reset daily", plan: { $0.limitReset = .set(.daily) }) {
            [$0.limitReset == .daily]
        },
        Row(testDescription: "BYOK does not count", plan: { $0.includeBYOKInLimit = .set(false) }) {
            [!$0.includesBYOK]
        },
        Row(testDescription: "it never expires", plan: { $0.expiresIn = .set(nil) }) { [$0.expiresAt == nil] },
        Row(testDescription: "it lives for a day", plan: { $0.expiresIn = .set(Interval(seconds: 86400)) }) {
            [lives($0, 1)]
        },
    ]

    /// The expiry is asked for by OpenRouter's clock, a second or two before the key is made.
    private static func lives(_ key: ProviderKey, _ days: Double) -> Bool {
        key.expiresAt.map { abs($0.timeIntervalSince(key.createdAt) - days * 86400) < 5 } ?? false
    }

    @Test("the successor's settings", arguments: rows)
    func settings(row: Row) throws {
        let world = World()
        let workspace = world.with { things in
            let workspace = things.sandbox.addWorkspace("Shop")
            // Ninety days of life, of which thirty are left.
            things.sandbox.addKey(
                name: Scene.base, limit: 25, limitReset: .monthly, includesBYOK: true,
                expiresAt: things.now.addingTimeInterval(30 * 86400), creator: "user_other", workspace: workspace,
                at: things.now.addingTimeInterval(-60 * 86400))
            return workspace
        }
        let scene = try Scene(world) { plan in
            plan.workspace = workspace
            row.plan(&plan.successor)
        }
        try scene.create()
        let key = try #require(scene.world.value.keys.last)
        #expect(scene.world.value.keys.count == 2)
        #expect(key.workspace == workspace)
        #expect(row.check(key).allSatisfy { $0 })
    }

    @Test func aPredecessorByHashBringsItsWorkspace() throws {
        let world = World()
        let (workspace, hash) = world.with { things in
            let workspace = things.sandbox.addWorkspace("Shop")
            return (workspace, things.sandbox.addKey(name: Scene.base, workspace: workspace).hash)
        }
        var scene = try Scene(world)
        scene.plan.predecessor = .hash(try #require(KeyHash(hash)))
        try scene.create()
        #expect(world.value.keys.last?.workspace == workspace)
        #expect(try scene.state().header.workspace == workspace)
    }

    @Test func aSettingThatWasNotAppliedDeletesTheKeyAgain() throws {
        let scene = try Scene { $0.successor.limitReset = .set(.daily) }
        // The key cannot be seen between POST and its answer, so the answer itself is what deviates.
        let line = Deviating(scene.world)
        let name = try #require(PlanName("checkout"))
        scene.refused(.failed, "another limit_reset") { () throws(StepError) in
            try CreateStep(
                context: StepContext(
                    journal: scene.journal, trust: scene.trust, clock: scene.world,
                    client: .init(transport: line), tell: scene.sayings.hear),
                api: scene.api, options: .init(name: name, plan: scene.plan)
            ).run()
        }
        #expect(scene.world.value.keys.count == 1)
        #expect(scene.events == [.intended, .stray])
    }

    @Test func aHashThatIsNotTheDigestIsWarnedAbout() throws {
        var things = Things()
        things.sandbox.behaviour.hashesDiffer = true
        let scene = try Scene(World(things))
        try scene.create()
        #expect(scene.sayings.warnings.contains { $0.contains("not the SHA-256") })
        let created = try #require(try scene.state().created)
        #expect(created.hash.description != created.digest.hex)
        #expect(created.hash.description == scene.world.value.keys.last?.hash)
    }
}
