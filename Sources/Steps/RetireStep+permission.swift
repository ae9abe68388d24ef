import FoundationEssentials
import JSON
import OpenRouter
import Rotation
import Secrets
import Timestamps

extension RetireStep {
    /// The next effect that is permitted; `nil` when every predecessor is gone. Throws what stands in the way.
    func nextAction(_ look: Look, state: State, _ successor: State.Successor) throws(StepError) -> Action? {
        var waits: [StepError] = []
        try refuseSickSuccessor(look, state)
        try refuseStrangers(look, state, successor)
        for reference in state.header.predecessors {
            guard let key = look.predecessors[reference.hash] ?? nil else {
                try recordGone(reference, state)
                continue
            }
            do {
                return try action(for: key, look, state, successor)
            } catch {
                guard error.code == .notYet else { throw error }
                waits.append(error)
            }
        }
        let soonest = waits.min { ($0.comeBackAt ?? .distantFuture) < ($1.comeBackAt ?? .distantFuture) }
        if let soonest { throw soonest }
        try requireVerification(state, look, isFresh: false)
        return nil
    }

    private func action(
        for key: Key, _ look: Look, _ state: State, _ successor: State.Successor
    ) throws(StepError) -> Action {
        let rules = state.plan.retire
        let mark = key.keyName.disabledAt
        if key.disabled || key.isExpired(at: look.date) {
            try requireVerification(state, look, isFresh: false)
            try requireApproval(state)
            // Without the mark, or without our record of it, it was not this rotation that disabled the key last:
            // somebody's hand did, or it has expired. Then it soaks from now on.
            guard let mark, state.disabled.contains(key.hash) else {
                return .disable(key, name: key.keyName.with(disabledAt: look.date))
            }
            let end = mark.addingTimeInterval(Double(rules.soak.seconds))
            guard options.isCompromised || look.date >= end else {
                throw StepError(
                    .notYet, "\(key.plainName) soaks until \(end.rfc3339)",
                    hint: "come back then, or wait here with --wait; ork-retire --restore enables it again",
                    comeBackAt: end)
            }
            return .delete(key)
        }
        if !options.isCompromised { try observe(key, look, state) }
        if let mark, !options.isCompromised {
            // By hand it may have been restored later than the mark says.
            let restored = max(mark, key.updatedAt ?? mark)
            guard options.again, let verification = state.verification, verification.at > restored else {
                throw StepError(
                    .notYet,
                    "\(key.plainName) was restored after it had been disabled: it is held since \(mark.rfc3339)",
                    hint: "mend what needed it, run ork-verify, then ork-retire --again", isWorthWaiting: false)
            }
        }
        try requireVerification(state, look, isFresh: true)
        try requireApproval(state)
        if !options.isCompromised {
            try requireOverlap(state, look)
            try requireUse(state, look, successor)
            try requireQuiet(key, look, state)
        }
        return .disable(key, name: key.keyName.with(disabledAt: look.date))
    }

    private func recordGone(_ reference: KeyReference, _ state: State) throws(StepError) {
        guard !state.deleted.contains(reference.hash), !stage.isDryRun else { return }
        stage.tell(.done("\(reference.name) (\(reference.hash.short)) does not exist any more"))
        try stage.record(
            Entry(
                .retire, .deleted, message: "\(reference.name) does not exist any more",
                detail: ["hash": .string(reference.hash.description)]))
    }

    /// The successor must be able to carry the applications alone, until after the soak.
    private func refuseSickSuccessor(_ look: Look, _ state: State) throws(StepError) {
        let key = look.successor
        let horizon = look.date.addingTimeInterval(Double(state.plan.retire.soak.seconds) + Self.margin)
        var sickness: String?
        if key.disabled {
            sickness = "is disabled"
        } else if key.keyName.isMinting {
            sickness = "is not activated"
        } else if key.isExpired(at: look.date) {
            sickness = "has expired"
        } else if !key.maySpend(at: look.date) {
            sickness = "has used up its limit"
        } else if key.isExpired(at: horizon) {
            sickness = "expires within the soak and an hour"
        }
        guard let sickness else { return }
        throw StepError(
            .failed, "the successor \(key.name) \(sickness): nothing is retired",
            hint: "mend the successor at OpenRouter, or begin a new rotation; ork-retire --restore enables a disabled "
                + "predecessor again", isWorthWaiting: false)
    }

    /// A live key of the lineage that nobody here knows means that another rotation is under way.
    private func refuseStrangers(_ look: Look, _ state: State, _ successor: State.Successor) throws(StepError) {
        let known = Set(state.header.predecessors.map(\.hash) + [successor.hash])
        let lineage = Lineage(base: state.header.base, among: look.keys)
        guard let stranger = lineage.live(at: look.date).first(where: { !known.contains($0.hash) }) else { return }
        throw StepError(
            .failed, "\(stranger.name) (\(stranger.hash.short)) is a live key that this rotation does not know",
            hint: "finish the other rotation first, or take all keys into one: ork-create --supersede with another "
                + "--handoff", isWorthWaiting: false)
    }

    private func requireVerification(_ state: State, _ look: Look, isFresh: Bool) throws(StepError) {
        guard state.isPublished else {
            throw StepError(
                .notYet, "not every target holds the successor", hint: "run ork-publish, then ork-verify",
                isWorthWaiting: false)
        }
        if options.isCompromised { return }
        guard let verification = state.verification else {
            throw StepError(
                .notYet, "the successor has not been verified at all targets since they were written",
                hint: "run ork-verify", isWorthWaiting: false)
        }
        let end = verification.at.addingTimeInterval(Double(state.plan.verify.validFor.seconds))
        guard !isFresh || stage.clock.now <= end else {
            throw StepError(
                .notYet, "the verification of \(verification.at.rfc3339) is older than \(state.plan.verify.validFor)",
                hint: "run ork-verify again", isWorthWaiting: false)
        }
    }

    private func requireApproval(_ state: State) throws(StepError) {
        guard stage.trust.requiresApproval, !state.isApproved(for: .retire) else { return }
        throw StepError(
            .notYet, "retirement waits for an approval of this plan, successor and targets",
            hint: "have it approved with ork-approve --for retire, then run ork-retire again with that handoff",
            isWorthWaiting: false)
    }

    private func requireOverlap(_ state: State, _ look: Look) throws(StepError) {
        guard let lastWrite = state.lastWrite else { return }
        let end = lastWrite.addingTimeInterval(Double(state.plan.retire.overlap.seconds))
        guard stage.clock.now >= end else {
            throw StepError(
                .notYet, "both keys stay alive until \(end.rfc3339) (overlap \(state.plan.retire.overlap))",
                hint: "come back then, or wait here with --wait", comeBackAt: end)
        }
    }
}
