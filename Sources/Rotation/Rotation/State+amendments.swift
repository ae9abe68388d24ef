package import FoundationEssentials
import JSON
import PublisherKit
import Secrets

extension State {
    /// A place that an amendment took out of the plan: a target that it dropped or moved elsewhere.
    package struct DroppedTarget: Hashable, Sendable {
        package let target: Plan.Target
        package let at: Date
        /// Whether the successor was written there, or may have been.
        package fileprivate(set) var isWritten: Bool
        /// What it held before this rotation wrote there, and the predecessor among that, as far as is known.
        fileprivate let heldBefore: Held?
        fileprivate let replaced: Digest?
    }

    /// What may become of a place that was dropped, for people. Only a rollback reaches it, where it was written.
    package func news(of place: DroppedTarget) -> String {
        "\(place.target.name) (\(place.target.publisher)) was dropped "
            + (place.isWritten ? "after it was written\(fate(of: place))" : "before it was written\(lossOfService)")
    }

    private func fate(of place: DroppedTarget) -> String {
        if let putBack = putBack(place.target) {
            return putBack.isByHand ? ", and is left to people" : ", and holds the predecessor again"
        }
        return isRollingBack
            ? ": it may still hold the successor"
            : ": it may still hold the successor, which stays valid; nothing there is verified any more"
    }

    /// Whoever goes back keeps the predecessor.
    private var lossOfService: String {
        isRollingBack ? "" : ": if it holds the predecessor, whoever reads it there loses service with that"
    }

    /// Changes the plan by an amendment that this state accepts.
    mutating func amend(_ amendment: Amendment, at date: Date) throws(HandoffError) {
        var plan = plan
        // All that goes, before anything takes its place: a target may get the place of another, or only another name.
        let before = plan
        let changes = amendment.changes.filter { before.target($0.name) != $0.after }
        for change in changes {
            let known = before.target(change.name)
            guard known?.digest == change.before else {
                throw HandoffError(
                    .contradiction, "two amendments that were made side by side disagree about target \(change.name)",
                    hint:
                        "go on with one of the handoffs alone: name it alone with --handoff, and then bring the plan to "
                        + "what is wanted with `ork-create --amend`")
            }
            plan.targets.removeAll { $0.name == change.name }
            if let known, !(change.after?.isSamePlace(as: known) ?? false) { drop(known, at: date) }
        }
        for change in changes {
            let known = before.target(change.name)
            // Under another name it is there already.
            guard let after = change.after, !plan.targets.contains(where: after.isSamePlace) else { continue }
            if !(known?.isSamePlace(as: after) ?? false) {
                // What is recorded under this name is of another place.
                targets[change.name] = nil
                doubts[change.name] = nil
                // Whoever names it again wants it written, even if it was let go of where it stood.
                abandonedTargets.remove(change.name)
            }
            takeBack(after)
            plan.targets.append(after)
        }
        plan.targets.sort { $0.name < $1.name }
        replacePlan(plan)
    }

    private mutating func drop(_ target: Plan.Target, at date: Date) {
        let state = targets[target.name]
        let isWritten = state.map { $0.written != nil || $0.wasWritten || $0.last?.event == .unknown } ?? false
        dropped.append(
            DroppedTarget(
                target: target, at: date, isWritten: isWritten, heldBefore: state?.heldBefore, replaced: state?.replaced
            ))
        targets[target.name] = nil
        doubts[target.name] = nil
    }

    /// A place that is in the plan again, under whatever name. What it held before the rotation, it has held.
    private mutating func takeBack(_ target: Plan.Target) {
        guard let place = dropped.last(where: { $0.target.isSamePlace(as: target) }) else { return }
        dropped.removeAll { $0.target.isSamePlace(as: target) }
        var state = TargetState()
        state.wasWritten = place.isWritten
        state.heldBefore = place.heldBefore
        state.replaced = place.replaced
        targets[target.name] = state
    }

    /// Whether the outcome is one of a place that the name stood for before an amendment. What was written there says
    /// nothing of where it stands now.
    mutating func isOfDroppedPlace(_ outcome: Record, _ name: PlanName) -> Bool {
        let place = outcome.detail["place"]?.string
        let current = plan.target(name)?.place.description
        let isDropped = dropped.contains { $0.target.name == name }
        guard place != current, isDropped || place != nil && current != nil else { return false }
        for index in dropped.indices where dropped[index].target.name == name && outcome.event != .rejected {
            let isThere = place.map { $0 == dropped[index].target.place.description } ?? true
            if isThere { dropped[index].isWritten = true }
        }
        return true
    }

    /// The same records with other targets: what a dry run assumes, and what an amendment would bring.
    package func amended(by amendment: Amendment, at date: Date) throws(HandoffError) -> State {
        var state = self
        try state.amend(amendment, at: date)
        return state
    }
}
