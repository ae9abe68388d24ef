import FoundationEssentials
import Rotation
import Timestamps

/// What is recorded of a target, in words for people.
struct TargetNews {
    /// What became of it last.
    let event: String
    /// Why it does not hold the successor.
    let reason: String?
    let at: Date?

    init(_ target: Plan.Target, _ state: State) {
        guard let last = state.targets[target.name]?.last else {
            (event, reason, at) = ("not yet published", nil, nil)
            return
        }
        event = last.event.rawValue
        at = last.at
        // The record's message begins with the name, which stands beside it.
        let prefix = "\(target.name): "
        let message = last.message.hasPrefix(prefix) ? String(last.message.dropFirst(prefix.count)) : last.message
        reason = [.rejected, .unknown].contains(last.event) ? message : nil
    }
}

extension State.Check {
    /// How it ended, in a word for people.
    var result: String { outcome == "not_yet" ? "not yet" : outcome }

    /// Whether the successor was not seen to work there.
    var stands: Bool { outcome == "failed" || outcome == "not_yet" }
}

extension State {
    /// Each approval with what it is for, and whether it still binds what there is.
    var approvalNews: [(steps: [String], at: Date, isValid: Bool)] {
        approvals.map { approval in
            (approval.steps.map(\.rawValue).sorted(), approval.at, approval.binding == approvalBinding)
        }
    }
}
