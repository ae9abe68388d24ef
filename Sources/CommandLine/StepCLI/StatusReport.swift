import FoundationEssentials
package import JSON
import Rotation
import Secrets
package import Steps
import Timestamps
import Wording

/// The picture that `ork-status` shows, from the records alone.
package struct StatusReport {
    private let state: State
    private let handoff: Handoff

    /// Reads and merges the handoffs. Without `trust` the signatures are checked, but not whose they are.
    package init(_ paths: [String], trust flags: [String]) throws(StepError) {
        guard let handoff = try HandoffFile.read(paths, mustExist: true) else {
            throw StepError(.usage, "there is no handoff to show")
        }
        self.handoff = handoff
        let trust = try flags.isEmpty ? nil : Trust(flags, nil, own: nil)
        do { state = try State(handoff, trust: trust) } catch { throw StepError(error) }
    }

    /// The digest that stands for everything recorded.
    package var head: String { state.head.description }

    /// The picture for programs.
    package var json: JSONValue {
        let approved = State.Approval.gated.filter(state.isApproved(for:)).map(\.rawValue).sorted()
        var json: JSONObject = [
            "rotation": .string(state.header.id.description), "name": .string(state.header.name.description),
            "head": .string(head), "sealed": .bool(state.isSealed), "approved": .array(approved.map { .string($0) }),
            "past_first_wave": .bool(state.isPastFirstWave),
        ]
        for (key, value) in state.summary.object?.members ?? [] { json[key] = value }
        json["next"] = next.map { .string($0) } ?? .null
        let now = SystemClock().now
        json["turn"] = .string(state.turn(at: now).rawValue)
        json["deploy"] = .string(state.deployment(at: now).rawValue)
        return .object(json)
    }

    private var next: String? { state.next(at: SystemClock().now) }

    /// The picture for people.
    package var text: String {
        var lines = ["\(state.header.name): \(sentence)"]
        lines.append("  rotation     \(state.header.id)")
        for key in state.header.predecessors {
            lines.append("  predecessor  \(key.name) (\(key.hash.short)) \(state.status(of: key.hash))")
        }
        if let successor = state.created {
            lines.append("  successor    \(successor.name) (\(successor.hash.short))")
        }
        for target in state.plan.targets {
            let last = state.targets[target.name]?.last
            let news = last.map { "\($0.event.rawValue) at \($0.at.rfc3339)" } ?? "not yet published"
            lines.append("  target       \(target.name) (\(target.publisher), wave \(target.wave)): \(news)")
        }
        for place in state.dropped { lines.append("  dropped      \(place.news)") }
        if let verification = state.verification {
            lines.append("  verified     at \(verification.at.rfc3339), use \(verification.adoption.rawValue)")
        }
        let records = "\(Counted(handoff.records.count, "record")), the newest at \(state.lastRecordAt?.rfc3339 ?? "–")"
        lines.append("  recorded     \(records)\(state.isSealed ? ", with the sealed key" : "")")
        lines.append("  head         \(head)")
        lines.append("  next         \(next ?? "nothing: the rotation is finished")")
        // Names of keys are others' text, and would make rows of their own.
        return lines.map { DisplayText.line($0, limit: .max) }.joined(separator: "\n")
    }

    private var sentence: String {
        switch state.phase {
        case .intended: "a key is about to be minted"
        case .minted: "a key is minted and not yet activated"
        case .created:
            state.plan.targets.contains { state.targets[$0.name]?.last?.event == .unknown }
                ? "the successor exists; some targets may have it" : "the successor exists and nobody has it yet"
        case .publishing: "some targets have the successor"
        case .published: "all targets have the successor; it is not verified yet"
        case .verified: "the successor is verified at all targets; the predecessor is still live"
        case .retiring: "the predecessor is being retired"
        case .held: "a predecessor was restored and is held"
        case .finished: "finished"
        }
    }
}
