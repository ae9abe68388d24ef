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
) throws -> Scene {
    let scene = try Scene(waves: waves, change: change)
    try scene.create()
    return scene
}

private func name(_ text: String) throws -> PlanName { try #require(PlanName(text)) }

extension Scene {
    /// The targets that hold the successor, in truth.
    fileprivate var holders: [String] {
        let things = world.value
        guard let digest = known?.created?.digest else { return [] }
        return things.places.keys.filter { things.holding($0)?.digest == digest }.sorted()
    }
}

@Suite(.tags(.values)) struct PublishTests {
    @Test func everyTargetGetsTheSuccessorAfterThreeProbesInOneRoundTrip() throws {
        let scene = try created(waves: ["web": 1, "worker": 1])
        let line = Line(scene.world)
        let start = scene.world.now
        try scene.publish(line)
        #expect(line.exchanges.map(\.count) == [3])
        #expect(line.exchanges.joined().allSatisfy { $0.wantsFreshConnection && $0.method == .get })
        // Only the successor's own bearer: no management key in this step.
        let key = try #require(scene.world.value.keys.last)
        #expect(scene.world.value.sandbox.log.suffix(3).map(\.credential) == Array(repeating: .key(key.hash), count: 3))
        let settled = key.createdAt.addingTimeInterval(30)
        #expect(start < settled)
        #expect(scene.world.value.sandbox.log.suffix(3).allSatisfy { $0.at >= settled })
        #expect(scene.holders == ["web", "worker"])
        #expect(scene.events.suffix(2) == [.committed, .committed])
        #expect(scene.world.value.outages == [])
    }

    @Test func aSecondRunHasNothingToDo() throws {
        let scene = try created()
        try scene.publish()
        let line = Line(scene.world)
        try scene.publish(line)
        #expect(line.exchanges.isEmpty)
        #expect(scene.publishers.asked.count == 1)
        #expect(scene.sayings.done.last?.hasPrefix("nothing to do") == true)
    }

    @Test func aDryRunDoesNothing() throws {
        let scene = try created()
        let events = scene.events
        let line = Line(scene.world)
        try scene.publish(line, dryRun: true)
        #expect(line.exchanges.isEmpty)
        #expect(scene.publishers.asked.isEmpty)
        #expect(scene.events == events)
    }

    /// What can be wrong with a successor before anybody has it.
    struct Sick: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let code: StepError.Code
        let hand: @Sendable (inout Things, String) -> Void
    }

    static let sicknesses: [Sick] = [
        Sick(testDescription: "limit zero", code: .failed) { $0.sandbox.setLimit($1, 0, at: $0.now) },
        Sick(testDescription: "limit used up", code: .failed) { $0.sandbox.use($1, cost: 25, at: $0.now) },
        Sick(testDescription: "expired", code: .notYet) { $0.sandbox.setExpiry($1, $0.now) },
        Sick(testDescription: "disabled", code: .notYet) { $0.sandbox.setDisabled($1, at: $0.now) },
        Sick(testDescription: "deleted", code: .notYet) { $0.sandbox.delete($1, at: $0.now) },
        Sick(testDescription: "not known everywhere", code: .notYet) { things, _ in
            things.sandbox.behaviour.propagation = 3600
        },
    ]

    @Test("a successor that does not work is not handed out", arguments: sicknesses)
    func sickSuccessor(sick: Sick) throws {
        let scene = try created()
        let hash = try #require(scene.world.value.keys.last?.hash)
        scene.world.with { things in sick.hand(&things, hash) }
        scene.refused(sick.code) { () throws(StepError) in try scene.publish() }
        #expect(scene.publishers.asked.isEmpty)
        #expect(scene.world.value.outages == [])
    }

    @Test("one failing probe of three refuses", arguments: [Line.Fault.drop, .loseReply, .status(503), .status(429)])
    func probe(fault: Line.Fault) throws {
        let scene = try created()
        let error = scene.refused(.unreachable, "does not work yet") { () throws(StepError) in
            try scene.publish(Line(scene.world, faults: [1: fault]))
        }
        #expect(error?.isRetryable == true)
        #expect(scene.publishers.asked.isEmpty)
        try scene.publish()
        #expect(scene.holders == ["web"])
    }

    @Test func aModelIsAskedOnceAndNeverAgain() throws {
        let scene = try created(waves: ["web": 1, "worker": 2]) { $0.publish.inference = "openai/gpt-4o" }
        scene.world.with { $0.troubles["web"] = [.reject(.unavailable), .unknownAndNotWritten] }
        for _ in 1...2 { #expect(throws: StepError.self) { try scene.publish() } }
        try scene.publish()
        try scene.verify { $0.keepsSecret = true }
        try scene.publish()
        let asked = scene.world.value.sandbox.log.filter { $0.path.hasPrefix("/chat") }
        #expect(asked.count == 1)
        // Ork's own question is nobody's use.
        let checks = try scene.verify()
        #expect(checks.first { $0.name == "adopted" }?.outcome == .unknown)
        scene.world.pass(3 * 3600)
        scene.refused(.notYet, "not been used") { () throws(StepError) in
            try scene.retire()
        }
    }

    @Test func aModelThatDoesNotAnswerRefuses() throws {
        let scene = try created { $0.publish.inference = "openai/gpt-4o" }
        scene.world.with { $0.sandbox.setCredits(0) }
        scene.refused(.failed, "does not work yet") { () throws(StepError) in try scene.publish() }
        #expect(scene.publishers.asked.isEmpty)
    }

    @Test func wavesGoInTheirOrderWithAVerificationBetweenThem() throws {
        let scene = try created(waves: ["canary": 1, "web": 2, "worker": 2])
        try scene.publish()
        #expect(scene.holders == ["canary"])
        let error = scene.refused(.notYet, "verification") { () throws(StepError) in try scene.publish() }
        #expect(error?.isRetryable == false)
        try scene.verify { $0.keepsSecret = true }
        try scene.publish()
        #expect(scene.holders == ["canary", "web", "worker"])
    }

    @Test func aLaterTargetAloneWaitsForItsWave() throws {
        let scene = try created(waves: ["canary": 1, "web": 2])
        let web = try name("web")
        scene.refused(.notYet, "wave 2") { () throws(StepError) in try scene.publish { $0.only = [web] } }
        try scene.publish {
            $0.only = [web]
            $0.allWaves = true
        }
        #expect(scene.holders == ["web"])
        try scene.publish()
        #expect(scene.holders == ["canary", "web"])
    }

    @Test func allWavesGoAtOnceWhenAskedFor() throws {
        let scene = try created(waves: ["canary": 1, "web": 2])
        try scene.publish { $0.allWaves = true }
        #expect(scene.holders == ["canary", "web"])
    }

    @Test func aTargetThatIsNotInThePlanIsAUsageError() throws {
        let scene = try created()
        let other = try name("other")
        scene.refused(.usage, "no target other") { () throws(StepError) in try scene.publish { $0.only = [other] } }
    }

    /// What a publisher answers, and what becomes of it.
    struct Trouble: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let trouble: Things.Trouble
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
        let scene = try created(waves: ["web": 1, "worker": 1])
        scene.world.with { $0.troubles["web"] = [trouble.trouble] }
        scene.refused(trouble.code, "1 of 2 targets") { () throws(StepError) in try scene.publish() }
        #expect(scene.holders.contains("worker"))
        #expect(scene.events.suffix(2) == [trouble.event, .committed])
        #expect(scene.world.value.outages == [])
        scene.refused(.notYet, "not every target") { () throws(StepError) in try scene.retire() }
        try scene.publish()
        #expect(scene.holders == ["web", "worker"])
        #expect(scene.publishers.asked.map(\.target) == ["web", "worker", "web"])
        #expect(Set(scene.publishers.asked.filter { $0.target == "web" }.map(\.operation)).count == 1)
    }

    @Test func anotherValueAtATargetIsAConflictUntilItIsAccepted() throws {
        let scene = try created(waves: ["web": 1, "worker": 1])
        scene.world.with { $0.places["web"] = Secret("somebody else's") }
        scene.refused(.failed, "web (conflict)") { () throws(StepError) in try scene.publish() }
        #expect(scene.holders == ["worker"])
        let web = try name("web")
        try scene.publish { $0.acceptedTargets = [web] }
        #expect(scene.holders == ["web", "worker"])
        #expect(scene.publishers.asked.map(\.comparesValue) == [true, true, false])
        #expect(scene.journal.handoff?.records.last?.detail["accepted"] == true)
    }

    @Test("a limit says when to come back, if every target that is left waits for one", arguments: [true, false])
    func limits(all: Bool) throws {
        let scene = try created(waves: ["web": 1, "worker": 1])
        scene.world.with { things in
            for (place, seconds) in ["web": 90, "worker": 1800] {
                let error = PublisherError(.rateLimited, "enough", retryAfter: all || place == "web" ? seconds : nil)
                things.troubles[place] = [.answer(place == "web" ? .rejected(error) : .unknown(error))]
            }
        }
        let error = scene.refused(all ? .notYet : .unreachable, "2 of 2 targets are not known to have the new key") {
            () throws(StepError) in try scene.publish()
        }
        #expect(error?.isRetryable == true)
        #expect(error?.retryAt == (all ? scene.world.now.addingTimeInterval(1800) : nil))
    }

    @Test func anEmptyTargetIsFilled() throws {
        let scene = try created()
        scene.world.with { $0.places = [:] }
        try scene.publish()
        #expect(scene.holders == ["web"])
    }

    @Test func aTargetCanBeAddedHere() throws {
        let scene = try created()
        let added = try Scene.target("late")
        try scene.publish { $0.added = [added] }
        #expect(scene.holders == ["late", "web"])
        #expect(scene.events.contains(.accepted))
        // The same place again is no other target; another place of the same name is refused.
        try scene.publish { $0.added = [added] }
        #expect(scene.events.filter { $0 == .accepted }.count == 1)
        var other = added
        other.with = ["place": "elsewhere"]
        scene.refused(.unacceptable, "already") { () throws(StepError) in
            try scene.publish { $0.added = [other] }
        }
    }

    @Test func aPlanWithoutATargetSaysSo() throws {
        let scene = try created(waves: [:])
        scene.refused(.unacceptable, "no target") { () throws(StepError) in try scene.publish() }
        scene.refused(.unacceptable, "nothing was published") { () throws(StepError) in try scene.retire() }
    }

    @Test func aKeyThatIsTooOldIsNotHandedOut() throws {
        let scene = try created()
        scene.world.pass(31 * 86400)
        scene.refused(.unacceptable, "may not be handed out after") { () throws(StepError) in try scene.publish() }
        #expect(scene.publishers.asked.isEmpty)
    }

    @Test func anotherIdentityCannotOpenTheBox() throws {
        var scene = try created()
        scene.identity = try Identity.generate()
        scene.refused(.unacceptable, "not sealed to this stage's identity") { () throws(StepError) in
            try scene.publish()
        }
    }

    @Test func aBoxOfAnotherRotationIsRefused() throws {
        let scene = try created()
        var other = scene.beside()
        other.plan.predecessor = .none
        other.plan.successor.name = "other"
        try other.create()
        let foreign = try #require(other.journal.handoff).sealed
        var handoff = try #require(scene.journal.handoff)
        handoff.seal(foreign)
        let swapped = scene.beside(handoff)
        swapped.refused(.unacceptable, "is not the key that the records name") { () throws(StepError) in
            try swapped.publish()
        }
        #expect(swapped.publishers.asked.isEmpty)
    }

    @Test func aKeyThatIsOnlyMintedIsNotHandedOut() throws {
        let scene = try Scene()
        scene.refused(.unreachable) { () throws(StepError) in
            try scene.create(Line(scene.world, faults: [4: .loseReply]))
        }
        scene.refused(.unacceptable, "no successor yet") { () throws(StepError) in try scene.publish() }
        scene.refused(.unacceptable, "no successor yet") { () throws(StepError) in try scene.verify() }
        scene.refused(.unacceptable, "no successor yet") { () throws(StepError) in try scene.retire() }
    }

    @Test func withoutAHandoffNothingIsDone() throws {
        let scene = try Scene()
        scene.refused(.unacceptable, "no handoff") { () throws(StepError) in try scene.publish() }
        scene.refused(.unacceptable, "no handoff") { () throws(StepError) in try scene.verify() }
        scene.refused(.unacceptable, "no handoff") { () throws(StepError) in try scene.retire() }
        scene.refused(.unacceptable, "no handoff") { () throws(StepError) in try scene.restore() }
        scene.refused(.unacceptable, "no handoff") { () throws(StepError) in try scene.approve() }
    }

    @Test func aLaterWaveWaitsForAnApproval() throws {
        var scene = try created(waves: ["canary": 1, "web": 2])
        let own: Set = [scene.identity.publicIdentity]
        scene.trust = Trust([.approve: own], fallback: scene.identity.publicIdentity)
        try scene.publish()
        try scene.verify { $0.keepsSecret = true }
        scene.refused(.notYet, "approval") { () throws(StepError) in try scene.publish() }
        try scene.approve()
        try scene.publish()
        #expect(scene.holders == ["canary", "web"])
    }

    @Test("the journal fails at the record of a write, and the next run finds the truth", arguments: 1...2)
    func journal(failing: Int) throws {
        let scene = try created(waves: ["web": 1, "worker": 1])
        let broken = scene.failing(failing)
        broken.refused(.failed, "disk is full") { () throws(StepError) in try broken.publish() }
        let again = scene.beside(broken.journal.handoff)
        try again.publish()
        #expect(again.events.suffix(1) == [.unchanged])
        #expect(try again.state().isPublished)
    }
}
