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
    _ simulated: SimulatedState = SimulatedState(), waves: KeyValuePairs<String, Int> = ["web": 1],
    change: (inout Plan) -> Void = { _ in }
) throws -> RotationFixture {
    let fixture = try RotationFixture(Simulation(simulated), waves: waves, change: change)
    try fixture.create()
    try fixture.publishAndVerify()
    return fixture
}

/// The same, quiet for an hour since its first reading: what stands in the way of disabling now is not the time.
func quiet(
    _ simulated: SimulatedState = SimulatedState(), waves: KeyValuePairs<String, Int> = ["web": 1],
    change: (inout Plan) -> Void = { _ in }
) throws -> RotationFixture {
    let fixture = try verified(simulated, waves: waves, change: change)
    fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
    fixture.simulation.pass(3700)
    return fixture
}

extension RotationFixture {
    /// What OpenRouter says of the predecessor.
    var predecessor: ProviderKey? {
        simulation.value.sandbox.keys.first { !$0.isManagement && $0.createdAt < simulation.value.now - 50 * 86400 }
    }

    var successorHash: String { known?.created?.hash.description ?? "" }
}

@Suite(.tags(.values)) struct RetireTests {
    @Test func aPredecessorIsDisabledThenSoaksThenIsDeleted() throws {
        let fixture = try quiet()
        let disabling = FakeTransport(fixture.simulation)
        let error = fixture.refused(.notYet, "soaks until") { () throws(StepError) in try fixture.retire(disabling) }
        #expect(disabling.exchanges.count == 3)
        #expect(disabling.exchanges[1].map(\.method) == [.patch])
        #expect(fixture.predecessor?.disabled == true)
        #expect(fixture.predecessor?.name.contains(" disabled:2026-11-23T") == true)
        #expect(fixture.predecessor?.deletedAt == nil)

        let early = FakeTransport(fixture.simulation)
        fixture.refused(.notYet, "soaks until") { () throws(StepError) in try fixture.retire(early) }
        #expect(early.exchanges.count == 1)

        fixture.simulation.sleep(until: try #require(error?.retryAt))
        let deleting = FakeTransport(fixture.simulation)
        try fixture.retire(deleting)
        #expect(deleting.exchanges.count == 3)
        #expect(deleting.exchanges[1].map(\.method) == [.delete])
        #expect(fixture.predecessor?.deletedAt != nil)
        #expect(fixture.events.suffix(3) == [.disabled, .deleted, .finished])
        #expect(fixture.simulation.value.outages == [])

        let writes = fixture.simulation.writes().count
        try fixture.retire()
        #expect(fixture.simulation.writes().count == writes)
        #expect(fixture.announcements.done.last?.hasPrefix("nothing to do") == true)
    }

    @Test func withoutWindowsItGoesInOneRunOnTheSecondReading() throws {
        let fixture = try verified { plan in
            plan.retire.overlap = .zero
            plan.retire.quietFor = Interval(seconds: 1)
            plan.retire.soak = .zero
        }
        fixture.refused(.notYet, "quiet") { () throws(StepError) in try fixture.retire() }
        let transport = FakeTransport(fixture.simulation)
        try fixture.retire(transport)
        #expect(transport.exchanges.count == 5)
        #expect(fixture.predecessor?.deletedAt != nil)
    }

    @Test func waitingGoesThroughByItself() throws {
        let fixture = try verified()
        try fixture.retireWaiting()
        #expect(try fixture.state().isFinished)
        #expect(fixture.live.count == 1)
    }

    @Test func aDryRunDoesNothing() throws {
        let fixture = try quiet()
        let events = fixture.events
        try fixture.retire(dryRun: true)
        #expect(fixture.predecessor?.disabled == false)
        #expect(fixture.events == events)
        #expect(
            fixture.announcements.all.contains {
                if case .doing(let text) = $0 { text.hasPrefix("would disable checkout-prod") } else { false }
            })
    }

    /// Something that stands in the way of disabling, put there when nothing else does.
    struct Obstacle: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let code: StepError.Code
        let text: String
        let hand: @Sendable (inout SimulatedState, _ predecessor: String, _ successor: String) -> Void
    }

    private static let rotated = "\(RotationFixture.base) 2026-11-20 ork:01JDB000000000000000000000"

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
        Obstacle(testDescription: "the successor is minting", code: .failed, text: "not activated") {
            simulated, _, key in
            let name = simulated.sandbox.key(key)?.name ?? ""
            simulated.sandbox.rename(key, name + " minting", at: simulated.now)
        },
        Obstacle(testDescription: "the successor is gone", code: .failed, text: "has no key") {
            $0.sandbox.delete($2, at: $0.now)
        },
        Obstacle(testDescription: "a live stranger", code: .failed, text: "does not know") { simulated, _, _ in
            simulated.sandbox.addKey(name: rotated, at: simulated.now)
        },
    ]

    static let uses: [Obstacle] = [
        Obstacle(testDescription: "the predecessor is used", code: .notYet, text: "quiet") {
            simulated, key, _ in simulated.sandbox.use(key, cost: 1, at: simulated.now)
        },
        Obstacle(testDescription: "the predecessor is used for free", code: .notYet, text: "quiet") {
            simulated, key, _ in simulated.sandbox.use(key, model: "x:free", cost: 0, at: simulated.now)
        },
        Obstacle(testDescription: "the predecessor is used by BYOK", code: .notYet, text: "quiet") {
            simulated, key, _ in simulated.sandbox.use(key, cost: 0, byokCost: 1, at: simulated.now)
        },
    ]

    @Test("nothing is disabled", arguments: sicknesses + uses)
    func beforePatch(obstacle: Obstacle) throws {
        let fixture = try quiet()
        let predecessor = try #require(fixture.predecessor?.hash)
        fixture.simulation.with { [hash = fixture.successorHash] simulated in
            obstacle.hand(&simulated, predecessor, hash)
        }
        let writes = fixture.simulation.writes().count
        fixture.refused(obstacle.code, obstacle.text) { () throws(StepError) in try fixture.retire() }
        #expect(fixture.predecessor?.disabled == false)
        #expect(fixture.simulation.writes().count == writes)
    }

    @Test("nothing is deleted", arguments: sicknesses)
    func beforeDelete(obstacle: Obstacle) throws {
        let fixture = try quiet()
        fixture.refused(.notYet, "soaks") { () throws(StepError) in try fixture.retire() }
        fixture.simulation.pass(3700)
        let predecessor = try #require(fixture.predecessor?.hash)
        fixture.simulation.with { [hash = fixture.successorHash] simulated in
            obstacle.hand(&simulated, predecessor, hash)
        }
        fixture.refused(obstacle.code, obstacle.text) { () throws(StepError) in try fixture.retire() }
        #expect(fixture.predecessor?.deletedAt == nil)
        // The way back is open.
        try fixture.restore()
        #expect(fixture.predecessor?.disabled == false)
    }

    @Test("what falls ill between PATCH and DELETE of one run is not deleted", arguments: sicknesses)
    func betweenPatchAndDelete(obstacle: Obstacle) throws {
        let fixture = try verified { plan in
            plan.retire.overlap = .zero
            plan.retire.quietFor = Interval(seconds: 1)
            plan.retire.soak = .zero
        }
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        let predecessor = try #require(fixture.predecessor?.hash)
        let transport = FakeTransport(
            fixture.simulation,
            before: [
                3: { [simulation = fixture.simulation, hash = fixture.successorHash] in
                    simulation.with { obstacle.hand(&$0, predecessor, hash) }
                }
            ])
        // With no soak, expiry within it is two hours too late for this one.
        guard obstacle.text != "within the soak" else { return }
        fixture.refused(obstacle.code, obstacle.text) { () throws(StepError) in try fixture.retire(transport) }
        #expect(fixture.predecessor?.deletedAt == nil)
    }

    @Test(
        "the signals that tell use from quiet", arguments: [false, true],
        [[false, false], [false, true], [true, false], [true, true]])
    func signals(omitsLastUsed: Bool, others: [Bool]) throws {
        let (refusesAnalytics, acceptsCostOnly) = (others[0], others[1])
        var simulated = SimulatedState()
        simulated.sandbox.behaviour.omitsLastUsed = omitsLastUsed
        simulated.sandbox.behaviour.refusesAnalytics = refusesAnalytics
        let fixture = try verified(simulated) { $0.retire.acceptsCostOnly = acceptsCostOnly }
        let isBlind = omitsLastUsed && refusesAnalytics
        if isBlind, !acceptsCostOnly {
            fixture.simulation.pass(3700)
            fixture.refused(.failed, "only what") { () throws(StepError) in try fixture.retire() }
            #expect(fixture.predecessor?.disabled == false)
            return
        }
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        fixture.simulation.pass(3700)
        let hash = try #require(fixture.predecessor?.hash)
        fixture.simulation.with { $0.sandbox.use(hash, model: "x:free", cost: 0, at: $0.now) }
        fixture.simulation.pass(1)
        if isBlind {
            fixture.refused(.notYet, "soaks") { () throws(StepError) in try fixture.retire() }
            return
        }
        // Free use is seen, and the quiet hour begins anew.
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        fixture.simulation.pass(3000)
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        #expect(fixture.predecessor?.disabled == false)
        fixture.simulation.pass(3600)
        try fixture.verify()
        for _ in 1...3 where fixture.predecessor?.disabled == false {
            _ = try? fixture.retire()
            fixture.simulation.pass(3700)
        }
        #expect(fixture.predecessor?.disabled == true)
    }

    @Test(
        "a quiet day is shown by analytics alone where the last use is not reported, and one free request ends it",
        arguments: [nil, 1, 20] as [Double?])
    func quietDay(usedAfter hours: Double?) throws {
        var simulated = SimulatedState()
        simulated.sandbox.behaviour.omitsLastUsed = true
        let fixture = try verified(simulated) {
            $0.retire.quietFor = Interval(seconds: 86400)
            $0.verify.validFor = Interval(seconds: 7 * 86400)
        }
        // The hour of a reading counts whole, so the first one is of an hour that had no use before it.
        fixture.simulation.pass(3600)
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        if let hours {
            fixture.simulation.pass(hours * 3600)
            let hash = try #require(fixture.predecessor?.hash)
            fixture.simulation.with { $0.sandbox.use(hash, model: "x:free", cost: 0, at: $0.now) }
        }
        fixture.simulation.pass((24.1 - (hours ?? 0)) * 3600)
        fixture.refused(.notYet, hours == nil ? "soaks" : "must have been quiet for") { () throws(StepError) in
            try fixture.retire()
        }
        #expect(fixture.predecessor?.disabled == (hours == nil))
        let evidence = fixture.journal.handoff?.records.last { $0.event == .disabled }?.detail["quiet"]
        #expect(evidence?["signals"] == (hours == nil ? ["cost", "analytics"] : nil))
        let log = fixture.simulation.value.sandbox.log.filter { $0.path == "/analytics/query" }
        #expect(!log.isEmpty && log.allSatisfy { $0.status == 200 })
    }

    @Test("a quiet time that is shorter than the key's own pauses is warned about, once", arguments: [1, 50])
    func pauses(quietHours: Int) throws {
        var simulated = SimulatedState()
        let start = simulated.now
        let key = simulated.sandbox.addKey(name: "checkout-prod", limit: 25, at: start.addingTimeInterval(-100 * 86400))
        for day in [3.0, 1, 0.001] {
            simulated.sandbox.use(key.hash, cost: 1, at: start.addingTimeInterval(-day * 86400))
        }
        simulated.places["web"] = key.key
        let fixture = try verified(simulated) { $0.retire.quietFor = Interval(seconds: quietHours * 3600) }
        for _ in 1...2 {
            fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
            fixture.simulation.pass(60)
        }
        let warnings = fixture.announcements.warnings.filter { $0.contains("at a stretch within the last 30 days") }
        #expect(warnings.count == (quietHours == 1 ? 1 : 0))
        #expect(warnings.allSatisfy { $0.contains("`ork-retire --quiet-for ") })
    }

    @Test("quiet is measured by OpenRouter's clock", arguments: [-7200.0, -600, 600, 7200])
    func skewedClock(skew: TimeInterval) throws {
        var simulated = SimulatedState()
        simulated.skew = skew
        let fixture = try verified(simulated) { $0.retire.overlap = .zero }
        fixture.refused(.notYet, "quiet") { () throws(StepError) in try fixture.retire() }
        fixture.simulation.pass(3000)
        fixture.refused(.notYet, "quiet") { () throws(StepError) in try fixture.retire() }
        fixture.simulation.pass(700)
        fixture.refused(.notYet, "soaks") { () throws(StepError) in try fixture.retire() }
        fixture.simulation.pass(3000)
        fixture.refused(.notYet, "soaks") { () throws(StepError) in try fixture.retire() }
        fixture.simulation.pass(700)
        try fixture.retire()
    }

    @Test("a clock that is wrong does not hide the newest use", arguments: [-7200.0, -1800, 0, 1800])
    func wrongClock(skew: TimeInterval) throws {
        var simulated = SimulatedState()
        simulated.sandbox.behaviour.omitsLastUsed = true
        simulated.skew = skew
        let fixture = try verified(simulated) { $0.retire.overlap = .zero }
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        fixture.simulation.pass(3600)
        let hash = try #require(fixture.predecessor?.hash)
        fixture.simulation.with { $0.sandbox.use(hash, model: "x:free", cost: 0, at: $0.now) }
        fixture.simulation.pass(60)
        fixture.refused(.notYet, "quiet") { () throws(StepError) in try fixture.retire() }
        #expect(fixture.predecessor?.disabled == false)
        fixture.simulation.pass(3700)
        fixture.refused(.notYet, "soaks") { () throws(StepError) in try fixture.retire() }
        #expect(fixture.predecessor?.disabled == true)
    }

    @Test func usageThatShowsLateIsWaitedFor() throws {
        var simulated = SimulatedState()
        simulated.sandbox.behaviour.usageLag = 600
        let fixture = try verified(simulated) { $0.retire.overlap = .zero }
        let hash = try #require(fixture.predecessor?.hash)
        fixture.simulation.with { $0.sandbox.use(hash, cost: 1, at: $0.now) }
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        fixture.simulation.pass(3700)
        fixture.refused(.notYet, "quiet") { () throws(StepError) in try fixture.retire() }
        fixture.simulation.pass(3700)
        fixture.refused(.notYet, "soaks") { () throws(StepError) in try fixture.retire() }
    }

    @Test(
        "a stale verification does not permit disabling, but deleting, whatever the clocks",
        arguments: [(0.0, 0.0), (7200, 0), (0, -7200), (7200, -7200)])
    func staleVerification(verifying: Double, retiring: Double) throws {
        var simulated = SimulatedState()
        simulated.skew = verifying
        let fixture = try quiet(simulated) { $0.verify.validFor = Interval(seconds: 7200) }
        fixture.simulation.pass(7200)
        fixture.simulation.with { $0.skew = retiring }
        fixture.refused(.notYet, "older than 2h") { () throws(StepError) in try fixture.retire() }
        try fixture.verify()
        fixture.refused(.notYet, "soaks") { () throws(StepError) in try fixture.retire() }
        fixture.simulation.pass(90 * 86400)
        try fixture.retire()
    }

    @Test func bothKeysStayAliveForTheOverlap() throws {
        let fixture = try verified { $0.retire.overlap = Interval(seconds: 7200) }
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        fixture.simulation.pass(3700)
        fixture.refused(.notYet, "overlap 2h") { () throws(StepError) in try fixture.retire() }
        #expect(fixture.predecessor?.disabled == false)
    }

    @Test("a clock that is ahead ends no overlap early, and one that is behind none either", arguments: [7200, -7200])
    func wrongClockAtTheEnd(skew: TimeInterval) throws {
        let fixture = try verified { $0.retire.overlap = Interval(seconds: 7200) }
        fixture.simulation.pass(3700)
        fixture.simulation.with { $0.skew = skew }
        fixture.refused(.notYet, "overlap 2h") { () throws(StepError) in try fixture.retire() }
        #expect(fixture.predecessor?.disabled == false)
    }

    @Test func aSuccessorThatNobodyUsesRetiresNobodyUnlessAccepted() throws {
        for accepts in [false, true] {
            let fixture = try RotationFixture { $0.retire.acceptsIdle = accepts }
            try fixture.create()
            try fixture.publish()
            try fixture.verify()
            fixture.simulation.pass(60)
            _ = try? fixture.retire()
            fixture.simulation.pass(3700)
            fixture.refused(.notYet, accepts ? "soaks" : "has not been used") { () throws(StepError) in
                try fixture.retire()
            }
            #expect(fixture.predecessor?.disabled == accepts)
        }
    }

    @Test("approval binds disabling and deleting", arguments: [false, true])
    func approval(isDisabledByHand: Bool) throws {
        var fixture = try quiet()
        fixture.trust = Trust([.approve: [fixture.identity.publicIdentity]], fallback: fixture.identity.publicIdentity)
        if isDisabledByHand {
            let hash = try #require(fixture.predecessor?.hash)
            fixture.simulation.with { $0.sandbox.setDisabled(hash, at: $0.now) }
        }
        let writes = fixture.simulation.writes().count
        fixture.refused(.notYet, "approval") { () throws(StepError) in try fixture.retire() }
        #expect(fixture.simulation.writes().count == writes)
        try fixture.approve()
        fixture.refused(.notYet, "soaks") { () throws(StepError) in try fixture.retire() }
        #expect(fixture.predecessor?.disabled == true)
    }

    @Test func anApprovalIsVoidedByAnotherTarget() throws {
        var fixture = try RotationFixture()
        fixture.trust = Trust([.approve: [fixture.identity.publicIdentity]], fallback: fixture.identity.publicIdentity)
        fixture.journal = MemoryJournal(nil, fixture.identity, fixture.trust, fixture.simulation)
        try fixture.create()
        try fixture.publish()
        try fixture.verify()
        try fixture.approve()
        #expect(try fixture.state().isApproved(for: .retire))
        let late = try RotationFixture.target("late")
        fixture.simulation.with { $0.places["late"] = $0.places["web"] }
        try fixture.publish { $0.added = [late] }
        #expect(try !fixture.state().isApproved(for: .retire))
    }

    @Test func otherAccountsManagementKeyRetiresNothing() throws {
        let fixture = try quiet()
        let other = fixture.simulation.with { $0.sandbox.addAccount() }
        #expect(throws: StepError.self) {
            try fixture.retire(managementKey: other)
        }
        #expect(fixture.predecessor?.disabled == false)
        #expect(!fixture.events.contains(.deleted))
        #expect(!fixture.events.contains(.finished))
    }

    @Test func severalPredecessorsGoEachOnItsOwnEvidence() throws {
        let simulation = Simulation()
        let fixture = try RotationFixture(simulation)
        let busy = simulation.with { simulated in
            simulated.sandbox.addKey(
                name: Self.rotated, limit: 25, limitReset: .monthly, at: simulated.now.addingTimeInterval(-60)
            ).hash
        }
        try fixture.create { $0.supersedes = true }
        try fixture.publishAndVerify()
        for _ in 1...4 {
            simulation.with { $0.sandbox.use(busy, cost: 1, at: $0.now) }
            fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
            simulation.pass(3700)
        }
        #expect(fixture.predecessor?.disabled == true)
        #expect(simulation.value.sandbox.key(busy)?.disabled == false)
        try fixture.retireWaiting()
        #expect(fixture.live.count == 1)
        #expect(simulation.value.sandbox.key(busy)?.deletedAt != nil)
    }

    @Test func aPredecessorThatSomebodyDisabledSoaksFromNow() throws {
        let fixture = try quiet()
        let hash = try #require(fixture.predecessor?.hash)
        fixture.simulation.with { $0.sandbox.setDisabled(hash, at: $0.now.addingTimeInterval(-7200)) }
        let transport = FakeTransport(fixture.simulation)
        fixture.refused(.notYet, "soaks") { () throws(StepError) in try fixture.retire(transport) }
        #expect(fixture.predecessor?.deletedAt == nil)
        #expect(fixture.predecessor?.name.contains(" disabled:") == true)
    }

    @Test func aPredecessorThatSomebodyEnablesAtThatMomentStaysEnabled() throws {
        let fixture = try quiet()
        let hash = try #require(fixture.predecessor?.hash)
        fixture.simulation.with { $0.sandbox.setDisabled(hash, at: $0.now) }
        let enabling: @Sendable () -> Void = { [simulation = fixture.simulation] in
            simulation.with { $0.sandbox.setDisabled(hash, false, at: $0.now) }
        }
        fixture.refused(.notYet) { () throws(StepError) in
            try fixture.retire(FakeTransport(fixture.simulation, before: [2: enabling]))
        }
        #expect(fixture.predecessor?.disabled == false)
    }

    @Test func aPredecessorThatIsGoneIsNoneToRetire() throws {
        let fixture = try verified()
        let hash = try #require(fixture.predecessor?.hash)
        fixture.simulation.with { $0.sandbox.delete(hash, at: $0.now) }
        try fixture.retire()
        #expect(fixture.events.suffix(2) == [.deleted, .finished])
        #expect(fixture.announcements.done.contains { $0.contains("does not exist any more") })
    }

    @Test func aRestoredPredecessorIsHeldUntilANewerVerification() throws {
        let fixture = try quiet()
        fixture.refused(.notYet, "soaks") { () throws(StepError) in try fixture.retire() }
        // Verified while it soaks, then somebody finds the trouble.
        try fixture.verify()
        fixture.simulation.pass(1800)
        try fixture.restore()
        #expect(fixture.predecessor?.disabled == false)
        fixture.refused(.notYet, "held") { () throws(StepError) in try fixture.retire() }
        fixture.simulation.pass(3700)
        fixture.refused(.notYet, "held") { () throws(StepError) in try fixture.retire() }
        fixture.refused(.notYet, "held") { () throws(StepError) in try fixture.retire { $0.again = true } }
        try fixture.verify()
        fixture.refused(.notYet, "held") { () throws(StepError) in try fixture.retire() }
        fixture.refused(.notYet, "soaks") { () throws(StepError) in try fixture.retire { $0.again = true } }
        #expect(fixture.predecessor?.disabled == true)
    }

    @Test func aPredecessorRestoredByHandIsHeldToo() throws {
        let fixture = try quiet()
        fixture.refused(.notYet, "soaks") { () throws(StepError) in try fixture.retire() }
        let hash = try #require(fixture.predecessor?.hash)
        fixture.simulation.with { $0.sandbox.setDisabled(hash, false, at: $0.now) }
        fixture.simulation.pass(7200)
        fixture.refused(.notYet, "held") { () throws(StepError) in try fixture.retire() }
        #expect(fixture.predecessor?.disabled == false)
    }

    @Test func restoringHasNothingToDoOrSaysWhatCannotBeDone() throws {
        let fixture = try quiet()
        try fixture.restore()
        #expect(fixture.announcements.done.last?.hasPrefix("nothing to do") == true)
        fixture.refused(.notYet, "soaks") { () throws(StepError) in try fixture.retire() }
        try fixture.restore(dryRun: true)
        #expect(fixture.predecessor?.disabled == true)
        fixture.refused(.unreachable) { () throws(StepError) in
            try fixture.restore(FakeTransport(fixture.simulation, faults: [2: .loseReply]))
        }
        #expect(fixture.predecessor?.disabled == false)
        try fixture.restore()
        let hash = try #require(fixture.predecessor?.hash)
        fixture.simulation.with { $0.sandbox.delete(hash, at: $0.now) }
        fixture.refused(.failed, "does not exist any more at OpenRouter and cannot be restored") {
            () throws(StepError) in
            try fixture.restore()
        }
    }

    @Test func aCompromisedPredecessorGoesAtOnceOnceTheSuccessorIsPublished() throws {
        let fixture = try RotationFixture()
        try fixture.create()
        fixture.refused(.notYet, "not every target") { () throws(StepError) in
            try fixture.retire { $0.isCompromised = true }
        }
        #expect(fixture.predecessor?.disabled == false)
        try fixture.publish()
        try fixture.retire { $0.isCompromised = true }
        #expect(fixture.predecessor?.deletedAt != nil)
        #expect(fixture.announcements.warnings.contains { $0.contains("--compromised") })
        #expect(fixture.simulation.value.outages == [])
    }

    @Test(
        "a lost exchange, and the next run goes on", arguments: 1...3,
        [FakeTransport.Fault.drop, .loseReply, .status(503)])
    func lostWhileDisabling(exchange: Int, fault: FakeTransport.Fault) throws {
        let fixture = try quiet()
        fixture.refused(.unreachable) { () throws(StepError) in
            try fixture.retire(FakeTransport(fixture.simulation, faults: [exchange: fault]))
        }
        try fixture.retireWaiting()
        #expect(fixture.predecessor?.deletedAt != nil)
        let soaked = fixture.predecessor?.deletedAt?.timeIntervalSince(fixture.predecessor?.updatedAt ?? .distantPast)
        #expect(soaked ?? 0 >= 3600)
        #expect(try fixture.state().isFinished)
    }

    @Test("a lost exchange while deleting", arguments: 1...3, [FakeTransport.Fault.drop, .loseReply, .status(503)])
    func lostWhileDeleting(exchange: Int, fault: FakeTransport.Fault) throws {
        let fixture = try quiet()
        fixture.refused(.notYet, "soaks") { () throws(StepError) in try fixture.retire() }
        fixture.simulation.pass(3700)
        fixture.refused(.unreachable) { () throws(StepError) in
            try fixture.retire(FakeTransport(fixture.simulation, faults: [exchange: fault]))
        }
        try fixture.retire()
        #expect(try fixture.state().isFinished)
        #expect(fixture.live.count == 1)
    }

    @Test("the journal fails while retiring", arguments: 1...2)
    func journal(failing: Int) throws {
        let fixture = try quiet { $0.retire.soak = .zero }
        let broken = fixture.failing(failing)
        broken.refused(.failed, "disk is full") { () throws(StepError) in try broken.retire() }
        let again = fixture.beside(broken.journal.handoff)
        try again.retire()
        #expect(try again.state().isFinished)
        #expect(again.live.count == 1)
    }

    @Test func aRotationWithoutPredecessorsFinishesWhenItIsVerified() throws {
        let fixture = try RotationFixture(waves: ["fresh": 1]) { $0.predecessor = .none }
        fixture.simulation.with { $0.places = [:] }
        try fixture.create()
        // The first key of all is no exception: a mistyped place is told before it holds it.
        fixture.refused(.failed, "no place fresh: nothing held a key before") { () throws(StepError) in
            try fixture.publish()
        }
        try fixture.publish { $0.createdTargets = Set(fixture.plan.targets.map(\.name)) }
        fixture.refused(.notYet, "not been verified") { () throws(StepError) in try fixture.retire() }
        try fixture.verify()
        try fixture.retire()
        #expect(fixture.events.last == .finished)
    }
}
