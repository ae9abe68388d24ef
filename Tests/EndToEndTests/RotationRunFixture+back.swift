import ChildProcesses
import Glibc
import Secrets
import TestSupport

extension RotationRunFixture {
    /// Runs `ork-rollback` as people do who are told to run it again, with the application at work in between, until it says
    /// that the rotation was rolled back.
    ///
    /// The handoff of `ork-create` keeps no predecessor: a variable has it.
    func goBack(handoffs: [String], letsOthersGoOn: Bool = false) throws {
        var story: [String] = []
        for _ in 0..<30 {
            let old = "PREDECESSOR_KEY"
            try useKeys()
            let run = try run(
                Stage.withdraw.program, handoffs: handoffs, options: Stage.withdraw.options + ["--value-from", old],
                variables: [old: sandbox.predecessor.key.revealed() ?? ""])
            try observe()
            story.append("\(run.ending) \(run.errors)")
            switch run.ending {
            case .exited(0): return
            case .exited(1), .exited(69), .exited(75):
                guard run.hint?.contains("ork-rollback") ?? true else {
                    throw Complaint("it leads away from the way back: \(story.joined(separator: "\n"))")
                }
                usleep(letsOthersGoOn ? 50_000 : 1000)
            default: throw Complaint("an undocumented end: \(story.joined(separator: "\n"))")
            }
        }
        throw Complaint("no way back in sight: \(story.suffix(12).joined(separator: "\n"))")
    }
}
