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

@Suite(.tags(.values)) struct CheckStepTests {
    private func check(_ scene: Scene, accepted: Set<PlanName> = []) throws(StepError) {
        var options = PublishStep.Options()
        options.acceptedTargets = accepted
        let state = scene.known
        try CheckStep(publishers: scene.publishers, clock: scene.world, options: options, tell: scene.sayings.hear)
            .run(scene.plan, state: state)
    }

    @Test func readyTargetsAreReadyBeforeAndAfterCreate() throws {
        let scene = try Scene()
        try check(scene)
        #expect(scene.publishers.asked.map(\.verb) == [.check])
        #expect(scene.publishers.asked.map(\.comparesValue) == [false])
        try scene.create()
        try check(scene)
        #expect(scene.publishers.asked.map(\.comparesValue) == [false, true])
        #expect(scene.world.value.holding("web")?.name == Scene.base)
    }

    @Test("a target that is not ready is named", arguments: PublisherError.Code.allCases)
    func notReady(code: PublisherError.Code) throws {
        let scene = try Scene(waves: ["web": 1, "worker": 1])
        scene.world.with { $0.troubles["web"] = [.reject(code)] }
        let codes: [PublisherError.Code: StepError.Code] = [
            .denied: .denied, .configuration: .unacceptable, .unavailable: .unreachable, .rateLimited: .unreachable,
        ]
        scene.refused(codes[code] ?? .failed, "1 of 2 targets are not ready: web") {
            () throws(StepError) in
            try check(scene)
        }
        #expect(scene.world.writes() == [])
    }

    @Test func nothingIsComparedWhereHashesAreNotDigests() throws {
        var things = Things()
        things.sandbox.behaviour.hashesDiffer = true
        let scene = try Scene(World(things))
        try scene.create()
        try check(scene)
        #expect(scene.publishers.asked.map(\.comparesValue) == [false])
        #expect(scene.sayings.warnings.contains { $0.contains("targets are not compared") })
    }

    @Test func anAcceptedTargetMayHoldAnything() throws {
        let scene = try Scene()
        try scene.create()
        scene.world.with { $0.places["web"] = Secret("of somebody else") }
        scene.refused(.failed, "web (conflict)") { () throws(StepError) in try check(scene) }
        let web = try #require(PlanName("web"))
        try check(scene, accepted: [web])
        let other = try #require(PlanName("other"))
        scene.refused(.usage, "no target other") { () throws(StepError) in try check(scene, accepted: [other]) }
    }

    @Test("each target is told what to do, and the end says so once")
    func hints() throws {
        let scene = try Scene(waves: ["api": 1, "web": 1, "worker": 1])
        scene.world.with { things in
            things.troubles["web"] = [.answer(.rejected(PublisherError(.denied, "no", hint: "ask the boss")))]
            things.troubles["api"] = [.answer(.rejected(PublisherError(.conflict, "taken", hint: "look who it was")))]
        }
        let error = scene.refused(.failed, "2 of 3") { () throws(StepError) in try check(scene) }
        #expect(error?.hint == "do what stands behind each target above; nothing was changed")
        let lines = scene.sayings.warnings
        #expect(lines.contains { $0.hasSuffix("web: no; ask the boss") })
        #expect(
            lines.contains {
                $0.hasSuffix("api: taken; look who it was; ork-publish --accept-target api overwrites what is there")
            })
    }

    @Test func whatCanBeSeenWithoutWritingIsSeen() throws {
        var scene = try Scene()
        let token = try #require(EnvironmentName("TOKEN"))
        scene.plan.targets[0].environment = [token: token]
        scene.refused(.unacceptable, "TOKEN is not set") { () throws(StepError) in try check(scene) }
        scene.plan.targets[0].environment = [:]
        scene.plan.targets[0].with = ["path": "x"]
        scene.refused(.unacceptable, "web") { () throws(StepError) in try check(scene) }
        scene.plan.targets[0].publisher = try #require(PublisherName("none"))
        scene.refused(.unacceptable, "ork-publisher-none") { () throws(StepError) in try check(scene) }
        scene.plan.targets = []
        scene.refused(.unacceptable, "no target") { () throws(StepError) in try check(scene) }
        #expect(scene.publishers.asked.isEmpty)
    }
}
