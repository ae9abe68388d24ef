import JSON
import OpenRouterSandbox
import PublisherKit
import Rotation
import RotationFixtures
import Secrets
import Steps
import TestSupport
import Testing
import Timestamps

/// Targets that a rotation makes, and does not change.
@Suite(.tags(.values)) struct NewTargetTests {
    /// What a place holds before the rotation.
    enum Content: Sendable {
        case predecessor, foreign, nothing
        /// Nobody can read it, as a secret at GitHub.
        case unreadable
    }

    /// A rotation whose successor is created; the places are `a`, `b` and so on.
    private static func created(_ contents: [Content]) throws -> RotationFixture {
        let fixture =
            try contents.count == 1 ? RotationFixture(waves: ["a": 1]) : RotationFixture(waves: ["a": 1, "b": 1])
        try fixture.create()
        fill(fixture, contents)
        return fixture
    }

    private static func fill(_ fixture: RotationFixture, _ contents: [Content]) {
        fixture.simulation.with { simulated in
            for (place, content) in zip(["a", "b"], contents) {
                switch content {
                case .predecessor: break
                case .foreign: simulated.places[place] = SampleKeys.foreign
                case .nothing: simulated.places[place] = nil
                case .unreadable: simulated.unreadable.insert(place)
                }
            }
        }
    }

    /// Both targets may be made, and overwritten whatever they hold.
    private static func publishAnyway(_ fixture: RotationFixture) throws {
        let names = Set(fixture.plan.targets.map(\.name))
        try fixture.publish {
            $0.createdTargets = names
            $0.acceptedTargets = names
        }
    }

    private static func detail(_ fixture: RotationFixture, _ target: PlanName) -> JSONObject {
        fixture.journal.handoff?.records.last { $0.target == target }?.detail ?? [:]
    }

    @Test func whatHoldsNothingIsMadeOnlyIfSomebodySaysSo() throws {
        let fixture = try Self.created([.nothing, .predecessor])
        let name = try #require(PlanName("a"))
        fixture.refused(.failed, "a (not_found): no place a: nothing held the predecessor") {
            () throws(StepError) in
            try fixture.publish()
        }
        #expect(fixture.simulation.value.places["a"] == nil)
        #expect(Self.detail(fixture, name)["held"] == "nothing")
        #expect(try fixture.state().heldBefore(name) == nil && fixture.state().isPublished(name) == false)
        try fixture.publish { $0.createdTargets = [name] }
        #expect(Self.detail(fixture, name)["held"] == "nothing")
        #expect(try fixture.state().heldBefore(name) == .nothing)
        let checks = try fixture.verify()
        #expect(
            checks.filter { $0.target != nil }.map(\.seen) == [
                "holds the successor; this rotation made it: nothing held the predecessor before",
                "holds the successor",
            ])
        // What somebody has removed since is nobody's news.
        fixture.simulation.with { $0.places["a"] = nil }
        try fixture.publish { $0.acceptedTargets = [name] }
        #expect(try fixture.state().heldBefore(name) == .nothing)
        #expect(fixture.simulation.value.holding("a")?.digest == fixture.known?.created?.digest)
    }

    @Test func aTargetOfThePlanAloneCanBeNamed() throws {
        let fixture = try Self.created([.nothing])
        let name = try #require(PlanName("c"))
        fixture.refused(.usage, "there is no target c") { () throws(StepError) in
            try fixture.publish { $0.createdTargets = [name] }
        }
    }

    @Test("a write that made a target and whose answer was lost is remembered, and not refused")
    func lostAnswer() throws {
        let fixture = try Self.created([.nothing])
        let name = try #require(PlanName("a"))
        fixture.simulation.with { $0.troubles["a"] = [.unknownButWritten] }
        fixture.refused(.unreachable) { () throws(StepError) in try fixture.publish { $0.createdTargets = [name] } }
        try fixture.publish()
        #expect(fixture.events.suffix(2) == [.unknown, .unchanged])
        #expect(Self.detail(fixture, name)["held"] == "successor")
        #expect(try fixture.state().heldBefore(name) == .nothing)
    }

    @Test(
        "what a target held is told by its digest where the request does not limit it",
        arguments: [(Content.predecessor, Held.predecessor), (.foreign, .other), (.nothing, .nothing)]
            + [(.unreadable, .unknown)])
    func held(content: Content, held: Held) throws {
        let fixture = try RotationFixture(waves: ["a": 1])
        let predecessor = fixture.simulation.value.places["a"]
        try fixture.create()
        Self.fill(fixture, [content])
        let name = try #require(PlanName("a"))
        try Self.publishAnyway(fixture)
        #expect(Self.detail(fixture, name)["held"] == .string(held.rawValue))
        #expect(Self.detail(fixture, name)["holds"] == nil)
        #expect(try fixture.state().heldBefore(name) == (held == .unknown ? nil : held))
        try Self.publishAnyway(fixture)
        #expect(try fixture.state().heldBefore(name) == (held == .unknown ? nil : held))
        // A rollback shows what the application reads there.
        fixture.simulation.with { simulated in
            simulated.places["a"] = predecessor
            simulated.unreadable = []
        }
        try Self.publishAnyway(fixture)
        #expect(try fixture.state().heldBefore(name) == .predecessor)
    }

    @Test(
        "where no target is known to have held the predecessor, verify warns and retire refuses until it is accepted",
        arguments: [
            ([.nothing], "held"), ([.foreign], "held"), ([.nothing, .foreign], "held"), ([.predecessor], nil),
            ([.unreadable], nil), ([.nothing, .predecessor], nil), ([.nothing, .unreadable], "is known to have held"),
            ([.foreign, .unreadable], "is known to have held"), ([.unreadable, .predecessor], nil),
        ] as [([Content], String?)])
    func onlyNew(contents: [Content], verb: String?) throws {
        let fixture = try Self.created(contents)
        try Self.publishAnyway(fixture)
        fixture.simulation.pass(5)
        fixture.simulation.with { $0.useAll() }
        try fixture.verify()
        let warning = "no target \(verb ?? "") the predecessor before this rotation wrote there"
        #expect(fixture.announcements.warnings.contains { $0.hasPrefix(warning) } == (verb != nil))
        _ = try? fixture.retire()
        fixture.simulation.pass(3700)
        if verb != nil {
            let error = fixture.refused(.unacceptable, warning) { () throws(StepError) in try fixture.retire() }
            #expect(error?.hint?.contains("`ork-retire --accept-new-targets`") == true)
            #expect(fixture.predecessor?.disabled == false)
        } else {
            fixture.refused(.notYet, "soaks until") { () throws(StepError) in try fixture.retire() }
        }
    }

    @Test func onlyNewTargetsCanBeAccepted() throws {
        let fixture = try RotationFixture(waves: ["a": 1]) { $0.retire.acceptsNewTargets = true }
        try fixture.create()
        fixture.simulation.with { $0.places["a"] = nil }
        try Self.publishAnyway(fixture)
        fixture.simulation.pass(5)
        fixture.simulation.with { $0.useAll() }
        try fixture.verify()
        _ = try? fixture.retire()
        fixture.simulation.pass(3700)
        fixture.refused(.notYet, "soaks until") { () throws(StepError) in try fixture.retire() }
    }

    @Test func aLeakedKeyGoesAllTheSame() throws {
        let fixture = try Self.created([.nothing])
        try Self.publishAnyway(fixture)
        try fixture.retire { $0.isCompromised = true }
        #expect(fixture.predecessor?.deletedAt != nil)
    }
}
