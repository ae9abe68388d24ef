import FoundationEssentials
import OpenRouter
import Rotation
import Secrets
import Timestamps

/// What `ork-rollback` reads before each of its effects: that which a retirement reads, with the roles exchanged. The
/// predecessor stays, and the successor is to go.
struct RollbackSnapshot {
    let retirement: RetirementSnapshot
    /// `nil` where there is none, or none any more.
    let successor: Key?

    /// The key that goes into use again.
    var predecessor: Key { retirement.successor }
    /// OpenRouter's clock.
    var date: Date { retirement.date }

    /// A key of the account; `nil` if there is none of this hash any more.
    func key(_ hash: KeyHash) -> Key? { retirement.keys.first { $0.hash == hash } }

    static func take(
        _ context: StepContext, _ account: ManagedAccount, _ state: State
    ) throws(StepError) -> RollbackSnapshot {
        guard !state.header.predecessors.isEmpty else {
            throw StepError(
                .unacceptable, "this rotation replaces no key, so there is none to go back to",
                hint: "take its key out of the targets by hand, and then delete it at openrouter.ai", isRetryable: false
            )
        }
        guard let reference = state.header.predecessors.last(where: { !state.deleted.contains($0.hash) }) else {
            throw gone(state)
        }
        let leaving = state.successorToWithdraw?.hash
        let retirement = try RetirementSnapshot.take(
            context, account, state, staying: reference.hash, leaving: leaving.map { [$0] } ?? [], orElse: gone(state))
        // The newest records may be missing, but a key bears the rotation that made it.
        let unrecorded = Lineage(base: state.header.base, among: retirement.keys).keys.last {
            $0.keyName.rotation?.id == state.header.id.description && !state.knownKeys.contains($0.hash)
        }
        let successor = leaving.flatMap { retirement.predecessors[$0] ?? nil } ?? unrecorded
        for case let key? in [retirement.successor, successor] { try state.requireLineage(of: key) }
        return RollbackSnapshot(retirement: retirement, successor: successor)
    }

    /// The same after an effect on the successor, which alone is read again.
    func readingSuccessor(of account: ManagedAccount) throws(StepError) -> RollbackSnapshot {
        guard let hash = successor?.hash else { return self }
        let retirement = try retirement.reading(hash, of: account)
        return RollbackSnapshot(retirement: retirement, successor: retirement.predecessors[hash] ?? nil)
    }

    /// The predecessor is deleted, so there is no way back; or it was not this rotation that deleted it, and it may be there.
    private static func gone(_ state: State) -> StepError {
        let names = state.header.predecessors.map { "\($0.name) (\($0.hash.short))" }.joined(separator: ", ")
        let isRecorded = state.header.predecessors.allSatisfy { state.deleted.contains($0.hash) }
        let possible = "what is still possible is another new key with the same settings: `\(state.supersedingCommand)`"
        return StepError(
            .failed,
            isRecorded
                ? "\(names) is deleted, and with it the way back: nothing is put back"
                : "OpenRouter has no key \(names): nothing is put back",
            hint: isRecorded
                ? possible : "the management key may be another account's; if the key was deleted by hand, \(possible)",
            isRetryable: false)
    }

    /// Whether targets may hold the successor. OpenRouter tells of a key that it was never handed out; records do not, since
    /// the newest may be missing.
    func isHandedOut(_ state: State) throws(StepError) -> Bool {
        if let created = state.created {
            return !(successor.map { $0.hash == created.hash && $0.isUnactivated } ?? false)
        }
        guard let successor, !successor.isUnactivated else { return false }
        throw StepError(
            .unacceptable, "\(successor.name) was activated, and this handoff is from before that",
            hint:
                "name the newest handoff with --handoff; if it is lost, `ork-create` takes the key in, then `ork-rollback`",
            isRetryable: false)
    }

    /// A newer rotation's targets are its own: where nobody can read them, its key would be written over unseen.
    func refuseNewerRotation(_ state: State) throws(StepError) {
        let newer = Lineage(base: state.header.base, among: retirement.keys).keys.first {
            $0.isNewer(than: state.header) && !$0.isUnactivated && !state.knownKeys.contains($0.hash)
        }
        guard let newer else { return }
        throw StepError(
            .failed, "a newer rotation made \(newer.plainName) (\(newer.hash.short)), which targets may hold",
            hint:
                "go on with its handoff; if that is lost, `\(state.supersedingCommand)` takes its key into another rotation, too; if that rotation was given up, delete its key at openrouter.ai, then `ork-rollback`",
            isRetryable: false)
    }

    /// Which predecessors have to be enabled before targets get these keys back. Refuses those that would not work then.
    func toBeEnabled(_ wanted: Set<KeyHash>, _ state: State) throws(StepError) -> [Key] {
        var keys: [Key] = []
        for case let key? in state.header.predecessors.map({ self.key($0.hash) }) {
            try state.requireLineage(of: key)
            guard wanted.contains(key.hash) || state.disabled.contains(key.hash) else { continue }
            if let problem = problem(with: key) {
                throw StepError(
                    .failed, "\(key.plainName) (\(key.hash.short)) \(problem): nothing is put back",
                    hint: "another new key with the same settings: `\(state.supersedingCommand)`", isRetryable: false)
            }
            guard key.disabled else { continue }
            if let obstacle = RestoreStep.obstacle(to: key, at: date, state) {
                throw StepError(
                    .failed, "\(obstacle): nothing is put back",
                    hint:
                        "once it is enabled there, `ork-rollback` goes on; if it must not be used any more, another new key "
                        + "with the same settings: `\(state.supersedingCommand)`",
                    isRetryable: false)
            }
            keys.append(key)
        }
        return keys
    }

    /// Why a key could not be worked with once it is enabled.
    private func problem(with key: Key) -> String? {
        if key.isExpired(at: date) { return "has expired" }
        let isUsedUp = key.limitRemaining.map { ($0.decimal ?? 0) <= 0 } ?? false
        return isUsedUp ? "has used up its limit, which can be raised at openrouter.ai" : nil
    }
}

extension State {
    /// The key that a rollback takes away: the successor, or one that was minted and not activated.
    var successorToWithdraw: Successor? { created ?? minted.last }
}
