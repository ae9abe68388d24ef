import PublisherKit
import Rotation
import RotationFixtures
import Secrets
import Steps
import TestSupport
import Testing

/// A plan is amended before and after publishing, and retirement counts what became of what was taken out.
@Suite(.tags(.values)) struct AmendStepTests {
    private static func name(_ text: String) throws -> PlanName { try #require(PlanName(text)) }

    @Test("a target that was named wrongly is replaced, and the rotation goes on to its end")
    func replaces() throws {
        let fixture = try RotationFixture(waves: ["web": 1, "worker": 1])
        try fixture.create()
        try fixture.amend { try $0.targets.append(RotationFixture.target("wrong")) }
        fixture.simulation.with { $0.troubles["wrong"] = [.reject(.notFound)] }
        fixture.refused(.failed) { () throws(StepError) in try fixture.publish() }
        let wrong = try Self.name("wrong")
        try fixture.amend { $0.targets.removeAll { $0.name == wrong } }
        try fixture.publishAndVerify()
        // Nobody knows that nothing reads the predecessor there.
        fixture.refused(.notYet, "wrong (memory) was dropped before it was written") { () throws(StepError) in
            try fixture.retire()
        }
        try fixture.retireWaiting { $0.abandonedTargets = [wrong] }
        #expect(try fixture.state().isFinished)
        #expect(fixture.simulation.value.outages == [])
    }

    @Test("a target that is added after verification keeps the predecessor until it is verified, too")
    func adds() throws {
        let fixture = try RotationFixture()
        fixture.simulation.with { $0.places["late"] = $0.places["web"] }
        try fixture.create()
        try fixture.publishAndVerify()
        try fixture.amend { try $0.targets.append(RotationFixture.target("late")) }
        fixture.refused(.notYet, "not every target is known to hold the successor") { () throws(StepError) in
            try fixture.retire()
        }
        try fixture.publish()
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        fixture.simulation.with { $0.useAll() }
        try fixture.verify()
        try fixture.retireWaiting()
        #expect(fixture.simulation.value.outages == [])
    }

    @Test("a target that was dropped after it was written is told of, and not waited for")
    func drops() throws {
        let fixture = try RotationFixture(waves: ["web": 1, "worker": 1])
        try fixture.create()
        try fixture.publishAndVerify()
        let worker = try Self.name("worker")
        try fixture.amend { $0.targets.removeAll { $0.name == worker } }
        #expect(fixture.announcements.warnings.contains { $0.contains("it may still hold the successor") })
        try fixture.verify()
        try fixture.retireWaiting()
        #expect(fixture.simulation.value.outages == [])
    }

    @Test("of a place that was dropped, a rollback tells what it holds then", arguments: [true, false])
    func rolledBack(isWritten: Bool) throws {
        let fixture = try RotationFixture(waves: ["web": 1, "worker": 1])
        try fixture.create()
        if isWritten { try fixture.publishAndVerify() }
        let worker = try Self.name("worker")
        try fixture.amend { $0.targets.removeAll { $0.name == worker } }
        try fixture.publishAndVerify()
        _ = try? fixture.rollback()
        for isOver in [false, true] {
            if isOver { try fixture.rollbackWaiting() }
            let state = try fixture.state()
            #expect(state.isRolledBack == isOver)
            let news = state.dropped.map(state.news)
            #expect(
                news == [
                    "worker (memory) was dropped "
                        + (isWritten
                            ? "after it was written, and holds the predecessor again" : "before it was written")
                ])
        }
    }

    @Test("a dry run and an amendment of nothing record nothing")
    func recordsNothing() throws {
        let fixture = try RotationFixture()
        try fixture.create()
        let before = fixture.journal.handoff
        try fixture.amend(dryRun: true) { $0.targets.removeAll() }
        try fixture.amend { _ in }
        #expect(fixture.journal.handoff == before)
        #expect(fixture.announcements.all.contains(.doing("would drop web")))
    }

    @Test("a finished rotation is not amended")
    func finished() throws {
        let fixture = try RotationFixture()
        try fixture.create()
        try fixture.publishAndVerify()
        try fixture.retireWaiting()
        fixture.refused(.unacceptable, "finished") { () throws(StepError) in try fixture.amend { $0.targets = [] } }
    }
}
