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

@Suite(.tags(.values)) struct VerifyTests {
    @Test func everythingIsRecordedAndTheBoxStays() throws {
        let fixture = try RotationFixture.published {
            $0.verify.probes = [.http(url: "https://shop.example/health", expect: [200])]
        }
        let transport = FakeTransport(fixture.simulation)
        let checks = try fixture.verify(transport)
        #expect(checks.map(\.name) == ["successor", "adopted", "target web", "probe https://shop.example/health"])
        #expect(checks.map(\.outcome) == [.passed, .unknown, .passed, .passed])
        #expect(transport.exchanges.count == 2)
        #expect(fixture.events.suffix(5) == [.checked, .checked, .checked, .checked, .verified])
        #expect(try fixture.state().verification?.adoption == .unknown)
        #expect(try fixture.state().isSealed)
    }

    @Test(
        "what a target holds is told in the publisher's words, else in general ones",
        arguments: [
            (.match, "was not written since"), (.match, nil), (.mismatch, "was written at noon"), (.mismatch, nil),
            (.absent, nil), (.unverifiable, "is hidden"), (.unverifiable, nil),
        ] as [(PublisherOutcome, String?)])
    func wordsOfPublishers(outcome: PublisherOutcome, message: String?) throws {
        let general: [PublisherOutcome: String] = [
            .match: "holds the successor", .mismatch: "holds another value", .absent: "holds nothing",
            .unverifiable: "cannot be read back",
        ]
        let fixture = try RotationFixture.published()
        fixture.simulation.with { $0.troubles["web"] = [.answer(outcome, message)] }
        _ = try? fixture.verify()
        let record = fixture.journal.handoff?.records.last { $0.message.hasPrefix("target web: ") }
        #expect(record?.message == "target web: \(try message ?? #require(general[outcome]))")
    }

    @Test func theBoxIsDroppedWhenAskedForAndNoTargetIsLeft() throws {
        let fixture = try RotationFixture.published()
        try fixture.verify { $0.dropsSecret = true }
        #expect(try !fixture.state().isSealed)
        #expect(try fixture.state().isKeyDropped)
        let waves = try RotationFixture.published(waves: ["canary": 1, "web": 2])
        try waves.verify { $0.dropsSecret = true }
        #expect(try waves.state().isSealed)
        #expect(try !waves.state().isKeyDropped)
        #expect(waves.announcements.done.contains("the sealed key stays until every target is verified"))
        #expect(try waves.state().verification == nil)
    }

    @Test func withoutTheBoxItCanBeVerifiedAgain() throws {
        let fixture = try RotationFixture.published()
        try fixture.verify { $0.dropsSecret = true }
        let checks = try fixture.verify()
        #expect(checks.map(\.outcome) == [.unknown, .passed])
        #expect(fixture.events.filter { $0 == .verified }.count == 2)
    }

    @Test func withoutTheBoxAdoptionThatIsRequiredIsLeftToRetirement() throws {
        let fixture = try RotationFixture.published { $0.retire.acceptsIdle = true }
        try fixture.verify { $0.dropsSecret = true }
        try fixture.journal.append(
            Entry(
                .verify, .accepted, message: "changed the rules",
                detail: ["rules": ["verify": ["require_adoption": true]]]))
        #expect(try fixture.verify().contains { $0.name == "adopted" && $0.outcome == .unknown })
        fixture.simulation.pass(3700)
        fixture.refused(.notYet, "has not been used") { () throws(StepError) in try fixture.retire() }
    }

    @Test func withoutTheRightIdentityThereIsNoFirstVerification() throws {
        let fixture = try RotationFixture.published()
        var other = fixture
        other.identity = try Identity.generate()
        other.refused(.unacceptable, "not sealed to this stage") { () throws(StepError) in try other.verify() }
        try fixture.verify()
        // What another stage has asked OpenRouter is not asked again, and not said.
        try other.verify()
        #expect(other.announcements.done.contains { $0.hasPrefix("verified: web holds checkout-prod") })
        other.refused(.unacceptable, "not sealed to this stage") { () throws(StepError) in
            try other.verify { $0.dropsSecret = true }
        }
    }

    @Test("the checks and the verdict are recorded in one write, all or none")
    func oneWrite() throws {
        let fixture = try RotationFixture.published(waves: ["canary": 1, "web": 1])
        let full = fixture.failing(1)
        full.refused(.failed, "the disk is full") { () throws(StepError) in try full.verify() }
        #expect(full.events == fixture.events)
        let second = fixture.failing(2)
        try second.verify()
        #expect(second.events.count { $0 == .checked } > 2 && second.events.last == .verified)
    }

    @Test("checks that did not pass are recorded, too")
    func failedChecks() throws {
        let fixture = try RotationFixture.published()
        fixture.simulation.with { $0.places["web"] = Secret("sk-or-v1-other") }
        fixture.refused(.failed) { () throws(StepError) in try fixture.verify() }
        #expect(fixture.events.last == .checked)
    }

    @Test func nothingPublishedIsNothingToVerify() throws {
        let fixture = try RotationFixture()
        try fixture.create()
        fixture.refused(.notYet, "no target is known to hold") { () throws(StepError) in try fixture.verify() }
    }

    @Test func aDryRunAsksNobody() throws {
        let fixture = try RotationFixture.published()
        let transport = FakeTransport(fixture.simulation)
        let events = fixture.events
        #expect(try fixture.verify(transport, dryRun: true).isEmpty)
        #expect(transport.exchanges.isEmpty)
        #expect(fixture.events == events)
    }

    /// What is seen, and what becomes of the check about it.
    struct Seen: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let check: String
        let outcome: Check.Outcome
        let problem: String?
        let plan: @Sendable (inout Plan) -> Void
        let hand: @Sendable (inout SimulatedState, _ successor: String) -> Void

        /// `hand` changes the simulation before the verification; it is told the successor's hash.
        init(
            _ description: String, _ check: String, _ outcome: Check.Outcome, problem: String? = nil,
            plan: @escaping @Sendable (inout Plan) -> Void = { _ in },
            hand: @escaping @Sendable (inout SimulatedState, String) -> Void
        ) {
            testDescription = description
            self.check = check
            self.outcome = outcome
            self.problem = problem
            self.plan = plan
            self.hand = hand
        }
    }

    private static let health = "probe https://shop.example/health"
    private static let http: @Sendable (inout Plan) -> Void = {
        $0.verify.probes = [.http(url: "https://shop.example/health?token=x", expect: [200, 204])]
    }
    private static let command: @Sendable (inout Plan) -> Void = {
        $0.verify.probes = [.command(arguments: ["smoke", "-x"], environment: [:], timeout: Interval(seconds: 5))]
    }

    static let seen: [Seen] = [
        Seen("the successor is disabled", "successor", .failed) {
            $0.sandbox.setDisabled($1, at: $0.now)
        },
        Seen("the successor's limit is used up", "successor", .failed) {
            $0.sandbox.use($1, cost: 25, at: $0.now)
        },
        Seen("the successor is used", "adopted", .passed) {
            $0.sandbox.use($1, cost: 1, at: $0.now)
        },
        Seen("the successor is used with another provider's key", "adopted", .passed) {
            $0.sandbox.use($1, cost: 0, byokCost: 1, at: $0.now)
        },
        Seen("the successor is used for free", "adopted", .unknown) {
            $0.sandbox.use($1, model: "x:free", cost: 0, at: $0.now)
        },
        Seen("nobody uses the successor", "adopted", .unknown) { _, _ in },
        Seen(
            "nobody uses it and somebody must", "adopted", .notYet,
            plan: { $0.verify.requiresAdoption = true }
        ) { _, _ in },
        Seen(
            "somebody must use it and does", "adopted", .passed,
            plan: { $0.verify.requiresAdoption = true }
        ) { $0.sandbox.use($1, cost: 1, at: $0.now) },
        Seen("the target holds the successor", "target web", .passed) { _, _ in },
        Seen("the target holds something else", "target web", .failed) { simulated, _ in
            simulated.places["web"] = Secret("else")
        },
        Seen("the target holds nothing", "target web", .failed) { simulated, _ in
            simulated.places["web"] = nil
        },
        Seen("the target cannot be read", "target web", .unknown) { simulated, _ in
            simulated.unreadable = ["web"]
        },
        Seen("the publisher refuses", "target web", .failed) { simulated, _ in
            simulated.troubles["web"] = [.reject(.denied)]
        },
        Seen("the publisher does not say", "target web", .failed) { simulated, _ in
            simulated.troubles["web"] = [.unknownAndNotWritten]
        },
        Seen("the publisher is mixed up", "target web", .failed) { simulated, _ in
            simulated.troubles["web"] = [.answer(.committed)]
        },
        Seen("the application is well", health, .passed, plan: http) { _, _ in },
        Seen("the application is not well", health, .failed, plan: http) { simulated, _ in
            simulated.health = 500
        },
        Seen("the probe exits 0", "probe smoke", .passed, plan: command) { _, _ in },
        Seen(
            "the probe fails", "probe smoke", .failed, problem: "exits 1",
            plan: command
        ) { _, _ in },
        Seen(
            "the probe's variable is not set", "probe smoke", .failed,
            plan: {
                let token = EnvironmentName("TOKEN")
                let environment = Dictionary(uniqueKeysWithValues: [token].compactMap { $0 }.map { ($0, $0) })
                $0.verify.probes = [
                    .command(arguments: ["smoke"], environment: environment, timeout: Interval(seconds: 5))
                ]
            }
        ) { _, _ in },
    ]

    @Test("each check says what is seen, and a failed one withholds the verification", arguments: seen)
    func check(seen: Seen) throws {
        let fixture = try RotationFixture.published(change: seen.plan)
        let hash = try #require(fixture.simulation.value.keys.last?.hash)
        fixture.simulation.with { simulated in seen.hand(&simulated, hash) }
        let programs = FakeProbes(problem: seen.problem)
        if [.failed, .notYet].contains(seen.outcome) {
            let error = fixture.refused(seen.outcome == .failed ? .failed : .notYet, seen.check) {
                () throws(StepError) in try fixture.verify(programs: programs)
            }
            #expect(error?.isRetryable == true)
            #expect(!fixture.events.contains(.verified))
            #expect(try fixture.state().isSealed)
        } else {
            try fixture.verify(programs: programs)
        }
        let record = fixture.journal.handoff?.records.last {
            $0.event == .checked && $0.detail["check"]?.string == seen.check
        }
        #expect(record?.detail["outcome"]?.string == seen.outcome.rawValue)
        #expect(record?.message.contains("token") == false)
    }

    @Test func aWriteAfterTheVerificationVoidsIt() throws {
        let fixture = try RotationFixture.published()
        try fixture.verify()
        fixture.simulation.with { $0.places["web"] = Secret("else") }
        let web = try #require(PlanName("web"))
        try fixture.publish { $0.acceptedTargets = [web] }
        #expect(try fixture.state().verification == nil)
        fixture.refused(.notYet, "not been verified") { () throws(StepError) in try fixture.retire() }
        try fixture.verify()
        #expect(try fixture.state().verification != nil)
    }
}
