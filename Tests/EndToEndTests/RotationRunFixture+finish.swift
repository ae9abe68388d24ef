import ChildProcesses
import FoundationEssentials
import Glibc
import TestSupport

extension RotationRunFixture {
    /// The statuses that a run may end with after a crash; 64 and 77 would be our mistake.
    private static let statuses: Set<Int32> = [0, 1, 65, 69, 75]

    /// Runs a stage as a pipeline does, with the application at work before verification and retirement.
    func perform(
        _ stage: Stage, handoffs: [String], supersede: Bool = false, options: [String] = []
    ) throws -> ProgramRun {
        if stage.needsUse { try useKeys() }
        let run = try run(
            stage.program, handoffs: handoffs, supersede: supersede, options: stage.options + options)
        try observe()
        return run
    }

    /// Goes on from a stage until the rotation is finished, and does what the hints of refusals say.
    ///
    /// `letsOthersGoOn`: another runner is at work, so that it is right to leave the rotation to it; answers whether
    /// this runner finished.
    @discardableResult
    func finish(
        from start: Stage, handoffs: [String], supersede: Bool = false, letsOthersGoOn: Bool = false
    ) throws -> Bool {
        var stage = start
        var handoffs = handoffs
        var supersede = supersede
        var story: [String] = []
        var refusals: [String: Int] = [:]
        // Of a predecessor that the way back has enabled again.
        var again: [String] = []
        for _ in 0..<30 {
            let run = try perform(
                stage, handoffs: handoffs, supersede: supersede, options: stage == .retire ? again : [])
            story.append("\(stage) \(run.ending) \(run.isDone ? "" : run.errors)")
            guard case .exited(let status) = run.ending, Self.statuses.contains(status) else {
                throw Complaint("an undocumented end: \(story.joined(separator: "\n"))")
            }
            if status == 0 {
                supersede = false
                guard let next = stage.next else { return true }
                stage = next
                continue
            }
            guard let hint = run.hint?.filter({ $0 != "`" }) else {
                throw Complaint("a refusal without a hint: \(story.joined(separator: "\n"))")
            }
            let others = ["let the other", "that run's handoff", "rotation has taken over"]
            if letsOthersGoOn, others.contains(where: hint.contains) { return false }
            refusals[run.errors, default: 0] += 1
            if hint.contains("ork-retire --again") { again = ["--again"] }
            let isStuck = refusals[run.errors] ?? 0 > 3 && hint.contains("--supersede")
            if hint.contains("of one rotation only") {
                // Two runners that found no handoff have begun a rotation each.
                handoffs = Array(handoffs.prefix(1))
            } else if let named = Self.stage(in: hint), !supersede, !isStuck {
                stage = named
            } else if hint.contains("--supersede") {
                handoffs = ["handoff-\(UUID().uuidString).json"]
                supersede = true
                stage = .create
            } else {
                usleep(letsOthersGoOn ? 50_000 : 1000)
            }
        }
        throw Complaint("no end in sight: \(story.suffix(12).joined(separator: "\n"))")
    }

    /// The stage whose program the hint tells to run: that of its first whole command, or of its first such sentence.
    private static func stage(in hint: String) -> Stage? {
        let programs: [(String, Stage)] = [
            ("ork-create", .create), ("ork-publish", .publishFirst), ("ork-verify", .verifyFirst),
            ("ork-retire", .retire),
        ]
        if let command = hint.split(separator: "`", omittingEmptySubsequences: false).dropFirst().first {
            guard !command.contains("--supersede") else { return nil }
            return programs.first { command.split(separator: " ").first.map(String.init) == $0.0 }?.1
        }
        return programs.compactMap { name, stage in hint.firstRange(of: "run \(name)").map { ($0.lowerBound, stage) } }
            .min { $0.0 < $1.0 }?.1
    }
}
