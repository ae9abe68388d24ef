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

/// A rotation that is published, used and verified.
func verified(
    _ things: Things = Things(), waves: KeyValuePairs<String, Int> = ["web": 1], change: (inout Plan) -> Void = { _ in }
) throws -> Scene {
    let scene = try Scene(World(things), waves: waves, change: change)
    try scene.create()
    try scene.publishAndVerify()
    return scene
}

/// The same, quiet for an hour since its first reading: what stands in the way of disabling now is not the time.
func quiet(
    _ things: Things = Things(), waves: KeyValuePairs<String, Int> = ["web": 1], change: (inout Plan) -> Void = { _ in }
) throws -> Scene {
    let scene = try verified(things, waves: waves, change: change)
    scene.refused(.notYet) { () throws(StepError) in try scene.retire() }
    scene.world.pass(3700)
    return scene
}

extension Scene {
    /// What OpenRouter says of the predecessor.
    var predecessor: ProviderKey? {
        world.value.sandbox.keys.first { !$0.isManagement && $0.createdAt < world.value.now - 50 * 86400 }
    }

    var successorHash: String { known?.created?.hash.description ?? "" }
}

@Suite(.tags(.values)) struct RetireTests {
    @Test func aPredecessorIsDisabledThenSoaksThenIsDeleted() throws {
        let scene = try quiet()
        let disabling = Line(scene.world)
        let error = scene.refused(.notYet, "soaks until") { () throws(StepError) in try scene.retire(disabling) }
        #expect(disabling.exchanges.count == 3)
        #expect(disabling.exchanges[1].map(\.method) == [.patch])
        #expect(scene.predecessor?.disabled == true)
        #expect(scene.predecessor?.name.contains(" disabled:2026-11-23T") == true)
        #expect(scene.predecessor?.deletedAt == nil)

        let early = Line(scene.world)
        scene.refused(.notYet, "soaks until") { () throws(StepError) in try scene.retire(early) }
        #expect(early.exchanges.count == 1)

        scene.world.sleep(until: try #require(error?.retryAt))
        let deleting = Line(scene.world)
        try scene.retire(deleting)
        #expect(deleting.exchanges.count == 3)
        #expect(deleting.exchanges[1].map(\.method) == [.delete])
        #expect(scene.predecessor?.deletedAt != nil)
        #expect(scene.events.suffix(3) == [.disabled, .deleted, .finished])
        #expect(scene.world.value.outages == [])

        let writes = scene.world.writes().count
        try scene.retire()
        #expect(scene.world.writes().count == writes)
        #expect(scene.sayings.done.last?.hasPrefix("nothing to do") == true)
    }

    @Test func withoutWindowsItGoesInOneRunOnTheSecondReading() throws {
        let scene = try verified { plan in
            plan.retire.overlap = .zero
            plan.retire.quietFor = Interval(seconds: 1)
            plan.retire.soak = .zero
        }
        scene.refused(.notYet, "quiet") { () throws(StepError) in try scene.retire() }
        let line = Line(scene.world)
        try scene.retire(line)
        #expect(line.exchanges.count == 5)
        #expect(scene.predecessor?.deletedAt != nil)
    }

    @Test func waitingGoesThroughByItself() throws {
        let scene = try verified()
        try scene.retireWaiting()
        #expect(try scene.state().isFinished)
        #expect(scene.live.count == 1)
    }

    @Test func aDryRunDoesNothing() throws {
        let scene = try quiet()
        let events = scene.events
        try scene.retire(dryRun: true)
        #expect(scene.predecessor?.disabled == false)
        #expect(scene.events == events)
        #expect(
            scene.sayings.all.contains { if case .doing(let text) = $0 { text.contains("disabling") } else { false } })
    }

    /// Something that stands in the way of disabling, put there when nothing else does.
    struct Obstacle: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let code: StepError.Code
        let text: String
        let hand: @Sendable (inout Things, _ predecessor: String, _ successor: String) -> Void
    }

    private static let rotated = "\(Scene.base) 2026-11-20 ork:01JDB000000000000000000000"

    /// These refuse before DELETE too.
    static let sicknesses: [Obstacle] = [
        Obstacle(testDescription: "the successor is disabled", code: .failed, text: "is disabled") {
            $0.sandbox.setDisabled($2, at: $0.now)
        },
        Obstacle(testDescription: "the successor is exhausted", code: .failed, text: "used up its limit") {
            $0.sandbox.setLimit($2, 1, at: $0.now)
        },
        Obstacle(testDescription: "the successor has expired", code: .failed, text: "has expired") {
            $0.sandbox.setExpiry($2, $0.now)
        },
        Obstacle(testDescription: "the successor expires within the soak", code: .failed, text: "within the soak") {
            $0.sandbox.setExpiry($2, $0.now.addingTimeInterval(7100))
        },
        Obstacle(testDescription: "the successor is minting", code: .failed, text: "not activated") { things, _, key in
            let name = things.sandbox.key(key)?.name ?? ""
            things.sandbox.rename(key, name + " minting", at: things.now)
        },
        Obstacle(testDescription: "the successor is gone", code: .failed, text: "has no key") {
            $0.sandbox.delete($2, at: $0.now)
        },
        Obstacle(testDescription: "a live stranger", code: .failed, text: "does not know") { things, _, _ in
            things.sandbox.addKey(name: rotated, at: things.now)
        },
    ]

    static let uses: [Obstacle] = [
        Obstacle(testDescription: "the predecessor is used", code: .notYet, text: "quiet") {
            things, key, _ in things.sandbox.use(key, cost: 1, at: things.now)
        },
        Obstacle(testDescription: "the predecessor is used for free", code: .notYet, text: "quiet") {
            things, key, _ in things.sandbox.use(key, model: "x:free", cost: 0, at: things.now)
        },
        Obstacle(testDescription: "the predecessor is used by BYOK", code: .notYet, text: "quiet") {
            things, key, _ in things.sandbox.use(key, cost: 0, byokCost: 1, at: things.now)
        },
    ]

    @Test("nothing is disabled", arguments: sicknesses + uses)
    func beforePatch(obstacle: Obstacle) throws {
        let scene = try quiet()
        let predecessor = try #require(scene.predecessor?.hash)
        scene.world.with { [hash = scene.successorHash] things in obstacle.hand(&things, predecessor, hash) }
        let writes = scene.world.writes().count
        scene.refused(obstacle.code, obstacle.text) { () throws(StepError) in try scene.retire() }
        #expect(scene.predecessor?.disabled == false)
        #expect(scene.world.writes().count == writes)
    }

    @Test("nothing is deleted", arguments: sicknesses)
    func beforeDelete(obstacle: Obstacle) throws {
        let scene = try quiet()
        scene.refused(.notYet, "soaks") { () throws(StepError) in try scene.retire() }
        scene.world.pass(3700)
        let predecessor = try #require(scene.predecessor?.hash)
        scene.world.with { [hash = scene.successorHash] things in obstacle.hand(&things, predecessor, hash) }
        scene.refused(obstacle.code, obstacle.text) { () throws(StepError) in try scene.retire() }
        #expect(scene.predecessor?.deletedAt == nil)
        // The way back is open.
        try scene.restore()
        #expect(scene.predecessor?.disabled == false)
    }

    @Test("what falls ill between PATCH and DELETE of one run is not deleted", arguments: sicknesses)
    func betweenPatchAndDelete(obstacle: Obstacle) throws {
        let scene = try verified { plan in
            plan.retire.overlap = .zero
            plan.retire.quietFor = Interval(seconds: 1)
            plan.retire.soak = .zero
        }
        scene.refused(.notYet) { () throws(StepError) in try scene.retire() }
        let predecessor = try #require(scene.predecessor?.hash)
        let line = Line(
            scene.world,
            before: [
                3: { [world = scene.world, hash = scene.successorHash] in
                    world.with { obstacle.hand(&$0, predecessor, hash) }
                }
            ])
        // With no soak, expiry within it is two hours too late for this one.
        guard obstacle.text != "within the soak" else { return }
        scene.refused(obstacle.code, obstacle.text) { () throws(StepError) in try scene.retire(line) }
        #expect(scene.predecessor?.deletedAt == nil)
    }

    @Test(
        "the signals that tell use from quiet", arguments: [false, true],
        [[false, false], [false, true], [true, false], [true, true]])
    func signals(omitsLastUsed: Bool, others: [Bool]) throws {
        let (refusesAnalytics, acceptsCostOnly) = (others[0], others[1])
        var things = Things()
        things.sandbox.behaviour.omitsLastUsed = omitsLastUsed
        things.sandbox.behaviour.refusesAnalytics = refusesAnalytics
        let scene = try verified(things) { $0.retire.acceptsCostOnly = acceptsCostOnly }
        let isBlind = omitsLastUsed && refusesAnalytics
        if isBlind, !acceptsCostOnly {
            scene.world.pass(3700)
            scene.refused(.notYet) { () throws(StepError) in try scene.retire() }
            scene.world.pass(120)
            scene.refused(.failed, "only what") { () throws(StepError) in try scene.retire() }
            #expect(scene.predecessor?.disabled == false)
            return
        }
        scene.refused(.notYet) { () throws(StepError) in try scene.retire() }
        scene.world.pass(3700)
        let hash = try #require(scene.predecessor?.hash)
        scene.world.with { $0.sandbox.use(hash, model: "x:free", cost: 0, at: $0.now) }
        scene.world.pass(1)
        if isBlind {
            scene.refused(.notYet, "soaks") { () throws(StepError) in try scene.retire() }
            return
        }
        // Free use is seen, and the quiet hour begins anew.
        scene.refused(.notYet) { () throws(StepError) in try scene.retire() }
        scene.world.pass(3000)
        scene.refused(.notYet) { () throws(StepError) in try scene.retire() }
        #expect(scene.predecessor?.disabled == false)
        scene.world.pass(3600)
        try scene.verify()
        for _ in 1...3 where scene.predecessor?.disabled == false {
            _ = try? scene.retire()
            scene.world.pass(3700)
        }
        #expect(scene.predecessor?.disabled == true)
    }

    @Test("quiet is measured by OpenRouter's clock", arguments: [-7200.0, -600, 600, 7200])
    func skewedClock(skew: TimeInterval) throws {
        var things = Things()
        things.skew = skew
        let scene = try verified(things) { $0.retire.overlap = .zero }
        scene.refused(.notYet, "quiet") { () throws(StepError) in try scene.retire() }
        scene.world.pass(3000)
        scene.refused(.notYet, "quiet") { () throws(StepError) in try scene.retire() }
        scene.world.pass(700)
        scene.refused(.notYet, "soaks") { () throws(StepError) in try scene.retire() }
        scene.world.pass(3000)
        scene.refused(.notYet, "soaks") { () throws(StepError) in try scene.retire() }
        scene.world.pass(700)
        try scene.retire()
    }

    @Test("a clock that is wrong does not hide the newest use", arguments: [-7200.0, -1800, 0, 1800])
    func wrongClock(skew: TimeInterval) throws {
        var things = Things()
        things.sandbox.behaviour.omitsLastUsed = true
        things.skew = skew
        let scene = try verified(things) { $0.retire.overlap = .zero }
        scene.refused(.notYet) { () throws(StepError) in try scene.retire() }
        scene.world.pass(3600)
        let hash = try #require(scene.predecessor?.hash)
        scene.world.with { $0.sandbox.use(hash, model: "x:free", cost: 0, at: $0.now) }
        scene.world.pass(60)
        scene.refused(.notYet, "quiet") { () throws(StepError) in try scene.retire() }
        #expect(scene.predecessor?.disabled == false)
        scene.world.pass(3700)
        scene.refused(.notYet, "soaks") { () throws(StepError) in try scene.retire() }
        #expect(scene.predecessor?.disabled == true)
    }

    @Test func usageThatShowsLateIsWaitedFor() throws {
        var things = Things()
        things.sandbox.behaviour.usageLag = 600
        let scene = try verified(things) { $0.retire.overlap = .zero }
        let hash = try #require(scene.predecessor?.hash)
        scene.world.with { $0.sandbox.use(hash, cost: 1, at: $0.now) }
        scene.refused(.notYet) { () throws(StepError) in try scene.retire() }
        scene.world.pass(3700)
        scene.refused(.notYet, "quiet") { () throws(StepError) in try scene.retire() }
        scene.world.pass(3700)
        scene.refused(.notYet, "soaks") { () throws(StepError) in try scene.retire() }
    }

    @Test func aStaleVerificationDoesNotPermitDisablingButDeleting() throws {
        let scene = try quiet { $0.verify.validFor = Interval(seconds: 7200) }
        scene.world.pass(7200)
        scene.refused(.notYet, "older than 2h") { () throws(StepError) in try scene.retire() }
        try scene.verify()
        scene.refused(.notYet, "soaks") { () throws(StepError) in try scene.retire() }
        scene.world.pass(90 * 86400)
        try scene.retire()
    }

    @Test func bothKeysStayAliveForTheOverlap() throws {
        let scene = try verified { $0.retire.overlap = Interval(seconds: 7200) }
        scene.refused(.notYet) { () throws(StepError) in try scene.retire() }
        scene.world.pass(3700)
        scene.refused(.notYet, "overlap 2h") { () throws(StepError) in try scene.retire() }
        #expect(scene.predecessor?.disabled == false)
    }

    @Test func aSuccessorThatNobodyUsesRetiresNobodyUnlessAccepted() throws {
        for accepts in [false, true] {
            let scene = try Scene { $0.retire.acceptsIdle = accepts }
            try scene.create()
            try scene.publish()
            try scene.verify()
            scene.world.pass(60)
            _ = try? scene.retire()
            scene.world.pass(3700)
            scene.refused(.notYet, accepts ? "soaks" : "has not been used") { () throws(StepError) in
                try scene.retire()
            }
            #expect(scene.predecessor?.disabled == accepts)
        }
    }

    @Test("approval binds disabling and deleting", arguments: [false, true])
    func approval(isDisabledByHand: Bool) throws {
        var scene = try quiet()
        scene.trust = Trust([.approve: [scene.identity.publicIdentity]], fallback: scene.identity.publicIdentity)
        if isDisabledByHand {
            let hash = try #require(scene.predecessor?.hash)
            scene.world.with { $0.sandbox.setDisabled(hash, at: $0.now) }
        }
        let writes = scene.world.writes().count
        scene.refused(.notYet, "approval") { () throws(StepError) in try scene.retire() }
        #expect(scene.world.writes().count == writes)
        try scene.approve()
        scene.refused(.notYet, "soaks") { () throws(StepError) in try scene.retire() }
        #expect(scene.predecessor?.disabled == true)
    }

    @Test func anApprovalIsVoidedByAnotherTarget() throws {
        var scene = try Scene()
        scene.trust = Trust([.approve: [scene.identity.publicIdentity]], fallback: scene.identity.publicIdentity)
        scene.journal = MemoryJournal(nil, scene.identity, scene.trust, scene.world)
        try scene.create()
        try scene.approve()
        #expect(try scene.state().isApproved(for: .retire))
        let late = try Scene.target("late")
        try scene.publish { $0.added = [late] }
        #expect(try !scene.state().isApproved(for: .retire))
    }

    @Test func otherAccountsManagementKeyRetiresNothing() throws {
        let scene = try quiet()
        let other = scene.world.with { $0.sandbox.addAccount() }
        #expect(throws: StepError.self) {
            try scene.retire(managementKey: other)
        }
        #expect(scene.predecessor?.disabled == false)
        #expect(!scene.events.contains(.deleted))
        #expect(!scene.events.contains(.finished))
    }

    @Test func severalPredecessorsGoEachOnItsOwnEvidence() throws {
        let world = World()
        let scene = try Scene(world)
        let busy = world.with { things in
            things.sandbox.addKey(name: Self.rotated, at: things.now.addingTimeInterval(-60)).hash
        }
        try scene.create { $0.supersedes = true }
        try scene.publishAndVerify()
        for _ in 1...4 {
            world.with { $0.sandbox.use(busy, cost: 1, at: $0.now) }
            scene.refused(.notYet) { () throws(StepError) in try scene.retire() }
            world.pass(3700)
        }
        #expect(scene.predecessor?.disabled == true)
        #expect(world.value.sandbox.key(busy)?.disabled == false)
        try scene.retireWaiting()
        #expect(scene.live.count == 1)
        #expect(world.value.sandbox.key(busy)?.deletedAt != nil)
    }

    @Test func aPredecessorThatSomebodyDisabledSoaksFromNow() throws {
        let scene = try quiet()
        let hash = try #require(scene.predecessor?.hash)
        scene.world.with { $0.sandbox.setDisabled(hash, at: $0.now.addingTimeInterval(-7200)) }
        let line = Line(scene.world)
        scene.refused(.notYet, "soaks") { () throws(StepError) in try scene.retire(line) }
        #expect(scene.predecessor?.deletedAt == nil)
        #expect(scene.predecessor?.name.contains(" disabled:") == true)
    }

    @Test func aPredecessorThatSomebodyEnablesAtThatMomentStaysEnabled() throws {
        let scene = try quiet()
        let hash = try #require(scene.predecessor?.hash)
        scene.world.with { $0.sandbox.setDisabled(hash, at: $0.now) }
        let enabling: @Sendable () -> Void = { [world = scene.world] in
            world.with { $0.sandbox.setDisabled(hash, false, at: $0.now) }
        }
        scene.refused(.notYet) { () throws(StepError) in
            try scene.retire(Line(scene.world, before: [2: enabling]))
        }
        #expect(scene.predecessor?.disabled == false)
    }

    @Test func aPredecessorThatIsGoneIsNoneToRetire() throws {
        let scene = try verified()
        let hash = try #require(scene.predecessor?.hash)
        scene.world.with { $0.sandbox.delete(hash, at: $0.now) }
        try scene.retire()
        #expect(scene.events.suffix(2) == [.deleted, .finished])
        #expect(scene.sayings.done.contains { $0.contains("does not exist any more") })
    }

    @Test func aRestoredPredecessorIsHeldUntilANewerVerification() throws {
        let scene = try quiet()
        scene.refused(.notYet, "soaks") { () throws(StepError) in try scene.retire() }
        // Verified while it soaks, then somebody finds the trouble.
        try scene.verify { $0.keepsSecret = true }
        scene.world.pass(1800)
        try scene.restore()
        #expect(scene.predecessor?.disabled == false)
        scene.refused(.notYet, "held") { () throws(StepError) in try scene.retire() }
        scene.world.pass(3700)
        scene.refused(.notYet, "held") { () throws(StepError) in try scene.retire() }
        scene.refused(.notYet, "held") { () throws(StepError) in try scene.retire { $0.again = true } }
        try scene.verify()
        scene.refused(.notYet, "held") { () throws(StepError) in try scene.retire() }
        scene.refused(.notYet, "soaks") { () throws(StepError) in try scene.retire { $0.again = true } }
        #expect(scene.predecessor?.disabled == true)
    }

    @Test func aPredecessorRestoredByHandIsHeldToo() throws {
        let scene = try quiet()
        scene.refused(.notYet, "soaks") { () throws(StepError) in try scene.retire() }
        let hash = try #require(scene.predecessor?.hash)
        scene.world.with { $0.sandbox.setDisabled(hash, false, at: $0.now) }
        scene.world.pass(7200)
        scene.refused(.notYet, "held") { () throws(StepError) in try scene.retire() }
        #expect(scene.predecessor?.disabled == false)
    }

    @Test func restoringHasNothingToDoOrSaysWhatCannotBeDone() throws {
        let scene = try quiet()
        try scene.restore()
        #expect(scene.sayings.done.last?.hasPrefix("nothing to do") == true)
        scene.refused(.notYet, "soaks") { () throws(StepError) in try scene.retire() }
        try scene.restore(dryRun: true)
        #expect(scene.predecessor?.disabled == true)
        scene.refused(.unreachable) { () throws(StepError) in
            try scene.restore(Line(scene.world, faults: [2: .loseReply]))
        }
        #expect(scene.predecessor?.disabled == false)
        try scene.restore()
        let hash = try #require(scene.predecessor?.hash)
        scene.world.with { $0.sandbox.delete(hash, at: $0.now) }
        try scene.restore()
        #expect(scene.sayings.warnings.contains { $0.contains("cannot be restored") })
    }

    @Test func aCompromisedPredecessorGoesAtOnceOnceTheSuccessorIsPublished() throws {
        let scene = try Scene()
        try scene.create()
        scene.refused(.notYet, "not every target") { () throws(StepError) in
            try scene.retire { $0.isCompromised = true }
        }
        #expect(scene.predecessor?.disabled == false)
        try scene.publish()
        try scene.retire { $0.isCompromised = true }
        #expect(scene.predecessor?.deletedAt != nil)
        #expect(scene.sayings.warnings.contains { $0.contains("--compromised") })
        #expect(scene.world.value.outages == [])
    }

    @Test("a lost exchange, and the next run goes on", arguments: 1...3, [Line.Fault.drop, .loseReply, .status(503)])
    func lostWhileDisabling(exchange: Int, fault: Line.Fault) throws {
        let scene = try quiet()
        scene.refused(.unreachable) { () throws(StepError) in
            try scene.retire(Line(scene.world, faults: [exchange: fault]))
        }
        try scene.retireWaiting()
        #expect(scene.predecessor?.deletedAt != nil)
        let soaked = scene.predecessor?.deletedAt?.timeIntervalSince(scene.predecessor?.updatedAt ?? .distantPast)
        #expect(soaked ?? 0 >= 3600)
        #expect(try scene.state().isFinished)
    }

    @Test("a lost exchange while deleting", arguments: 1...3, [Line.Fault.drop, .loseReply, .status(503)])
    func lostWhileDeleting(exchange: Int, fault: Line.Fault) throws {
        let scene = try quiet()
        scene.refused(.notYet, "soaks") { () throws(StepError) in try scene.retire() }
        scene.world.pass(3700)
        scene.refused(.unreachable) { () throws(StepError) in
            try scene.retire(Line(scene.world, faults: [exchange: fault]))
        }
        try scene.retire()
        #expect(try scene.state().isFinished)
        #expect(scene.live.count == 1)
    }

    @Test("the journal fails while retiring", arguments: 1...2)
    func journal(failing: Int) throws {
        let scene = try quiet { $0.retire.soak = .zero }
        let broken = scene.failing(failing)
        broken.refused(.failed, "disk is full") { () throws(StepError) in try broken.retire() }
        let again = scene.beside(broken.journal.handoff)
        try again.retire()
        #expect(try again.state().isFinished)
        #expect(again.live.count == 1)
    }

    @Test func aRotationWithoutPredecessorsFinishesWhenItIsVerified() throws {
        let scene = try Scene(waves: ["fresh": 1]) { $0.predecessor = .none }
        scene.world.with { $0.places = [:] }
        try scene.create()
        try scene.publish()
        scene.refused(.notYet, "not been verified") { () throws(StepError) in try scene.retire() }
        try scene.verify()
        try scene.retire()
        #expect(scene.events.last == .finished)
    }
}
