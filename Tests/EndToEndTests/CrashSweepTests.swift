import FoundationEssentials
import Synchronization
import TestSupport
import Testing

/// Rotations of the real programs that are interrupted at every exchange and every durable write of every stage.
///
/// `ORK_SWEEP=full` finishes from every point in every way, for a release; the default takes every second
/// point with the surviving handoff, every fourth of those that differ without it with none, and every sixth in the other
/// ways.
@Suite(.serialized, .tags(.servers)) struct CrashSweepTests {
    private static let isFull = ProcessInfo.processInfo.environment["ORK_SWEEP"] == "full"

    @Test(
        "wherever a stage is interrupted, running again ends with one key and no outage",
        arguments: CrashPoint.Finish.allCases)
    func interruptedRotationsFinish(_ finish: CrashPoint.Finish) async throws {
        let outcome = try await onOwnThread { try Self.sweep(finish) }
        for text in outcome.complaints { Issue.record("\(text)") }
        print("crash sweep, \(finish.rawValue): \(outcome.tried) points tried")
        #expect(outcome.tried > 15)
        #expect(outcome.missed * 20 <= outcome.tried, "faults that did not come to pass")
    }

    private struct Outcome: Sendable {
        var tried = 0
        /// Faults at exchanges that a run did not have: when `ork-retire` asks for analytics depends on the minute.
        var missed = 0
        var complaints: [String] = []
    }

    private static func every(_ step: Int, of points: [CrashPoint]) -> [CrashPoint] {
        stride(from: 0, to: points.count, by: step).map { points[$0] }
    }

    private static func sweep(_ finish: CrashPoint.Finish) throws -> Outcome {
        let points = try CrashPoint.all().filter { finish.exists(for: $0.stage) }
        let chosen: [CrashPoint] =
            switch finish {
            case _ where isFull: points
            case .survivingHandoff: every(2, of: points)
            case .noHandoff: every(4, of: points.filter { !$0.isMatterOfHandoff })
            case .previousHandoff, .firstHandoff, .twoRunners: every(6, of: points)
            }
        let next = Mutex(0)
        let outcomes = try concurrently(2) { _ in
            var outcome = Outcome()
            while true {
                let index = next.withLock { index in
                    index += 1
                    return index - 1
                }
                guard index < chosen.count else { return outcome }
                do {
                    try CrashRun(chosen[index], finish).run()
                    outcome.tried += 1
                } catch is CrashRun.Miss {
                    outcome.missed += 1
                } catch let complaint as Complaint {
                    outcome.complaints.append(complaint.text)
                } catch {
                    outcome.complaints.append("\(chosen[index]), then \(finish.rawValue): \(error)")
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
    /// Every point of a rotation, found by counting what one without faults does.
    static func all() throws -> [CrashPoint] {
        let fixture = try RotationRunFixture()
        var points: [CrashPoint] = []
        for stage in Stage.allCases {
            try fixture.useKeys()
            let before = fixture.proxy.exchanges.count
            let trace = fixture.logs.file("trace")
            let run = try fixture.run(
                stage.program, handoffs: ["ork-handoff.json"],
                wrapper: ["/usr/bin/strace", "-o", trace, "-e", "trace=rename"])
            guard run.isDone else { throw Complaint("\(stage) without a fault failed: \(run.errors)") }
            let calls = try fixture.logs.read("trace").split(separator: "\n").filter { $0.hasPrefix("rename(") }
            guard !calls.isEmpty else { throw Complaint("\(stage) wrote nothing") }
            points += CrashPoint.all(
                stage, Counts(exchanges: fixture.proxy.exchanges.count - before, writes: calls.count))
        }
        try fixture.checkEnd()
        return points
    }
}
