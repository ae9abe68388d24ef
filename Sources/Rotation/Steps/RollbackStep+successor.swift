import FoundationEssentials
import JSON
import OpenRouter
import Rotation
import Secrets
import Timestamps

/// How the successor goes: as a predecessor does, by the code of retirement, and on the same evidence.
extension RollbackStep {
    var retiring: RetireStep {
        var options = RetireStep.Options()
        options.again = self.options.again
        return RetireStep(context: context, account: account, applications: nil, options: options, as: .rollback)
    }

    /// Disables and then deletes the successor, and answers how the account is then. Before each effect everything is read again.
    ///
    /// It is taken out of the lists that name it only when it is deleted, as a predecessor is. Whoever still calls with it would
    /// else be without the provider keys, the observability or the spending limit that it was given with; and a dead hash that
    /// a run leaves behind is taken out by the next one.
    func withdrawSuccessor() throws(StepError) -> RollbackSnapshot {
        var snapshot = try RollbackSnapshot.take(context, account, context.state())
        while let action = try nextAction(snapshot, context.state()) {
            try context.continueUnlessStopped()
            context.tell(.doing(action.text))
            try retiring.perform(action, at: snapshot.date)
            let state = try context.state()
            let isRecorded = state.successorToWithdraw?.hash == snapshot.successor?.hash
            // What soaks now tells by itself what came of it: nothing else can follow in this run.
            let soaks = if case .disable = action { isRecorded && state.plan.retire.soak.seconds > 0 } else { false }
            snapshot =
                try soaks ? snapshot.readingSuccessor(of: account) : RollbackSnapshot.take(context, account, state)
            // What a lost answer left behind was never in the records.
            if isRecorded { try retiring.confirm(action, snapshot.retirement) }
        }
        return snapshot
    }

    /// The next effect that is permitted; `nil` when there is no successor any more. Throws what stands in the way.
    private func nextAction(_ snapshot: RollbackSnapshot, _ state: State) throws(StepError) -> RetireStep.Action? {
        guard let key = snapshot.successor else { return nil }
        guard !key.isUnactivated else { return .delete(key, probes: []) }
        // Whoever may rename keys can give another one the ID of this rotation.
        guard key.hash == state.created?.hash else {
            throw StepError(
                .failed, "\(key.plainName) (\(key.hash.short)) bears this rotation's ID, and no record here knows it",
                hint:
                    "name the newest handoff with --handoff; if the key is another application's, give it a name of its own "
                    + "at openrouter.ai, then `ork-rollback`", isRetryable: false)
        }
        // What the targets hold now has to carry the applications alone.
        guard snapshot.predecessor.maySpend(at: snapshot.date) else {
            throw StepError(
                .failed, "\(snapshot.predecessor.plainName) does not work: \(key.plainName) stays as it is",
                hint: "enable it at openrouter.ai, or raise its limit there, then `ork-rollback`", isRetryable: false)
        }
        let rules = state.plan.retire
        let mark = key.keyName.disabledAt
        if key.disabled || key.isExpired(at: snapshot.date) {
            guard let end = retiring.soakEnd(of: key, at: snapshot.date, state) else {
                return .disable(key, name: key.keyName.with(disabledAt: snapshot.date), quiet: nil)
            }
            guard snapshot.date >= end else {
                throw StepError(
                    .notYet, "\(key.plainName) soaks until \(end.rfc3339)",
                    hint: "come back then, or wait here: `\(retiring.waiting(rules.soak, state))`", retryAt: end)
            }
            return .delete(key, probes: [])
        }
        try retiring.observe(key, snapshot.retirement, state)
        if mark != nil, !options.again {
            throw StepError(
                .notYet, "\(key.plainName) was disabled, and somebody has enabled it again",
                hint:
                    "find out who needs it and give them \(snapshot.predecessor.plainName), "
                    + "then `\(retiring.command(state, adding: "--again"))`",
                isRetryable: false)
        }
        try retiring.requireOverlap(since: lastPutBack(state), snapshot.retirement, state)
        try requireUse(of: snapshot.predecessor, state)
        try retiring.requireQuiet(key, snapshot.retirement, context.state())
        return .disable(
            key, name: key.keyName.with(disabledAt: snapshot.date),
            quiet: retiring.quietEvidence(key, snapshot.retirement, state))
    }

    /// The last moment at which a target was given the predecessor back.
    private func lastPutBack(_ state: State) -> Date? { state.putBack.values.map(\.at).max() }

    /// A meter that stands still for both keys shows nothing: the predecessor must be in use again.
    private func requireUse(of key: Key, _ state: State) throws(StepError) {
        guard !state.plan.retire.acceptsIdle, let last = lastPutBack(state) else { return }
        if case .at(let used) = key.lastUsedAt {
            if used >= last { return }
        } else if let meter = state.lastReading(of: key.hash)?.meters[key.hash], meter.cost != "\(key.usageTotal)" {
            return
        }
        throw StepError(
            .notYet, "\(key.plainName) has not been used since it was put back",
            hint: "let an application use it: restart what still has the other key, then "
                + "`\(retiring.waiting(Interval(seconds: 1800), state))`; if nothing uses this key at the moment: "
                + "`\(retiring.command(state, adding: "--accept-idle"))`"
        )
    }
}
