import ChildProcesses
import FoundationEssentials
import Synchronization
import TestSupport
import Testing

/// Rotations of the real programs that are interrupted at every exchange and every durable write of every stage.
///
/// `ORK_SWEEP=full` finishes from every point in every way, for a release; the default takes every 16th point, and every
/// twelfth with the first handoff or with none, which leaves out what is a matter of the handoff. Of those with references
/// and of the way back it takes a few. `ORK_SWEEP_SEED` chooses others.
@Suite(.serialized, .tags(.servers)) struct CrashSweepTests {
    private static let isFull = ProcessInfo.processInfo.environment["ORK_SWEEP"] == "full"
    private static let seed = ProcessInfo.processInfo.environment["ORK_SWEEP_SEED"].flatMap { UInt64($0) } ?? 1

    private typealias Trial = (point: CrashPoint, finish: CrashPoint.Finish)

    @Test(
        "wherever a stage is interrupted, running again ends with one key and no outage",
        arguments: CrashPoint.Finish.allCases)
    func interruptedRotationsFinish(_ finish: CrashPoint.Finish) async throws {
        let outcome = try await onOwnThread {
            try Self.sweep(Self.points(for: finish, of: CrashPoint.all(.plain)).map { ($0, finish) })
        }
        outcome.report("\(finish.rawValue)", atLeast: 7)
    }

    @Test("wherever the carrying of references or a way back is interrupted, the lists are whole as well")
    func interruptedReferencesAndWaysBackFinish() async throws {
        let outcome = try await onOwnThread {
            let courses = [CrashPoint.Course.referenced, .backFromPublished, .backFromDisabled]
            let points = try concurrently(courses.count) {
                try CrashPoint.all(courses[$0])
            } whileRunning: {
            }
            let trials: [Trial] = points.joined().flatMap { point in
                CrashPoint.Finish.allCases.filter { $0.exists(for: point.stage) }.map { (point, $0) }
            }
            var random = SplitMix64(seed: Self.seed)
            return try Self.sweep(Self.isFull ? trials : Array(trials.shuffled(using: &random).prefix(8)))
        }
        outcome.report("references and ways back", atLeast: 5)
    }

    private static func every(_ step: Int, of points: [CrashPoint]) -> [CrashPoint] {
        stride(from: Int(seed) % step, to: points.count, by: step).map { points[$0] }
    }

    /// The points from which a run finishes in this way.
    private static func points(for finish: CrashPoint.Finish, of all: [CrashPoint]) -> [CrashPoint] {
        let points = all.filter { finish.exists(for: $0.stage) }
        guard !isFull else { return points }
        return switch finish {
        case .noHandoff: every(12, of: points.filter { !$0.isMatterOfHandoff })
        case .firstHandoff: every(12, of: points)
        case .survivingHandoff, .previousHandoff, .twoRunners: every(16, of: points)
        }
    }

    private struct Outcome: Sendable {
        var tried = 0
        /// Faults at exchanges that a run did not have: when `ork-retire` asks for analytics depends on the minute.
        var missed = 0
        var complaints: [String] = []

        func report(_ name: String, atLeast least: Int) {
            for text in complaints { Issue.record("\(text)") }
            print("crash sweep, \(name): \(tried) points tried")
            #expect(tried > least)
            #expect(missed * 20 <= tried, "faults that did not come to pass")
        }
    }

    private static func sweep(_ chosen: [Trial]) throws -> Outcome {
        let next = Mutex(0)
        let outcomes = try concurrently(4) { _ in
            var outcome = Outcome()
            while true {
                let index = next.withLock { index in
                    index += 1
                    return index - 1
                }
                guard index < chosen.count else { return outcome }
                let (point, finish) = chosen[index]
                do {
                    try CrashRun(point, finish).run()
                    outcome.tried += 1
                } catch is CrashRun.Miss {
                    outcome.missed += 1
                } catch let complaint as Complaint {
                    outcome.complaints.append(complaint.text)
                } catch {
                    outcome.complaints.append("\(point), then \(finish.rawValue): \(error)")
                }
            }
        } whileRunning: {
        }
        return outcomes.reduce(into: Outcome()) { sum, outcome in
            sum.tried += outcome.tried
            sum.missed += outcome.missed
            sum.complaints += outcome.complaints
        }
    }
}

extension CrashPoint {
    /// Every point of a course's own stages, found by counting what a run without faults does.
    static func all(_ course: Course) throws -> [CrashPoint] {
        let fixture = try RotationRunFixture(isReferenced: course.isReferenced)
        var points: [CrashPoint] = []
        for stage in course.stages {
            try fixture.useKeys()
            let before = fixture.proxy.exchanges.count
            let trace = fixture.logs.file("trace")
            let run = try fixture.run(
                stage.program, handoffs: ["ork-handoff.json"], options: stage.options,
                wrapper: ["/usr/bin/strace", "-o", trace, "-e", "trace=rename"])
            guard run.ending == .exited(stage.status) else {
                throw Complaint("\(stage) without a fault failed: \(run.errors)")
            }
            let calls = try fixture.logs.read("trace").split(separator: "\n").filter { $0.hasPrefix("rename(") }
            guard !calls.isEmpty else { throw Complaint("\(stage) wrote nothing") }
            guard course.ownStages.contains(stage) else { continue }
            points += CrashPoint.all(
                course, stage, Counts(exchanges: fixture.proxy.exchanges.count - before, writes: calls.count))
        }
        try fixture.lists?.join(fixture.sandbox)
        try fixture.checkEnd(isBack: course.isBack)
        return points
    }
}
