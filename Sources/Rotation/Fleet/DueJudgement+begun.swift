import FoundationEssentials
import OpenRouter
import Rotation
import Secrets
import Steps
import Timestamps
import Wording

// What there is to say of a rotation that has begun.
extension DueJudgement {
    /// What the newest handoff that is not finished says, if it fits what is at OpenRouter.
    func resumable(_ lineage: Lineage) -> DueFinding? {
        let live = lineage.live(at: now)
        let states = (rotation.handoffs ?? []).filter { !$0.isFinished }
            .sorted { $0.header.id.description > $1.header.id.description }
        for state in states {
            // A live key that the handoff does not know belongs to a rotation that came after it.
            guard lineage.unknownKey(besides: state.knownKeys, at: now) == nil else { continue }
            if let created = state.created {
                guard live.contains(where: { $0.hash == created.hash }) else { continue }
                guard state.isPublished || now <= created.publishBy else {
                    return due(
                        live, .begun, .supersede, since: created.createdAt,
                        "its successor should have been published by \(created.publishBy.rfc3339)")
                }
            } else if let predecessor = state.header.predecessors.last {
                guard live.contains(where: { $0.hash == predecessor.hash }) else { continue }
            }
            if let raise = raise(state, live) { return raise }
            if let soaking = soaking(lineage, knowing: state) { return soaking }
            let since = state.created?.createdAt ?? state.lastRecordAt ?? now
            let next = state.next.map { ": next is \($0)" } ?? ""
            return due(
                live, .begun, .resume, since: since, "rotation \(state.header.id) is \(state.phase.rawValue)\(next)")
        }
        return nil
    }

    /// The rotations that are being taken back.
    var rollbacks: [State] { (rotation.handoffs ?? []).filter { $0.isRollingBack && !$0.isFinished } }

    /// The rollback that holds a key, of which only its handoff tells.
    func rollback(_ lineage: Lineage, holding key: Key) -> DueFinding? {
        let state = rollbacks.first { state in
            state.header.predecessors.contains { $0.hash == key.hash }
                && lineage.unknownKey(besides: state.knownKeys, at: now) == nil
        }
        guard let state else { return nil }
        return due(
            lineage.live(at: now), .begun, .resume, since: state.lastRecordAt ?? now,
            "rotation \(state.header.id) is rolling back to \(key.plainName): next is ork-rollback")
    }

    /// A successor that still has what its predecessor had left, and might spend more again: it is short of it from now on,
    /// whatever else the rotation waits for. `ork-retire` raises the limit, since nothing that looks for work changes a key.
    private func raise(_ state: State, _ live: [Key]) -> DueFinding? {
        guard let created = state.created, let allowance = created.allowance,
            let key = live.first(where: { $0.hash == created.hash }), allowance.isRaiseDue(key, at: now)
        else { return nil }
        return due(
            live, .begun, .resume, since: allowance.until,
            "the limit of \(key.plainName) started over at \(allowance.until.rfc3339): "
                + "`ork-retire --handoff FILE` raises it \(allowance.raise)")
    }

    /// What the names alone say of a rotation that has handed out its successor.
    ///
    /// Where handoffs were looked for and this one is not among them, it is lost. Where nobody looked, it may be
    /// somewhere until the rotation has taken longer than its own rules allow.
    func begun(_ lineage: Lineage) -> DueFinding {
        let live = lineage.live(at: now)
        let disabled = lineage.soaking(at: now)
        let moments = [live.last?.createdAt].compactMap { $0 } + disabled.compactMap(\.keyName.disabledAt)
        let since = moments.max() ?? now
        let names = (disabled + live.dropLast()).map { "\($0.plainName)\($0.disabled ? " (disabled)" : "")" }
        let message = "\(names.joined(separator: ", ")) not yet retired"
        let elapsed = now.timeIntervalSince(since)
        if elapsed > TimeInterval(patience.seconds) {
            return due(live, .begun, .supersede, since: since, "\(message), since more than \(patience)")
        }
        // A rotation as young as that may not have saved its handoff yet.
        if rotation.handoffs != nil, elapsed >= Lineage.mintingLimit {
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

extension DueJudgement {
    /// What there is to say of a rotation that only waits for its disabled predecessors to soak; `nil` if it could do more.
    ///
    /// The moment is certain: the mark in the key's name says since when, and `ork-retire` takes the length from
    /// `ork.yaml`, too. Other waits are not: during the overlap `ork-retire` reads the meters, and only the handoff
    /// knows the last write. A successor with a health problem is for `ork-retire` to report.
    func soaking(_ lineage: Lineage, knowing state: State? = nil) -> DueFinding? {
        let live = lineage.live(at: now)
        guard let newest = live.last, live.count == 1, newest.keyName.rotation != nil, lineage.minting.isEmpty else {
            return nil
        }
        let soak = TimeInterval(rotation.plan.retire.soak.seconds)
        guard rotation.plan.retire.healthProblem(of: newest, at: now) == nil else { return nil }
        let keys = lineage.soaking(at: now)
        // Without its record ork-retire disables the key once more, and it soaks from then on: the sooner the better.
        if let state, !keys.allSatisfy({ state.disabled.contains($0.hash) }) { return nil }
        // What else there is to do does not wait: a target that was added, or has lost its key, may hold a disabled one.
        if let state, state.next != "ork-retire" { return nil }
        guard let end = keys.compactMap(\.keyName.disabledAt).min()?.addingTimeInterval(soak), now < end else {
            return nil
        }
        let names = keys.map { "\($0.plainName) (disabled)" }.joined(separator: ", ")
        return DueFinding(rotation.name, key: newest, .soaking(until: end), "\(names) soaks until \(end.rfc3339)")
    }
}
