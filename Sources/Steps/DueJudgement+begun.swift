import FoundationEssentials
import OpenRouter
import Rotation
import Secrets
import Timestamps

extension DueJudgement {
    /// What the newest handoff that is not finished says, if it fits what is at OpenRouter.
    func goingOn(_ lineage: Lineage) -> DueFinding? {
        let live = lineage.live(at: now)
        let states = (rotation.handoffs ?? []).filter { !$0.isFinished }
            .sorted { $0.header.id.description > $1.header.id.description }
        for state in states {
            let known = Set(state.header.predecessors.map(\.hash) + [state.created?.hash].compactMap { $0 })
            // A live key that the handoff does not know belongs to a rotation that came after it.
            guard live.allSatisfy({ known.contains($0.hash) }) else { continue }
            if let created = state.created {
                guard live.contains(where: { $0.hash == created.hash }) else { continue }
                guard state.isPublished || now <= created.publishBy else {
                    return due(
                        live, .begun, .supersede, since: created.createdAt,
                        "its successor was to be published by \(created.publishBy.rfc3339)")
                }
            } else if let predecessor = state.header.predecessors.last {
                guard live.contains(where: { $0.hash == predecessor.hash }) else { continue }
            }
            if let soaking = soaking(lineage, knowing: state) { return soaking }
            let since = state.created?.createdAt ?? state.lastRecordAt ?? now
            let next = state.next.map { ": next is \($0)" } ?? ""
            return due(
                live, .begun, .resume, since: since, "rotation \(state.header.id) is \(state.phase.rawValue)\(next)")
        }
        return nil
    }

    /// What the names alone say of a rotation that has handed out its successor.
    ///
    /// Where handoffs were looked for and this one is not among them, it is lost. Where nobody looked, it may be
    /// somewhere until the rotation has taken longer than its own rules allow.
    func begun(_ lineage: Lineage) -> DueFinding {
        let live = lineage.live(at: now)
        let disabled = soakingKeys(lineage)
        let moments = [live.last?.createdAt].compactMap { $0 } + disabled.compactMap(\.keyName.disabledAt)
        let since = moments.max() ?? now
        let names = (disabled + live.dropLast()).map { "\($0.plainName)\($0.disabled ? " (disabled)" : "")" }
        let message = "\(names.joined(separator: ", ")) not yet retired"
        let elapsed = now.timeIntervalSince(since)
        if elapsed > TimeInterval(patience.seconds) {
            return due(live, .begun, .supersede, since: since, "\(message), since more than \(patience)")
        }
        // A rotation as young as that may not have saved its handoff yet.
        if rotation.handoffs != nil, elapsed >= CreateStep.mintingLimit {
            return due(
                live, .begun, .supersede, since: since, "\(message), and no handoff knows \(live.last?.name ?? "")")
        }
        return soaking(lineage) ?? due(live, .begun, .resume, since: since, message)
    }

    /// The longest that a rotation takes by its own rules.
    private var patience: Interval {
        let rules = rotation.plan.retire
        return Interval(
            seconds: rotation.plan.publish.publishBy.seconds + rules.overlap.seconds + rules.quietFor.seconds
                + rules.soak.seconds)
    }
}
