import Fleet
import FoundationEssentials
import OpenRouter
import OpenRouterSandbox
import Rotation
import RotationFixtures
import Secrets
import Steps
import TestSupport
import Testing
import Timestamps

/// What handoffs add to the names at OpenRouter.
@Suite("What is due, by handoffs", .tags(.values))
struct DueHandoffTests {
    /// Judges the rotation of a fixture; `handoffs` are all that were found, `nil` if nobody looked for any.
    private static func finding(_ fixture: RotationFixture, _ handoffs: [RotationFixture]?) throws -> DueFinding {
        var rules = DueRules()
        rules.every = Interval(seconds: 90 * 86400)
        var rotation = DueRotation(name: try #require(PlanName("checkout")), plan: fixture.plan, rules: rules)
        rotation.handoffs = try handoffs?.map { try State(try #require($0.journal.handoff), trust: nil) }
        let step = DueStep(
            account: fixture.account(), clock: fixture.simulation,
            rotations: [rotation])
        return try #require(try step.run().first)
    }

    @Test("the handoff of a rotation that was begun is gone on with, at every stage, until it is finished")
    func stages() throws {
        let fixture = try RotationFixture()
        #expect(try Self.finding(fixture, []).word == "never_rotated rotate")
        try fixture.create()
        #expect(try Self.finding(fixture, [fixture]).message.contains("is created: next is ork-publish"))
        try fixture.publish()
        fixture.simulation.pass(5)
        fixture.simulation.with { $0.useAll() }
        #expect(try Self.finding(fixture, [fixture]).message.contains("is published: next is ork-verify"))
        try fixture.verify()
        #expect(try Self.finding(fixture, [fixture]).word == "begun resume")
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        fixture.simulation.pass(2 * 3600)
        try fixture.verify()
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        #expect(try Self.finding(fixture, [fixture]).word == "soaking")
        #expect(try Self.finding(fixture, nil).word == "soaking")
        fixture.simulation.pass(3600)
        #expect(try Self.finding(fixture, [fixture]).message.contains("is retiring: next is ork-retire"))
        #expect(try Self.finding(fixture, nil).word == "begun resume")
        try fixture.retireWaiting()
        #expect(try Self.finding(fixture, [fixture]).word == "current")
    }

    @Test("the key that a rollback holds is for the rollback, at every stage, and else for people")
    func rollback() throws {
        let fixture = try RotationFixture()
        try fixture.create()
        try fixture.publishAndVerify()
        let earlier = fixture.beside(fixture.journal.handoff)
        for _ in 0..<2 {
            _ = try? fixture.rollback()
            let finding = try Self.finding(fixture, [earlier, fixture])
            #expect(finding.word == "begun resume" && finding.message.contains("rolling back to checkout-prod"))
            #expect(try Self.finding(fixture, [earlier]).word == "problem")
            #expect(try Self.finding(fixture, nil).word == "problem")
            fixture.simulation.pass(2 * 3600)
            fixture.simulation.with { $0.useAll() }
        }
        try fixture.rollbackWaiting()
        // Nothing at OpenRouter tells of it any more; only its handoff does.
        #expect(try Self.finding(fixture, nil).word == "never_rotated rotate")
        let finding = try Self.finding(fixture, [earlier, fixture])
        #expect(finding.word == "problem" && finding.isLeftToPeople && finding.message.contains("was taken back"))
    }

    @Test("the key that a rollback puts back is named where somebody has disabled it, and not the one that goes")
    func disabledMeanwhile() throws {
        let fixture = try RotationFixture { $0.retire.acceptsIdle = true }
        let predecessor = try #require(fixture.simulation.value.keys.first?.hash)
        try fixture.create()
        try fixture.publishAndVerify()
        _ = try? fixture.rollback()
        fixture.simulation.pass(25 * 3600)
        fixture.refused(.notYet, "soaks") { () throws(StepError) in try fixture.rollback() }
        fixture.simulation.with { $0.sandbox.setDisabled(predecessor, at: $0.now) }
        let finding = try Self.finding(fixture, [fixture])
        #expect(finding.message.contains("\(predecessor.prefix(12))) is disabled, and a rollback to it"))
        guard case .problem(let hint) = finding.verdict else { throw StepError(.failed, "no problem was found") }
        #expect(hint.hasSuffix("`ork-rollback --handoff FILE`"))
    }

    @Test(
        "a rotation that was taken back takes no place of those that may run, and one that came later goes on as ever")
    func takenBack() throws {
        let fixture = try RotationFixture()
        try fixture.create()
        try fixture.publishAndVerify()
        _ = try? fixture.rollback()
        fixture.simulation.pass(2 * 3600)
        fixture.simulation.with { $0.useAll() }
        try fixture.rollbackWaiting()
        let other = try DueFixture().rotation("search", .none) { $0.plan.successor.name = "search-prod" }
        func report(_ handoffs: [RotationFixture]) throws -> DueReport {
            var rotation = DueRotation(
                name: try #require(PlanName("checkout")), plan: fixture.plan, rules: other.rules)
            rotation.handoffs = try handoffs.map { try State(try #require($0.journal.handoff), trust: nil) }
            let step = DueStep(
                account: fixture.account(), clock: fixture.simulation, rotations: [rotation, other])
            return DueReport(try step.run(), limit: 1)
        }
        #expect(try report([fixture]).due.map(\.rotation.description) == ["search"])
        let next = fixture.beside()
        try next.create()
        #expect(try report([fixture, next]).due.map(\.rotation.description) == ["checkout"])
        // Its handoff is kept from whoever looks: the key is there all the same.
        let finding = try #require(try report([fixture]).due.first)
        let name = try #require(next.known?.created?.name)
        #expect(finding.unexplained?.hasPrefix("\(name) (") == true)
    }

    @Test("a limit that has started over is to be raised, even while the predecessor soaks, and nothing here raises it")
    func raise() throws {
        let fixture = try RotationFixture { plan in
            plan.successor.limit = .remaining
            plan.retire.soak = Interval(seconds: 60 * 86400)
        }
        try fixture.create()
        try fixture.publishAndVerify()
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        fixture.simulation.pass(2 * 3600)
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        #expect(try Self.finding(fixture, [fixture]).word == "soaking")
        fixture.simulation.sleep(until: try #require(Date(rfc3339: "2026-12-01T00:00:00Z")))
        let writes = fixture.simulation.writes().count
        let finding = try Self.finding(fixture, [fixture])
        #expect(finding.word == "begun resume")
        #expect(finding.message.hasSuffix("`ork-retire --handoff FILE` raises it from 24 to 25 USD"))
        #expect(fixture.simulation.writes().count == writes)
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        #expect(try Self.finding(fixture, [fixture]).word == "soaking")
    }

    @Test("a key that was disabled and not recorded so is not waited for: it soaks from when it is recorded")
    func unrecorded() throws {
        let fixture = try RotationFixture()
        try fixture.create()
        try fixture.publish()
        fixture.simulation.pass(5)
        fixture.simulation.with { $0.useAll() }
        try fixture.verify()
        let before = fixture.beside(fixture.journal.handoff)
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        fixture.simulation.pass(2 * 3600)
        try fixture.verify()
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        #expect(try Self.finding(fixture, [fixture]).word == "soaking")
        #expect(try Self.finding(fixture, [before]).word == "begun resume")
    }

    @Test("a target that needs the successor during the soak does not wait for its end", arguments: [true, false])
    func soakingTarget(isAdded: Bool) throws {
        let fixture = try RotationFixture()
        fixture.simulation.with { $0.places["late"] = $0.places["web"] }
        let predecessor = fixture.simulation.value.places["web"]
        try fixture.create()
        try fixture.publishAndVerify()
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        fixture.simulation.pass(2 * 3600)
        try fixture.verify()
        fixture.refused(.notYet, "soaks until") { () throws(StepError) in try fixture.retire() }
        #expect(try Self.finding(fixture, [fixture]).word == "soaking")
        if isAdded {
            try fixture.amend { try $0.targets.append(RotationFixture.target("late")) }
        } else {
            fixture.simulation.with { [predecessor] in $0.places["web"] = predecessor }
            fixture.refused(.failed) { () throws(StepError) in try fixture.verify() }
        }
        for next in ["ork-publish", "ork-verify"] {
            let finding = try Self.finding(fixture, [fixture])
            #expect(finding.word == "begun resume" && finding.message.hasSuffix("is retiring: next is \(next)"))
            if next == "ork-publish" { try fixture.publish() }
        }
        fixture.simulation.with { $0.useAll() }
        try fixture.verify()
        #expect(try Self.finding(fixture, [fixture]).word == "soaking")
    }

    @Test("the first key of a lineage is one key from the start: only its handoff tells that nobody has it yet")
    func firstKey() throws {
        var first = try RotationFixture()
        first.simulation.with { simulated in
            for key in simulated.keys { simulated.sandbox.delete(key.hash, at: simulated.now) }
        }
        first.plan.predecessor = .none
        first.plan.successor.name = RotationFixture.base
        try first.create()
        #expect(try Self.finding(first, nil).word == "current")
        #expect(try Self.finding(first, [first]).word == "begun resume")
    }

    @Test("what was begun and is in no handoff is superseded, where somebody has looked for handoffs")
    func lost() throws {
        let fixture = try RotationFixture()
        try fixture.create()
        #expect(try Self.finding(fixture, nil).word == "begun resume")
        // Its pipeline may not have saved it yet.
        #expect(try Self.finding(fixture, []).word == "begun resume")
        fixture.simulation.pass(2 * 3600)
        #expect(try Self.finding(fixture, nil).word == "begun resume")
        #expect(try Self.finding(fixture, []).word == "begun supersede")
    }

    @Test("a handoff is no use any more when its key may not be handed out, is gone, or another rotation came after it")
    func useless() throws {
        let late = try RotationFixture()
        try late.create()
        late.simulation.pass(31 * DueFixture.day)
        let finding = try Self.finding(late, [late])
        #expect(finding.word == "begun supersede")
        #expect(finding.message.contains("should have been published by"))

        let gone = try RotationFixture()
        try gone.create()
        gone.simulation.with { simulated in
            for key in simulated.keys where key.name.contains(" ork:") {
                simulated.sandbox.delete(key.hash, at: simulated.now)
            }
        }
        #expect(try Self.finding(gone, [gone]).word == "never_rotated rotate")

        let first = try RotationFixture()
        try first.create()
        let second = first.beside()
        try second.create { $0.supersedes = true }
        second.simulation.pass(2 * 3600)
        #expect(try Self.finding(first, [first]).word == "begun supersede")
        #expect(try Self.finding(first, [first, second]).word == "begun resume")
        #expect(try Self.finding(first, [second, first]).word == "begun resume")
    }

    @Test("a handoff whose minting was lost is gone on with by ork-create")
    func minting() throws {
        let fixture = try RotationFixture()
        let transport = FakeTransport(fixture.simulation, faults: [2: .drop])
        #expect(throws: StepError.self) { try fixture.create(transport) }
        let finding = try Self.finding(fixture, [fixture])
        #expect(finding.word == "begun resume")
        #expect(finding.message.contains("next is ork-create"))
    }

    @Test("a handoff that cannot be accepted is for people to look at, whatever the names say")
    func unacceptable() throws {
        let fixture = try DueFixture()
        fixture.key(RotationFixture.base, days: 100)
        let finding = try fixture.finding(
            try fixture.rotation { $0.handoffMistake = HandoffError(.signature, "altered", hint: "look") })
        #expect(finding.verdict == .problem(hint: "look"))
    }
}
