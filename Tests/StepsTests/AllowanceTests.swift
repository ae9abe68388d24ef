import FoundationEssentials
import JSON
import OpenRouterSandbox
import Rotation
import RotationFixtures
import Secrets
import Steps
import TestSupport
import Testing
import Timestamps

/// `limit: remaining`. The predecessor of the fixture has a limit of 25 USD a month, of which one is spent in November.
@Suite(.tags(.values)) struct AllowanceTests {
    private static func fixture(_ change: (inout Plan) -> Void = { _ in }) throws -> RotationFixture {
        try RotationFixture { plan in
            plan.successor.limit = .remaining
            change(&plan)
        }
    }

    private static func successor(_ fixture: RotationFixture) throws -> ProviderKey {
        try #require(fixture.simulation.value.sandbox.key(fixture.known?.created?.hash.description ?? ""))
    }

    private static let december = "2026-12-01T00:00:00Z"

    @Test func theSuccessorBeginsWithWhatIsLeftAndGetsTheWholeLimitWhenItStartsOver() throws {
        let fixture = try Self.fixture()
        try fixture.create()
        #expect(try Self.successor(fixture).limit == 24)
        #expect(try Self.successor(fixture).limitReset == .monthly)
        #expect(
            fixture.announcements.done.contains {
                $0.hasPrefix("its limit is 24 USD until \(Self.december), then 25 USD")
            })
        try fixture.publishAndVerify()
        // With its predecessor gone the rotation is not finished: a month later its key would lack a dollar.
        let error = fixture.refused(.notYet, "is 24 USD until \(Self.december)") { () throws(StepError) in
            try fixture.retireWaiting()
        }
        #expect(error?.retryAt == Date(rfc3339: Self.december))
        #expect(fixture.predecessor?.deletedAt != nil)
        #expect(try !fixture.state().isFinished)
        fixture.simulation.sleep(until: try #require(error?.retryAt))
        try fixture.retire()
        #expect(try Self.successor(fixture).limit == 25)
        #expect(fixture.events.suffix(2) == [.raised, .finished])
    }

    @Test func theLimitIsRaisedWhateverElseStandsInTheWay() throws {
        let fixture = try Self.fixture()
        try fixture.create()
        try fixture.publish()
        fixture.simulation.sleep(until: try #require(Date(rfc3339: Self.december)))
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        #expect(try Self.successor(fixture).limit == 25)
        #expect(fixture.predecessor?.disabled == false)
    }

    @Test func aLimitThatSomebodyChangedStaysAsItIs() throws {
        let fixture = try Self.fixture()
        try fixture.create()
        try fixture.publishAndVerify()
        let hash = try Self.successor(fixture).hash
        fixture.simulation.with { $0.sandbox.setLimit(hash, 100, at: $0.now) }
        try fixture.retireWaiting()
        #expect(try Self.successor(fixture).limit == 100)
        #expect(try fixture.state().isFinished)
    }

    @Test(
        "a raise is settled, whatever becomes of its reply",
        arguments: [FakeTransport.Fault.drop, .loseReply, .status(500)])
    func raise(fault: FakeTransport.Fault) throws {
        let fixture = try Self.fixture()
        try fixture.create()
        try fixture.publish()
        fixture.simulation.sleep(until: try #require(Date(rfc3339: Self.december)))
        _ = try? fixture.retire(FakeTransport(fixture.simulation, faults: [2: fault]))
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        #expect(try Self.successor(fixture).limit == 25)
    }

    @Test("a creation that died is gone on with, and the raise is not forgotten", arguments: 1...3)
    func crash(failing: Int) throws {
        let fixture = try Self.fixture()
        let first = fixture.failing(failing)
        _ = try? first.create()
        var again = fixture
        again.journal = MemoryJournal(first.journal.handoff, fixture.identity, fixture.trust, fixture.simulation)
        try again.create()
        #expect(try again.state().created?.allowance?.fullLimit == JSONNumber(25))
        #expect(try again.state().created?.allowance?.limit == JSONNumber(24))
    }

    @Test func whereNothingIsLeftNothingIsMinted() throws {
        let fixture = try Self.fixture()
        fixture.simulation.with { simulated in
            simulated.sandbox.use(simulated.keys[0].hash, cost: 24, at: simulated.now)
        }
        let error = fixture.refused(.notYet, "used up its limit until \(Self.december)") { () throws(StepError) in
            try fixture.create()
        }
        #expect(error?.retryAt == Date(rfc3339: Self.december))
        #expect(fixture.simulation.value.keys.count == 1)
    }

    @Test func aLimitForLifeIsHandedOnAsItIs() throws {
        let fixture = try Self.fixture { $0.successor.limitReset = .set(nil) }
        try fixture.create()
        #expect(try Self.successor(fixture).limit == 24)
        #expect(try fixture.state().created?.allowance == nil)
        try fixture.publishAndVerify()
        try fixture.retireWaiting()
    }

    @Test func aLimitThatStartsAfreshIsTold() throws {
        let fixture = try RotationFixture()
        try fixture.create(dryRun: true)
        let told = fixture.announcements.all.contains {
            if case .doing(let text) = $0 { text.contains("1 USD are spent until \(Self.december)") } else { false }
        }
        #expect(told)
    }

    @Test(
        "a limit starts over at midnight in UTC",
        arguments: [
            (Plan.LimitReset.daily, "2026-11-23T03:00:00Z", "2026-11-24T00:00:00Z"),
            (.daily, "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"),
            (.weekly, "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"),
            (.weekly, "2026-11-29T23:59:59Z", "2026-11-30T00:00:00Z"),
            (.monthly, "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"),
            (.monthly, "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"),
        ])
    func turn(reset: Plan.LimitReset, moment: String, turn: String) throws {
        #expect(reset.turn(after: try #require(Date(rfc3339: moment))).rfc3339 == turn)
    }
}
