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

/// A rotation whose successor is created.
private func created(
    waves: KeyValuePairs<String, Int> = ["web": 1], change: (inout Plan) -> Void = { _ in }
) throws -> RotationFixture {
    let fixture = try RotationFixture(waves: waves, change: change)
    try fixture.create()
    return fixture
}

private func name(_ text: String) throws -> PlanName { try #require(PlanName(text)) }

extension RotationFixture {
    /// Lets a place of an application hold the predecessor, too.
    fileprivate func hold(_ place: String) {
        simulation.with { $0.places[place] = $0.places["web"] }
    }

    /// The targets that hold the successor, in truth.
    fileprivate var holders: [String] {
        let simulated = simulation.value
        guard let digest = known?.created?.digest else { return [] }
        return simulated.places.keys.filter { simulated.holding($0)?.digest == digest }.sorted()
    }
}

@Suite(.tags(.values)) struct PublishTests {
    @Test func everyTargetGetsTheSuccessorAfterThreeProbesInOneRoundTrip() throws {
        let fixture = try created(waves: ["web": 1, "worker": 1])
        let transport = FakeTransport(fixture.simulation)
        let start = fixture.simulation.now
        try fixture.publish(transport)
        #expect(transport.exchanges.map(\.count) == [3])
        #expect(transport.exchanges.joined().allSatisfy { $0.wantsFreshConnection && $0.method == .get })
        // Only the successor's own bearer: no management key in this step.
        let key = try #require(fixture.simulation.value.keys.last)
        #expect(
            fixture.simulation.value.sandbox.log.suffix(3).map(\.credential)
                == Array(repeating: .key(key.hash), count: 3))
        let settled = key.createdAt.addingTimeInterval(30)
        #expect(start < settled)
        #expect(fixture.simulation.value.sandbox.log.suffix(3).allSatisfy { $0.at >= settled })
        #expect(fixture.holders == ["web", "worker"])
        #expect(fixture.events.suffix(2) == [.committed, .committed])
        #expect(fixture.simulation.value.outages == [])
    }

    @Test func aSecondRunHasNothingToDo() throws {
        let fixture = try created()
        try fixture.publish()
        let transport = FakeTransport(fixture.simulation)
        try fixture.publish(transport)
        #expect(transport.exchanges.isEmpty)
        #expect(fixture.publishers.asked.map(\.verb) == [.publish, .verify])
        #expect(fixture.announcements.done.last?.hasPrefix("nothing to do") == true)
    }

    @Test func aDryRunDoesNothing() throws {
        let fixture = try created()
        let events = fixture.events
        let transport = FakeTransport(fixture.simulation)
        try fixture.publish(transport, dryRun: true)
        #expect(transport.exchanges.isEmpty)
        #expect(fixture.publishers.asked.isEmpty)
        #expect(fixture.events == events)
    }

    /// What can be wrong with a successor before anybody has it.
    struct Sick: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let code: StepError.Code
        let hand: @Sendable (inout SimulatedState, String) -> Void
    }

    static let sicknesses: [Sick] = [
        Sick(testDescription: "limit zero", code: .failed) { $0.sandbox.setLimit($1, 0, at: $0.now) },
        Sick(testDescription: "limit used up", code: .failed) { $0.sandbox.use($1, cost: 25, at: $0.now) },
        Sick(testDescription: "expired", code: .notYet) { $0.sandbox.setExpiry($1, $0.now) },
        Sick(testDescription: "disabled", code: .notYet) { $0.sandbox.setDisabled($1, at: $0.now) },
        Sick(testDescription: "deleted", code: .notYet) { $0.sandbox.delete($1, at: $0.now) },
        Sick(testDescription: "not known everywhere", code: .notYet) { simulated, _ in
            simulated.sandbox.behaviour.propagation = 3600
        },
    ]

    @Test("a successor that does not work is not handed out", arguments: sicknesses)
    func sickSuccessor(sick: Sick) throws {
        let fixture = try created()
        let hash = try #require(fixture.simulation.value.keys.last?.hash)
        fixture.simulation.with { simulated in sick.hand(&simulated, hash) }
        fixture.refused(sick.code) { () throws(StepError) in try fixture.publish() }
        #expect(fixture.publishers.asked.isEmpty)
        #expect(fixture.simulation.value.outages == [])
    }

    @Test(
        "one failing probe of three refuses",
        arguments: [FakeTransport.Fault.drop, .loseReply, .status(503), .status(429)])
    func probe(fault: FakeTransport.Fault) throws {
        let fixture = try created()
        let error = fixture.refused(.unreachable, "does not work yet") { () throws(StepError) in
            try fixture.publish(FakeTransport(fixture.simulation, faults: [1: fault]))
        }
        #expect(error?.isRetryable == true)
        #expect(fixture.publishers.asked.isEmpty)
        try fixture.publish()
        #expect(fixture.holders == ["web"])
    }

    @Test func aModelIsAskedOnceAndNeverAgain() throws {
        let fixture = try created(waves: ["web": 1, "worker": 2]) { $0.publish.inference = "openai/gpt-4o" }
        fixture.simulation.with { $0.troubles["web"] = [.reject(.unavailable), .unknownAndNotWritten] }
        for _ in 1...2 { #expect(throws: StepError.self) { try fixture.publish() } }
        try fixture.publish()
        try fixture.verify()
        try fixture.publish()
        let asked = fixture.simulation.value.sandbox.log.filter { $0.path.hasPrefix("/chat") }
        #expect(asked.count == 1)
        // Ork's own question is nobody's use.
        let checks = try fixture.verify()
        #expect(checks.first { $0.name == "adopted" }?.outcome == .unknown)
        fixture.simulation.pass(3 * 3600)
        fixture.refused(.notYet, "not been used") { () throws(StepError) in
            try fixture.retire()
        }
    }

    @Test func aModelThatDoesNotAnswerRefuses() throws {
        let fixture = try created { $0.publish.inference = "openai/gpt-4o" }
        fixture.simulation.with { $0.sandbox.setCredits(0) }
        fixture.refused(.failed, "does not work yet") { () throws(StepError) in try fixture.publish() }
        #expect(fixture.publishers.asked.isEmpty)
    }

    @Test func wavesGoInTheirOrderWithAVerificationBetweenThem() throws {
        let fixture = try created(waves: ["canary": 1, "web": 2, "worker": 2])
        try fixture.publish()
        #expect(fixture.holders == ["canary"])
        let error = fixture.refused(.notYet, "verification") { () throws(StepError) in try fixture.publish() }
        #expect(error?.isRetryable == false)
        try fixture.verify()
        try fixture.publish()
        #expect(fixture.holders == ["canary", "web", "worker"])
    }

    @Test func aLaterTargetAloneWaitsForItsWave() throws {
        let fixture = try created(waves: ["canary": 1, "web": 2])
        let web = try name("web")
        fixture.refused(.notYet, "wave 2") { () throws(StepError) in try fixture.publish { $0.only = [web] } }
        try fixture.publish {
            $0.only = [web]
            $0.allWaves = true
        }
        #expect(fixture.holders == ["web"])
        try fixture.publish()
        #expect(fixture.holders == ["canary", "web"])
    }

    @Test func allWavesGoAtOnceWhenAskedFor() throws {
        let fixture = try created(waves: ["canary": 1, "web": 2])
        try fixture.publish { $0.allWaves = true }
        #expect(fixture.holders == ["canary", "web"])
    }

    @Test func aTargetThatIsNotInThePlanIsAUsageError() throws {
        let fixture = try created()
        let other = try name("other")
        fixture.refused(.usage, "no target other") { () throws(StepError) in try fixture.publish { $0.only = [other] } }
    }

    /// What a publisher answers, and what becomes of it.
    struct Trouble: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let trouble: SimulatedState.Trouble
        let code: StepError.Code
        let event: Event
    }

    static let troubles: [Trouble] =
        PublisherError.Code.allCases.map { code in
            let status: StepError.Code =
                code == .denied ? .denied : [.unavailable, .rateLimited].contains(code) ? .unreachable : .failed
            return Trouble(
                testDescription: "rejected: \(code.rawValue)", trouble: .reject(code), code: status, event: .rejected)
        } + [
            Trouble(
                testDescription: "unknown, but written", trouble: .unknownButWritten, code: .unreachable,
                event: .unknown),
            Trouble(
                testDescription: "unknown, and not written", trouble: .unknownAndNotWritten, code: .unreachable,
                event: .unknown),
            Trouble(
                testDescription: "an answer to another verb", trouble: .answer(.match), code: .failed, event: .unknown),
        ]

    @Test("one failing target does not stop the others, and only it is written again", arguments: troubles)
    func partial(trouble: Trouble) throws {
        let fixture = try created(waves: ["web": 1, "worker": 1])
        fixture.simulation.with { $0.troubles["web"] = [trouble.trouble] }
        fixture.refused(trouble.code, "1 of 2 targets") { () throws(StepError) in try fixture.publish() }
        #expect(fixture.holders.contains("worker"))
        #expect(fixture.events.suffix(2) == [trouble.event, .committed])
        #expect(fixture.simulation.value.outages == [])
        fixture.refused(.notYet, "not every target") { () throws(StepError) in try fixture.retire() }
        try fixture.publish()
        #expect(fixture.holders == ["web", "worker"])
        #expect(fixture.publishers.asked.map(\.target) == ["web", "worker", "web"])
        #expect(Set(fixture.publishers.asked.filter { $0.target == "web" }.map(\.operation)).count == 1)
    }

    @Test func anotherValueAtATargetIsAConflictUntilItIsAccepted() throws {
        let fixture = try created(waves: ["web": 1, "worker": 1])
        fixture.simulation.with { $0.places["web"] = Secret("somebody else's") }
        fixture.refused(.failed, "web (conflict)") { () throws(StepError) in try fixture.publish() }
        #expect(fixture.holders == ["worker"])
        let web = try name("web")
        try fixture.publish { $0.acceptedTargets = [web] }
        #expect(fixture.holders == ["web", "worker"])
        #expect(fixture.publishers.asked.map(\.comparesValue) == [true, true, false])
        #expect(fixture.journal.handoff?.records.last?.detail["accepted"] == true)
    }

    @Test("a limit says when to come back, if every target that is left waits for one", arguments: [true, false])
    func limits(all: Bool) throws {
        let fixture = try created(waves: ["web": 1, "worker": 1])
        fixture.simulation.with { simulated in
            for (place, seconds) in ["web": 90, "worker": 1800] {
                let error = PublisherError(.rateLimited, "enough", retryAfter: all || place == "web" ? seconds : nil)
                simulated.troubles[place] = [.answer(place == "web" ? .rejected(error) : .unknown(error))]
            }
        }
        let error = fixture.refused(all ? .notYet : .unreachable, "2 of 2 targets may be without the new key") {
            () throws(StepError) in try fixture.publish()
        }
        #expect(error?.isRetryable == true)
        #expect(error?.retryAt == (all ? fixture.simulation.now.addingTimeInterval(1800) : nil))
    }

    @Test func aTargetCanBeAddedHere() throws {
        let fixture = try created()
        let added = try RotationFixture.target("late")
        fixture.hold("late")
        try fixture.publish { $0.added = [added] }
        #expect(fixture.holders == ["late", "web"])
        #expect(fixture.events.contains(.accepted))
        // The same place again is no other target; another place of the same name is refused.
        try fixture.publish { $0.added = [added] }
        #expect(fixture.events.filter { $0 == .accepted }.count == 1)
        var other = added
        other.with = ["place": "elsewhere"]
        fixture.refused(.unacceptable, "already") { () throws(StepError) in
            try fixture.publish { $0.added = [other] }
        }
    }

    @Test func aPlanWithoutATargetSaysSo() throws {
        let fixture = try created(waves: [:])
        fixture.refused(.unacceptable, "no target") { () throws(StepError) in try fixture.publish() }
        fixture.refused(.unacceptable, "nothing was published") { () throws(StepError) in try fixture.retire() }
    }

    @Test func aKeyThatIsTooOldIsNotHandedOut() throws {
        let fixture = try created()
        fixture.simulation.pass(31 * 86400)
        fixture.refused(.unacceptable, "may not be handed out after") { () throws(StepError) in try fixture.publish() }
        #expect(fixture.publishers.asked.isEmpty)
    }

    @Test func anotherIdentityCannotOpenTheBox() throws {
        var fixture = try created()
        fixture.identity = try Identity.generate()
        fixture.refused(.unacceptable, "not sealed to this stage's identity") { () throws(StepError) in
            try fixture.publish()
        }
    }

    @Test func aBoxOfAnotherRotationIsRefused() throws {
        let fixture = try created()
        var other = fixture.beside()
        other.plan.predecessor = .none
        other.plan.successor.name = "other"
        try other.create()
        let foreign = try #require(other.journal.handoff).sealed
        var handoff = try #require(fixture.journal.handoff)
        handoff.seal(foreign)
        let swapped = fixture.beside(handoff)
        swapped.refused(.unacceptable, "is not the key that the records name") { () throws(StepError) in
            try swapped.publish()
        }
        #expect(swapped.publishers.asked.isEmpty)
    }

    @Test func aKeyThatIsOnlyMintedIsNotHandedOut() throws {
        let fixture = try RotationFixture()
        fixture.refused(.unreachable) { () throws(StepError) in
            try fixture.create(FakeTransport(fixture.simulation, faults: [4: .loseReply]))
        }
        fixture.refused(.unacceptable, "no successor yet") { () throws(StepError) in try fixture.publish() }
        fixture.refused(.unacceptable, "no successor yet") { () throws(StepError) in try fixture.verify() }
        fixture.refused(.unacceptable, "no successor yet") { () throws(StepError) in try fixture.retire() }
    }

    @Test func withoutAHandoffNothingIsDone() throws {
        let fixture = try RotationFixture()
        fixture.refused(.unacceptable, "no handoff") { () throws(StepError) in try fixture.publish() }
        fixture.refused(.unacceptable, "no handoff") { () throws(StepError) in try fixture.verify() }
        fixture.refused(.unacceptable, "no handoff") { () throws(StepError) in try fixture.retire() }
        fixture.refused(.unacceptable, "no handoff") { () throws(StepError) in try fixture.restore() }
        fixture.refused(.unacceptable, "no handoff") { () throws(StepError) in try fixture.approve() }
    }

    @Test func aLaterWaveWaitsForAnApproval() throws {
        var fixture = try created(waves: ["canary": 1, "web": 2])
        let own: Set = [fixture.identity.publicIdentity]
        fixture.trust = Trust([.approve: own], fallback: fixture.identity.publicIdentity)
        try fixture.publish()
        try fixture.verify()
        fixture.refused(.notYet, "approval") { () throws(StepError) in try fixture.publish() }
        try fixture.approve()
        try fixture.publish()
        #expect(fixture.holders == ["canary", "web"])
    }

    @Test func nothingIsWrittenBeforeThePredecessorIsKept() throws {
        let fixture = try created(waves: ["web": 1, "worker": 1])
        let broken = fixture.failing(1)
        broken.refused(.failed, "disk is full") { () throws(StepError) in try broken.publish() }
        #expect(fixture.holders == [])
    }

    // The first record keeps the predecessor.
    @Test("the journal fails at the record of a write, and the next run finds the truth", arguments: 2...3)
    func journal(failing: Int) throws {
        let fixture = try created(waves: ["web": 1, "worker": 1])
        let broken = fixture.failing(failing)
        broken.refused(.failed, "disk is full") { () throws(StepError) in try broken.publish() }
        let again = fixture.beside(broken.journal.handoff)
        try again.publish()
        #expect(again.events.suffix(1) == [.unchanged])
        #expect(try again.state().isPublished)
    }
}
