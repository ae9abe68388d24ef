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
    private func check(_ fixture: RotationFixture, accepted: Set<PlanName> = []) throws(StepError) {
        var options = PublishStep.Options()
        options.acceptedTargets = accepted
        let state = fixture.known
        try CheckStep(
            publishers: fixture.publishers, clock: fixture.simulation, options: options,
            tell: fixture.announcements.hear
        )
        .run(fixture.plan, state: state)
    }

    @Test func readyTargetsAreReadyBeforeAndAfterCreate() throws {
        let fixture = try RotationFixture()
        try check(fixture)
        #expect(fixture.publishers.asked.map(\.verb) == [.check])
        #expect(fixture.publishers.asked.map(\.comparesValue) == [false])
        try fixture.create()
        try check(fixture)
        #expect(fixture.publishers.asked.map(\.comparesValue) == [false, true])
        #expect(fixture.simulation.value.holding("web")?.name == RotationFixture.base)
    }

    @Test("a target that is not ready is named", arguments: PublisherError.Code.allCases)
    func notReady(code: PublisherError.Code) throws {
        let fixture = try RotationFixture(waves: ["web": 1, "worker": 1])
        fixture.simulation.with { $0.troubles["web"] = [.reject(code)] }
        let codes: [PublisherError.Code: StepError.Code] = [
            .denied: .denied, .configuration: .unacceptable, .unavailable: .unreachable, .rateLimited: .unreachable,
        ]
        fixture.refused(codes[code] ?? .failed, "1 of 2 targets is not ready: web") {
            () throws(StepError) in
            try check(fixture)
        }
        #expect(fixture.simulation.writes() == [])
    }

    @Test func nothingIsComparedWhereHashesAreNotDigests() throws {
        var simulated = SimulatedState()
        simulated.sandbox.behaviour.hashesDiffer = true
        let fixture = try RotationFixture(Simulation(simulated))
        try fixture.create()
        try check(fixture)
        #expect(fixture.publishers.asked.map(\.comparesValue) == [false])
        #expect(fixture.announcements.warnings.contains { $0.contains("targets are not compared") })
    }

    @Test func anAcceptedTargetMayHoldAnything() throws {
        let fixture = try RotationFixture()
        try fixture.create()
        fixture.simulation.with { $0.places["web"] = Secret("of somebody else") }
        fixture.refused(.failed, "web: holds a value of somebody else's") { () throws(StepError) in try check(fixture) }
        let web = try #require(PlanName("web"))
        try check(fixture, accepted: [web])
        let other = try #require(PlanName("other"))
        fixture.refused(.usage, "no target other") { () throws(StepError) in try check(fixture, accepted: [other]) }
    }

    @Test("each target is told what to do, and the end says so once")
    func hints() throws {
        let fixture = try RotationFixture(waves: ["api": 1, "web": 1, "worker": 1])
        fixture.simulation.with { simulated in
            simulated.troubles["web"] = [.answer(.rejected(PublisherError(.denied, "no", hint: "ask the boss")))]
            simulated.troubles["api"] = [
                .answer(.rejected(PublisherError(.conflict, "taken", hint: "look who it was")))
            ]
        }
        let error = fixture.refused(.failed, "2 of 3") { () throws(StepError) in try check(fixture) }
        #expect(
            error?.hint
                == "follow the advice after each target above; ask whether a newer rotation made a key: `ork-status --ask`; if "
                + "none did, `ork-publish --accept-target api` puts the new key in its place; ork keeps no copy of what "
                + "is there now, and a key that is there stays alive; if one did, go on with its handoff; nothing was changed"
        )
        let lines = fixture.announcements.warnings
        #expect(lines.contains { $0.hasSuffix("web: no; ask the boss") })
        #expect(lines.contains { $0.hasSuffix("api: taken; look who it was") })
    }

    @Test func whatCanBeSeenWithoutWritingIsSeen() throws {
        var fixture = try RotationFixture()
        let token = try #require(EnvironmentName("TOKEN"))
        fixture.plan.targets[0].environment = [token: token]
        fixture.refused(.denied, "TOKEN is not set") { () throws(StepError) in try check(fixture) }
        fixture.plan.targets[0].environment = [:]
        fixture.plan.targets[0].with = ["path": "x"]
        fixture.refused(.unacceptable, "web") { () throws(StepError) in try check(fixture) }
        fixture.plan.targets[0].publisher = try #require(PublisherName("none"))
        fixture.refused(.unacceptable, "ork-publisher-none") { () throws(StepError) in try check(fixture) }
        fixture.plan.targets = []
        fixture.refused(.unacceptable, "no target") { () throws(StepError) in try check(fixture) }
        #expect(fixture.publishers.asked.isEmpty)
    }
}
