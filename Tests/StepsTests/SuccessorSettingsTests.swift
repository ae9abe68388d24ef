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

@Suite(.tags(.values)) struct SuccessorSettingsTests {
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
        let simulation = Simulation()
        let workspace = simulation.with { simulated in
            let workspace = simulated.sandbox.addWorkspace("Shop")
            // Ninety days of life, of which thirty are left.
            simulated.sandbox.addKey(
                name: RotationFixture.base, limit: 25, limitReset: .monthly, includesBYOK: true,
                expiresAt: simulated.now.addingTimeInterval(30 * 86400), creator: "user_other", workspace: workspace,
                at: simulated.now.addingTimeInterval(-60 * 86400))
            return workspace
        }
        let fixture = try RotationFixture(simulation) { plan in
            plan.workspace = workspace
            row.plan(&plan.successor)
        }
        try fixture.create()
        let key = try #require(fixture.simulation.value.keys.last)
        #expect(fixture.simulation.value.keys.count == 2)
        #expect(key.workspace == workspace)
        #expect(row.check(key).allSatisfy { $0 })
    }

    @Test func aPredecessorByHashBringsItsWorkspace() throws {
        let simulation = Simulation()
        let (workspace, hash) = simulation.with { simulated in
            let workspace = simulated.sandbox.addWorkspace("Shop")
            return (workspace, simulated.sandbox.addKey(name: RotationFixture.base, workspace: workspace).hash)
        }
        var fixture = try RotationFixture(simulation)
        fixture.plan.predecessor = .hash(try #require(KeyHash(hash)))
        try fixture.create()
        #expect(simulation.value.keys.last?.workspace == workspace)
        #expect(try fixture.state().header.workspace == workspace)
    }

    @Test func aSettingThatWasNotAppliedDeletesTheKeyAgain() throws {
        let fixture = try RotationFixture { $0.successor.limitReset = .set(.daily) }
        // The key cannot be seen between POST and its answer, so the answer itself is what deviates.
        fixture.refused(.failed, "another limit_reset") { () throws(StepError) in
            try fixture.create(DeviatingTransport(fixture.simulation))
        }
        #expect(fixture.simulation.value.keys.count == 1)
        #expect(fixture.events == [.intended, .stray])
    }

    @Test func aHashThatIsNotTheDigestIsWarnedAbout() throws {
        var simulated = SimulatedState()
        simulated.sandbox.behaviour.hashesDiffer = true
        let fixture = try RotationFixture(Simulation(simulated))
        try fixture.create()
        #expect(fixture.announcements.warnings.contains { $0.contains("not the SHA-256") })
        let created = try #require(try fixture.state().created)
        #expect(created.hash.description != created.digest.hex)
        #expect(created.hash.description == fixture.simulation.value.keys.last?.hash)
    }
}
