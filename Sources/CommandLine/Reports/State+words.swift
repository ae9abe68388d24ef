package import FoundationEssentials
package import Rotation
import Timestamps

/// What is recorded of a target, in words for people.
package struct TargetNews {
    /// What became of it last.
    package let event: String
    /// Why it does not hold the successor.
    package let reason: String?
    package let at: Date?

    package init(_ target: Plan.Target, _ state: State) {
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
    package var result: String { outcome == "not_yet" ? "not yet" : outcome }

    /// Whether the successor was not seen to work there.
    package var stands: Bool { outcome == "failed" || outcome == "not_yet" }
}

extension State {
    /// Each approval with what it is for, and whether it still binds what there is.
    package var approvalNews: [(steps: [String], at: Date, isValid: Bool)] {
        approvals.map { approval in
            (approval.steps.map(\.rawValue).sorted(), approval.at, approval.binding == approvalBinding)
        }
    }
}

extension State {
    /// How far the rotation has come, in a sentence.
    package var sentence: String {
        switch phase {
        case .intended: "a key is about to be minted"
        case .minted: "a key is minted and not yet activated"
        case .created:
            plan.targets.contains { targets[$0.name]?.last?.event == .unknown }
                ? "the successor exists; some targets may have it"
                : "the successor exists, and nobody is known to have it yet"
        case .publishing: "some targets have the successor"
        case .published: "all targets have the successor; it is not verified yet"
        case .verified: "the successor is verified at all targets; the predecessor is still live"
        case .retiring: "the predecessor is being retired"
        case .held: "a predecessor was restored and is held"
        case .finished: "finished"
        case .rollingBack: "it is being rolled back"
        case .rolledBack: "rolled back: the predecessor is in use again, and the successor is gone"
        }
    }
}
