package import JSON
import Timestamps

extension State {
    /// The summary at the head of the handoff, written for people and never read by a step.
    package var summary: JSONValue {
        var targets: JSONObject = [:]
        for target in plan.targets {
            let state = self.targets[target.name]
            targets[target.name.description] = .string(state?.last?.event.rawValue ?? "not yet published")
        }
        var summary: JSONObject = [
            "state": .string(phase.rawValue),
            "successor": created.map { .string($0.name) } ?? .null,
            "targets": .object(targets),
            "next": next.map { .string($0) } ?? .null,
        ]
        if let lastRecordAt { summary["updated"] = .string(lastRecordAt.rfc3339) }
        return .object(summary)
    }
}
