import JSON
package import PublisherKit
import Secrets

// A target that was made, and not changed, is news: nothing shows that an application reads the key there.
extension State {
    /// What a target held before this rotation wrote to it: `predecessor`, `nothing` or `other`; `nil` where that is not
    /// known.
    package func heldBefore(_ name: PlanName) -> Held? { targets[name]?.heldBefore }

    /// Whether the last write to a target was to a place whose content its publisher had seen.
    package func wasSeen(_ name: PlanName) -> Bool {
        let told = (targets[name]?.held ?? targets[name]?.last)?.detail["held"]?.string
        return told != nil && told != Held.unknown.rawValue
    }

    /// What there is to say of a target that this rotation made; `nil` of any other.
    package func newsOfMaking(_ name: PlanName) -> String? {
        guard heldBefore(name) == .nothing else { return nil }
        return "this rotation made it" + (header.predecessors.isEmpty ? "" : ": nothing held the predecessor before")
    }

    /// What there is to say of a rotation of which no target is known to have held the predecessor, and some are known to
    /// have held something else, or nothing. Where no publisher can tell, as of secrets that nobody can read, there is
    /// nothing to say, and neither is there where somebody has accepted it.
    package var newTargetsWarning: String? {
        let names = plan.targets.map(\.name)
        let others = names.filter { [.nothing, .other].contains(heldBefore($0)) }
        guard !plan.retire.acceptsNewTargets, !header.predecessors.isEmpty, !others.isEmpty,
            !names.contains(where: { heldBefore($0) == .predecessor })
        else { return nil }
        let unknown = names.filter { !others.contains($0) }
        let what =
            unknown.isEmpty
            ? "no target held the predecessor before this rotation wrote there"
            : "no target is known to have held the predecessor before this rotation wrote there"
        let list = [others, unknown].map { $0.map(\.description).joined(separator: ", ") }
        return "\(what) (\(list[0])\(unknown.isEmpty ? "" : "; not known of \(list[1])")): "
            + "an application may still read it elsewhere"
    }
}

extension State.TargetState {
    /// Notes what the record of a write, or of one that may have been, says of the time before it.
    ///
    /// `successor` says nothing: an earlier run has written it, or somebody by hand. Once this rotation has written, only
    /// a predecessor is a sign of what was there before: somebody has put it back.
    mutating func noteHeld(_ record: Record) {
        guard record.event != .rejected, let held = record.detail["held"]?.string.flatMap(Held.init) else { return }
        switch held {
        case .predecessor:
            heldBefore = held
            replaced = replaced ?? record.detail["replaced"]?.string.flatMap { Digest($0) }
        case .nothing, .other: if written == nil && !wasWritten { heldBefore = held }
        case .successor, .unknown: break
        }
    }
}
