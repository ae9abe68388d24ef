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
    /// Judges the rotation of a scene; `handoffs` are all that were found, `nil` if nobody looked for any.
    private static func finding(_ scene: Scene, _ handoffs: [Scene]?) throws -> DueFinding {
        var rules = DueRules()
        rules.every = Interval(seconds: 90 * 86400)
        var rotation = DueRotation(name: try #require(PlanName("checkout")), plan: scene.plan, rules: rules)
        rotation.handoffs = try handoffs?.map { try State(try #require($0.journal.handoff), trust: nil) }
        let step = DueStep(
            account: scene.account(), clock: scene.world,
            rotations: [rotation])
        return try #require(try step.run().first)
    }

    @Test("the handoff of a rotation that was begun is gone on with, at every stage, until it is finished")
    func stages() throws {
        let scene = try Scene()
        #expect(try Self.finding(scene, []).word == "never_rotated rotate")
        try scene.create()
        #expect(try Self.finding(scene, [scene]).message.contains("is created: next is ork-publish"))
        try scene.publish()
        scene.world.pass(5)
        scene.world.with { $0.useAll() }
        #expect(try Self.finding(scene, [scene]).message.contains("is published: next is ork-verify"))
        try scene.verify()
        #expect(try Self.finding(scene, [scene]).word == "begun resume")
        scene.refused(.notYet) { () throws(StepError) in try scene.retire() }
        scene.world.pass(2 * 3600)
        try scene.verify()
        scene.refused(.notYet) { () throws(StepError) in try scene.retire() }
        #expect(try Self.finding(scene, [scene]).word == "soaking")
        #expect(try Self.finding(scene, nil).word == "soaking")
        scene.world.pass(3600)
        #expect(try Self.finding(scene, [scene]).message.contains("is retiring: next is ork-retire"))
        #expect(try Self.finding(scene, nil).word == "begun resume")
        try scene.retireWaiting()
        #expect(try Self.finding(scene, [scene]).word == "current")
    }

    @Test("a key that was disabled and not recorded so is not waited for: it soaks from when it is recorded")
    func unrecorded() throws {
        let scene = try Scene()
        try scene.create()
        try scene.publish()
        scene.world.pass(5)
        scene.world.with { $0.useAll() }
        try scene.verify()
        let before = scene.beside(scene.journal.handoff)
        scene.refused(.notYet) { () throws(StepError) in try scene.retire() }
        scene.world.pass(2 * 3600)
        try scene.verify()
        scene.refused(.notYet) { () throws(StepError) in try scene.retire() }
        #expect(try Self.finding(scene, [scene]).word == "soaking")
        #expect(try Self.finding(scene, [before]).word == "begun resume")
    }

    @Test("the first key of a lineage is one key from the start: only its handoff tells that nobody has it yet")
    func firstKey() throws {
        var first = try Scene()
        first.world.with { things in for key in things.keys { things.sandbox.delete(key.hash, at: things.now) } }
        first.plan.predecessor = .none
        first.plan.successor.name = Scene.base
        try first.create()
        #expect(try Self.finding(first, nil).word == "current")
        #expect(try Self.finding(first, [first]).word == "begun resume")
    }

    @Test("what was begun and is in no handoff is superseded, where somebody has looked for handoffs")
    func lost() throws {
        let scene = try Scene()
        try scene.create()
        #expect(try Self.finding(scene, nil).word == "begun resume")
        // Its pipeline may not have saved it yet.
        #expect(try Self.finding(scene, []).word == "begun resume")
        scene.world.pass(2 * 3600)
        #expect(try Self.finding(scene, nil).word == "begun resume")
        #expect(try Self.finding(scene, []).word == "begun supersede")
    }

    @Test("a handoff is no use any more when its key may not be handed out, is gone, or another rotation came after it")
    func useless() throws {
        let late = try Scene()
        try late.create()
        late.world.pass(31 * DueScene.day)
        let finding = try Self.finding(late, [late])
        #expect(finding.word == "begun supersede")
        #expect(finding.message.contains("was to be published by"))

        let gone = try Scene()
        try gone.create()
        gone.world.with { things in
            for key in things.keys where key.name.contains(" ork:") { things.sandbox.delete(key.hash, at: things.now) }
        }
        #expect(try Self.finding(gone, [gone]).word == "never_rotated rotate")

        let first = try Scene()
        try first.create()
        let second = first.beside()
        try second.create { $0.supersedes = true }
        second.world.pass(2 * 3600)
        #expect(try Self.finding(first, [first]).word == "begun supersede")
        #expect(try Self.finding(first, [first, second]).word == "begun resume")
        #expect(try Self.finding(first, [second, first]).word == "begun resume")
    }

    @Test("a handoff whose minting was lost is gone on with by ork-create")
    func minting() throws {
        let scene = try Scene()
        let line = Line(scene.world, faults: [2: .drop])
        #expect(throws: StepError.self) { try scene.create(line) }
        let finding = try Self.finding(scene, [scene])
        #expect(finding.word == "begun resume")
        #expect(finding.message.contains("next is ork-create"))
    }

    @Test("a handoff that cannot be accepted is for people to look at, whatever the names say")
    func unacceptable() throws {
        let scene = try DueScene()
        scene.key(Scene.base, days: 100)
        let finding = try scene.finding(
            try scene.rotation { $0.handoffMistake = HandoffError(.signature, "altered", hint: "look") })
        #expect(finding.verdict == .problem(hint: "look"))
    }
}
