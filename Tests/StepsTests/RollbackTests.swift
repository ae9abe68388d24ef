import FoundationEssentials
import JSON
import OpenRouter
import OpenRouterSandbox
import PublisherKit
import Rotation
import RotationFixtures
import Secrets
import Sodium
import Steps
import TestSupport
import Testing
import Timestamps

/// The way back: from wherever a rotation is, until its predecessor is deleted.
@Suite(.tags(.values)) struct RollbackTests {
    /// A rotation up to some point of its life.
    struct Point: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let tell: @Sendable (RotationFixture) throws -> Void

        func fixture(_ change: (inout Plan) -> Void = { _ in }) throws -> RotationFixture {
            let fixture = try RotationFixture(waves: ["canary": 1, "web": 2, "worker": 2], change: change)
            try tell(fixture)
            return fixture
        }
    }

    private static func disable(_ fixture: RotationFixture) throws {
        try fixture.publishAndVerify()
        _ = try? fixture.retire()
        fixture.simulation.pass(3700)
        _ = try? fixture.retire()
        #expect(fixture.events.last == .disabled)
    }

    static let points: [Point] = [
        Point(testDescription: "minted") { fixture in
            _ = try? fixture.create(FakeTransport(fixture.simulation, faults: [4: .drop]))
            #expect(fixture.known?.phase == .minted)
        },
        Point(testDescription: "created") { try $0.create() },
        Point(testDescription: "half of a wave is published") { fixture in
            try fixture.create()
            try fixture.publish()
            fixture.simulation.with { $0.useAll() }
            try fixture.verify()
            fixture.simulation.with { $0.troubles["web"] = [.unknownButWritten] }
            _ = try? fixture.publish()
        },
        Point(testDescription: "verified") { fixture in
            try fixture.create()
            try fixture.publishAndVerify()
        },
        Point(testDescription: "the predecessor is disabled") { fixture in
            try fixture.create()
            try disable(fixture)
        },
        Point(testDescription: "the predecessor is restored") { fixture in
            try fixture.create()
            try disable(fixture)
            try fixture.restore()
        },
    ]

    /// The account and the targets are what they were before the rotation.
    private static func expectFirstState(_ fixture: RotationFixture, sourceLocation: SourceLocation = #_sourceLocation)
    {
        let simulated = fixture.simulation.value
        #expect(simulated.keys.map(\.name) == [RotationFixture.base], sourceLocation: sourceLocation)
        #expect(simulated.keys.allSatisfy { !$0.disabled }, sourceLocation: sourceLocation)
        let first = simulated.keys.first?.hash
        for place in simulated.places.keys {
            #expect(simulated.holding(place)?.hash == first, "\(place)", sourceLocation: sourceLocation)
        }
        #expect(fixture.known?.phase == .rolledBack, sourceLocation: sourceLocation)
        #expect(fixture.journal.handoff?.kept == [], sourceLocation: sourceLocation)
        #expect(fixture.journal.handoff?.sealed == [], sourceLocation: sourceLocation)
    }

    @Test("from every state before deletion, everything is as it was, and nobody was without a key", arguments: points)
    func everyState(point: Point) throws {
        let fixture = try point.fixture()
        try fixture.rollbackWaiting()
        Self.expectFirstState(fixture)
        #expect(fixture.simulation.value.outages == [])
        try fixture.rollback()
        #expect(fixture.announcements.done.last == "nothing to do: the rotation was rolled back")
    }

    @Test("a publisher that goes back natively needs no value", arguments: points)
    func native(point: Point) throws {
        let fixture = try point.fixture { $0.keepsPredecessor = false }
        fixture.simulation.with { $0.rollback = .native }
        try fixture.rollbackWaiting()
        Self.expectFirstState(fixture)
    }

    @Test("what was published last goes back first")
    func order() throws {
        let fixture = try Self.points[3].fixture()
        _ = try? fixture.rollback()
        let written = fixture.publishers.asked.filter { $0.verb == .publish }.suffix(3).map(\.target)
        #expect(Set(written.prefix(2)) == ["web", "worker"])
        #expect(written.last == "canary")
    }

    @Test("a dry run tells everything and does nothing")
    func dryRun() throws {
        let fixture = try Self.points[4].fixture()
        let before = fixture.simulation.value
        let handoff = fixture.journal.handoff
        try fixture.rollback(dryRun: true)
        let said = fixture.announcements.all.suffix(5)
        let base = RotationFixture.base
        #expect(said.first.map { "\($0)" }?.contains("would enable \(base)") == true)
        #expect(said.contains(.doing("would write \(base) to canary (memory, wave 1) again")))
        #expect(said.last.map { "\($0)" }?.contains("would disable and delete") == true)
        #expect(fixture.simulation.value.places == before.places)
        #expect(fixture.simulation.value.keys.map(\.name) == before.keys.map(\.name))
        #expect(fixture.journal.handoff == handoff)
    }

    @Test("after deletion it says what is still possible")
    func deleted() throws {
        let fixture = try RotationFixture()
        try fixture.create()
        try fixture.publishAndVerify()
        try fixture.retireWaiting()
        let error = fixture.refused(.failed, "is deleted, and with it the way back") { () throws(StepError) in
            try fixture.rollback()
        }
        #expect(error?.hint?.contains("`ork-create --predecessor name=checkout-prod") == true)
        #expect(error?.hint?.contains("--supersede --handoff NEW.json`") == true)
        #expect(!fixture.events.contains(.rollingBack))
    }

    @Test("what nobody has the value of is told before anything begins, and waited for")
    func byHand() throws {
        let fixture = try RotationFixture(waves: ["web": 1]) { $0.keepsPredecessor = false }
        let predecessor = fixture.simulation.value.places["web"]
        try fixture.create()
        try fixture.publishAndVerify()
        #expect(fixture.journal.handoff?.kept == [])
        let error = fixture.refused(.notYet, "web is to be put back by hand: the predecessor's value is not kept") {
            () throws(StepError) in try fixture.rollback()
        }
        #expect(error?.hint?.contains("then `ork-rollback --by-hand web`; if nobody has its value any more") == true)
        #expect(fixture.simulation.value.outages == [])
        #expect(fixture.live.count == 2)
        // It is seen where it can be.
        fixture.simulation.with { [predecessor] in $0.places["web"] = predecessor }
        try fixture.rollbackWaiting()
        Self.expectFirstState(fixture)
    }

    @Test("a value that this stage has itself is as good as a kept one")
    func ownValue() throws {
        let fixture = try RotationFixture(waves: ["web": 1]) { $0.keepsPredecessor = false }
        let predecessor = try #require(fixture.simulation.value.places["web"])
        try fixture.create()
        try fixture.publishAndVerify()
        try fixture.rollbackWaiting { $0.values = [SampleKeys.foreign, predecessor] }
        Self.expectFirstState(fixture)
    }

    @Test("a place that nobody can read is written, with the value that another one gave")
    func unreadable() throws {
        let fixture = try RotationFixture(waves: ["web": 1, "worker": 1])
        fixture.simulation.with { $0.unreadable = ["web"] }
        try fixture.create()
        try fixture.publishAndVerify()
        try fixture.rollbackWaiting()
        Self.expectFirstState(fixture)
        // It is not written a second time by a run that finds it done.
        let written = fixture.publishers.asked.filter { $0.verb == .publish && $0.target == "web" }
        #expect(written.count == 2)
    }

    @Test("a value that others have written stays, and the successor does, too")
    func conflict() throws {
        let fixture = try RotationFixture(waves: ["web": 1, "worker": 1])
        try fixture.create()
        try fixture.publishAndVerify()
        let other = fixture.simulation.with { $0.sandbox.addKey(name: "billing", at: $0.now) }
        fixture.simulation.with { $0.places["web"] = other.key }
        let error = fixture.refused(.failed, "web (conflict): holds billing (") { () throws(StepError) in
            try fixture.rollback()
        }
        #expect(error?.hint?.contains("`ork-rollback --by-hand web` goes on without") == true)
        #expect(fixture.simulation.value.places["web"] == other.key)
        #expect(fixture.simulation.value.holding("worker")?.name.hasPrefix(RotationFixture.base) == true)
        #expect(fixture.live.count == 3)
        let web = try #require(PlanName("web"))
        try fixture.rollbackWaiting { $0.byHand = [web] }
        #expect(fixture.simulation.value.places["web"] == other.key)
        #expect(fixture.live == [RotationFixture.base, "billing"])
    }

    @Test("a newer rotation's key is written over by nobody")
    func newer() throws {
        let fixture = try RotationFixture()
        fixture.simulation.with { $0.unreadable = ["web"] }
        try fixture.create()
        try fixture.publishAndVerify()
        fixture.simulation.pass(60)
        let other = fixture.beside()
        try other.create { $0.supersedes = true }
        try other.publish()
        let places = fixture.simulation.value.places
        fixture.refused(.failed, "a newer rotation made checkout-prod") { () throws(StepError) in
            try fixture.rollback()
        }
        #expect(fixture.simulation.value.places == places)
        #expect(!fixture.events.contains(.rollingBack))
    }

    @Test("a target that this rotation made is left to people")
    func made() throws {
        let fixture = try RotationFixture(waves: ["web": 1, "new": 1])
        fixture.simulation.with { $0.places["new"] = nil }
        try fixture.create()
        let new = try #require(PlanName("new"))
        try fixture.publish { $0.createdTargets = [new] }
        let made = fixture.simulation.value.places["new"]
        fixture.refused(.notYet, "new is to be put back by hand: this rotation made it") { () throws(StepError) in
            try fixture.rollback()
        }
        #expect(fixture.simulation.value.places["new"] == made)
    }

    @Test("a target that holds nothing any more is left to people, and the way back goes on")
    func lost() throws {
        let fixture = try RotationFixture(waves: ["worker": 1, "web": 2])
        try fixture.create()
        try fixture.publish()
        fixture.simulation.with { $0.places["web"] = nil }
        let error = fixture.refused(.failed, "1 of 2 targets does not hold the predecessor: web") {
            () throws(StepError) in try fixture.rollback()
        }
        let way = "if something reads it, and `ork-rollback --by-hand web` goes on without"
        #expect(error?.hint?.contains(way) == true)
        #expect(!fixture.announcements.warnings.contains { $0.contains("ork-publish") })
        let web = try #require(PlanName("web"))
        try fixture.rollbackWaiting { $0.byHand = [web] }
        #expect(fixture.simulation.value.places["web"] == nil)
        #expect(fixture.live == [RotationFixture.base])
    }

    @Test("what nobody reads is said to be written unseen, before it is")
    func unseen() throws {
        let fixture = try RotationFixture()
        try fixture.create()
        try fixture.publishAndVerify()
        for (readback, isUnseen) in [(PublisherInformation.Readback.value, false), (.timestamp, true), (.none, true)] {
            fixture.simulation.with { $0.readback = readback }
            let stage = fixture.copied(fixture.journal.handoff)
            try stage.rollback(dryRun: true)
            let text = "would write \(RotationFixture.base) to web (memory, wave 1) again"
            let note = isUnseen ? ", unseen: what others have written there since may be written over" : ""
            #expect(stage.announcements.all.contains(.doing(text + note)))
        }
    }

    @Test("where reading hangs on the target, what was seen of it decides", arguments: [false, true])
    func unseenByItsSettings(isUnseen: Bool) throws {
        // What the other target shows is the predecessor that both get back.
        let fixture = try RotationFixture(waves: ["web": 1, "worker": 1])
        fixture.simulation.with { simulated in
            simulated.readbackVaries = true
            if isUnseen { simulated.unreadable = ["web"] }
        }
        try fixture.create()
        try fixture.publish()
        try fixture.rollback(dryRun: true)
        let text = "would write \(RotationFixture.base) to web (memory, wave 1) again"
        let note = isUnseen ? ", unseen: what others have written there since may be written over" : ""
        #expect(fixture.announcements.all.contains(.doing(text + note)))
    }

    @Test(
        "a rotation that goes back, or has gone, takes no other step",
        arguments: StepRun.allCases.filter { $0 != .rollback })
    func others(run: StepRun) throws {
        let fixture = try RotationFixture()
        try fixture.create()
        try fixture.publishAndVerify()
        _ = try? fixture.rollback()
        for isOver in [false, true] {
            if isOver { try fixture.rollbackWaiting() }
            let events = fixture.events
            // That brings applications back, and does no harm.
            if run == .restore { continue }
            let text = isOver ? "was rolled back: checkout-prod is in use again" : "is being rolled back"
            let error = fixture.refused(.unacceptable, text) { () throws(StepError) in try run.run(fixture) }
            #expect(error?.hint?.contains(isOver ? "--handoff NEW.json`" : "`ork-rollback`") == true)
            #expect(fixture.events == events)
        }
    }

    @Test("an answer that is lost is asked for again, and what was written is found")
    func unanswered() throws {
        for trouble in [SimulatedState.Trouble.unknownButWritten, .unknownAndNotWritten] {
            let fixture = try RotationFixture()
            try fixture.create()
            try fixture.publishAndVerify()
            // The first look and the write each take one.
            fixture.simulation.with { $0.troubles["web"] = [trouble, trouble] }
            fixture.refused(.unreachable, "does not hold the predecessor: web (unknown)") { () throws(StepError) in
                try fixture.rollback()
            }
            #expect(fixture.simulation.value.outages == [])
            try fixture.rollbackWaiting()
            Self.expectFirstState(fixture)
        }
    }

    @Test("the successor stays while somebody uses it")
    func quiet() throws {
        let fixture = try RotationFixture(waves: ["web": 1])
        try fixture.create()
        try fixture.publishAndVerify()
        let successor = try #require(fixture.known?.created?.hash.description)
        for _ in 0..<4 {
            _ = try? fixture.rollback()
            fixture.simulation.pass(3700)
            fixture.simulation.with { simulated in
                simulated.useAll()
                simulated.sandbox.use(successor, cost: 1, at: simulated.now)
            }
        }
        let error = fixture.refused(.notYet, "must have been quiet for 1h") { () throws(StepError) in
            try fixture.rollback()
        }
        #expect(error?.hint?.contains("`ork-rollback --wait 1h`") == true)
        #expect(fixture.live.count == 2)
    }

    @Test("the successor stays until the predecessor is in use again, unless nobody uses the key")
    func idle() throws {
        let fixture = try RotationFixture { $0.retire.overlap = .zero }
        try fixture.create()
        try fixture.publishAndVerify()
        fixture.refused(.notYet, "has not been used since it was put back") { () throws(StepError) in
            try fixture.rollback()
        }
        fixture.simulation.pass(7200)
        fixture.refused(.notYet, "has not been used since it was put back") { () throws(StepError) in
            try fixture.rollback()
        }
    }

    @Test("an application that does not answer well keeps both keys")
    func probe() throws {
        let fixture = try RotationFixture { plan in
            plan.verify.probes = [.http(url: "https://shop.example/health", expect: [200])]
        }
        try fixture.create()
        try fixture.publishAndVerify()
        fixture.simulation.with { $0.health = 503 }
        fixture.refused(.failed, "probe https://shop.example/health: answers 503 instead of 200") {
            () throws(StepError) in try fixture.rollback()
        }
        #expect(fixture.live.count == 2)
        fixture.simulation.with { $0.health = 200 }
        try fixture.rollbackWaiting()
        Self.expectFirstState(fixture)
    }

    @Test("what a run was told to leave out stands in the command that goes on")
    func exceptions() throws {
        let fixture = try RotationFixture { plan in
            plan.verify.probes = [.http(url: "https://shop.example/health", expect: [200])]
            plan.retire.overlap = .zero
        }
        try fixture.create()
        try fixture.publishAndVerify()
        fixture.simulation.with { $0.health = 503 }
        var plan = fixture.plan
        plan.verify.probes = []
        try fixture.journal.append(
            Entry(.verify, .accepted, message: "asks nobody", detail: ["rules": ["verify": plan.verify.json]]))
        let idle = fixture.refused(.notYet, "has not been used") { () throws(StepError) in try fixture.rollback() }
        #expect(idle?.hint?.hasSuffix("`ork-rollback --probe none --accept-idle`") == true)
        #expect(idle?.hint?.contains("`ork-rollback --probe none --wait 30m`") == true)
    }

    @Test("a leaked predecessor is not brought back")
    func compromised() throws {
        let fixture = try RotationFixture.published()
        _ = try? fixture.retire { $0.isCompromised = true }
        fixture.refused(.failed) { () throws(StepError) in try fixture.rollback() }
        #expect(!fixture.events.contains(.rollingBack))
    }

    @Test("the predecessor is read from the environment, or from its targets, and sealed to who may use it")
    func kept() throws {
        var fixture = try RotationFixture(waves: ["web": 1, "worker": 1])
        let (rollback, publish) = (try Identity.generate(), fixture.identity)
        fixture.trust = Trust([.rollback: [rollback.publicIdentity]], fallback: publish.publicIdentity)
        fixture.journal = MemoryJournal(nil, publish, fixture.trust, fixture.simulation)
        let predecessor = try #require(fixture.simulation.value.places["web"])
        try fixture.create { $0.predecessor = predecessor }
        #expect(fixture.journal.handoff?.kept.count == 2)
        var other = fixture.beside()
        other.simulation.with { $0.places["worker"] = nil }
        let kept = try #require(fixture.journal.handoff).kept
        for identity in [rollback, publish] {
            let opened = kept.compactMap { $0.open(with: identity, expecting: Digest(of: predecessor)) }
            #expect(opened == [predecessor])
        }
        let count = fixture.events.count
        fixture.simulation.with { $0.places["worker"] = predecessor }
        try fixture.publish()
        // It is kept already, so nobody was asked for it.
        #expect(fixture.events.dropFirst(count).filter { $0 == .checked }.isEmpty)
        other = try RotationFixture.published()
        #expect(other.journal.handoff?.kept.count == 1)
        #expect(other.events.filter { $0 == .checked }.count == 1)
        let again = try RotationFixture.published { $0.keepsPredecessor = false }
        #expect(again.journal.handoff?.kept == [])
    }
}
