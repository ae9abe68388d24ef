import FoundationEssentials
import JSON
import OpenRouter
import Rotation
import Secrets
import Timestamps

extension RetireStep {
    /// The next effect that is permitted; `nil` when every predecessor is gone. Throws what stands in the way.
    func nextAction(_ snapshot: RetirementSnapshot, state: State, _ successor: State.Successor) throws(StepError)
        -> Action?
    {
        var waits: [StepError] = []
        try refuseUnhealthySuccessor(snapshot, state)
        try refuseUnknownKeys(snapshot, state)
        // All of them, before the first is touched.
        for case let key? in state.header.predecessors.map({ snapshot.predecessors[$0.hash] ?? nil }) {
            try state.requireLineage(of: key)
        }
        for reference in state.header.predecessors {
            guard let key = snapshot.predecessors[reference.hash] ?? nil else {
                try recordGone(reference, state)
                continue
            }
            do {
                return try action(for: key, snapshot, state, successor)
            } catch {
                guard error.code == .notYet else { throw error }
                waits.append(error)
            }
        }
        let soonest = waits.min { ($0.retryAt ?? .distantFuture) < ($1.retryAt ?? .distantFuture) }
        if let soonest { throw soonest }
        try requireVerification(state, snapshot, isFresh: false)
        return nil
    }

    private func action(
        for key: Key, _ snapshot: RetirementSnapshot, _ state: State, _ successor: State.Successor
    ) throws(StepError) -> Action {
        let rules = state.plan.retire
        let mark = key.keyName.disabledAt
        if key.disabled || key.isExpired(at: snapshot.date) {
            try requireVerification(state, snapshot, isFresh: false)
            try context.requireApproval(for: .retire, of: state)
            // Without the mark, or without our record of it, it was not this rotation that disabled the key last:
            // somebody did by hand, or it has expired. Then it soaks from now on.
            guard let mark, state.disabled.contains(key.hash) else {
                return .disable(key, name: key.keyName.with(disabledAt: snapshot.date))
            }
            let end = mark.addingTimeInterval(Double(rules.soak.seconds))
            guard options.isCompromised || snapshot.date >= end else {
                throw StepError(
                    .notYet, "\(key.plainName) soaks until \(end.rfc3339)",
                    hint: "come back then, or wait here with --wait; ork-retire --restore enables it again",
                    retryAt: end)
            }
            return .delete(key)
        }
        if !options.isCompromised { try observe(key, snapshot, state) }
        if let mark, !options.isCompromised {
            // By hand it may have been restored later than the mark says.
            let restored = max(mark, key.updatedAt ?? mark)
            guard options.again, let verification = state.verification, verification.at > restored else {
                throw StepError(
                    .notYet,
                    "\(key.plainName) was restored after it had been disabled: it is held since \(mark.rfc3339)",
                    hint: "fix what still needed it, run ork-verify, then ork-retire --again", isRetryable: false)
            }
        }
        try requireVerification(state, snapshot, isFresh: true)
        try context.requireApproval(for: .retire, of: state)
        if !options.isCompromised {
            try requireOverlap(state, snapshot)
            try requireUse(state, snapshot, successor)
            try requireQuiet(key, snapshot, state)
        }
        return .disable(key, name: key.keyName.with(disabledAt: snapshot.date))
    }

    private func recordGone(_ reference: KeyReference, _ state: State) throws(StepError) {
        guard !state.deleted.contains(reference.hash), !context.isDryRun else { return }
        context.tell(.done("\(reference.name) (\(reference.hash.short)) does not exist any more"))
        try context.record(
            Entry(
                .retire, .deleted, message: "\(reference.name) does not exist any more",
                detail: ["hash": .string(reference.hash.description)]))
    }

    /// The successor must be able to carry the applications alone, until after the soak.
    private func refuseUnhealthySuccessor(_ snapshot: RetirementSnapshot, _ state: State) throws(StepError) {
        let problem = state.plan.retire.healthProblem(of: snapshot.successor, at: snapshot.date)
        guard let problem else { return }
        throw StepError(
            .failed, "the successor \(snapshot.successor.name) \(problem): nothing is retired",
            hint: "fix the successor at OpenRouter, or start a new rotation; ork-retire --restore enables a disabled "
                + "predecessor again", isRetryable: false)
    }

    /// A live key of the lineage that nobody here knows means that another rotation is under way.
    private func refuseUnknownKeys(_ snapshot: RetirementSnapshot, _ state: State) throws(StepError) {
        let lineage = Lineage(base: state.header.base, among: snapshot.keys)
        guard let unknown = lineage.unknownKey(besides: state.knownKeys, at: snapshot.date) else { return }
        throw StepError(
            .failed, "\(unknown.name) (\(unknown.hash.short)) is a live key that this rotation does not know",
            hint: "finish the other rotation first, or take all keys into one: ork-create --supersede with another "
                + "--handoff", isRetryable: false)
    }

    private func requireVerification(_ state: State, _ snapshot: RetirementSnapshot, isFresh: Bool) throws(StepError) {
        guard state.isPublished else {
            throw StepError(
                .notYet, "not every target holds the successor", hint: "run ork-publish, then ork-verify",
                isRetryable: false)
        }
        if options.isCompromised { return }
        try refuseOnlyNewTargets(state)
        guard let verification = state.verification else {
            throw StepError(
                .notYet, "the successor has not been verified at all targets since they were written",
                hint: "run ork-verify", isRetryable: false)
        }
        let end = verification.at.addingTimeInterval(Double(state.plan.verify.validFor.seconds))
        guard !isFresh || context.clock.now <= end else {
            throw StepError(
                .notYet, "the verification of \(verification.at.rfc3339) is older than \(state.plan.verify.validFor)",
                hint: "run ork-verify again", isRetryable: false)
        }
    }

    private func requireOverlap(_ state: State, _ snapshot: RetirementSnapshot) throws(StepError) {
        guard let lastWrite = state.lastWrite else { return }
        let end = lastWrite.addingTimeInterval(Double(state.plan.retire.overlap.seconds))
        guard context.clock.now >= end else {
            throw StepError(
                .notYet, "both keys stay alive until \(end.rfc3339) (overlap \(state.plan.retire.overlap))",
                hint: "come back then, or wait here with --wait", retryAt: end)
        }
    }
}
