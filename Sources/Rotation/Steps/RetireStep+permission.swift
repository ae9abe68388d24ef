import FoundationEssentials
import JSON
import OpenRouter
import Rotation
import Secrets
import Timestamps

extension RetireStep {
    /// The next effect that is permitted; `nil` when every predecessor is gone. Throws what stands in the way.
    ///
    /// `passed` are the probes that the application has just passed, by the key that it had to do without; those that it is
    /// asked for now are added.
    func nextAction(
        _ snapshot: RetirementSnapshot, state: State, _ successor: State.Successor, passed: inout [KeyHash: [String]]
    ) throws(StepError) -> Action? {
        var waits: [StepError] = []
        do { try refuseUnhealthySuccessor(snapshot, state) } catch { throw try answer(to: error, state) }
        try refuseUnknownKeys(snapshot, state)
        try requireFarewells(state)
        // All of them, before the first is touched.
        for case let key? in state.header.predecessors.map({ snapshot.predecessors[$0.hash] ?? nil }) {
            try state.requireLineage(of: key)
        }
        for reference in state.header.predecessors {
            guard let key = snapshot.predecessors[reference.hash] ?? nil else {
                try recordGone(reference, snapshot, state)
                continue
            }
            do {
                return try action(for: key, snapshot, state, successor, passed: &passed)
            } catch {
                guard error.code == .notYet else { throw error }
                waits.append(error)
            }
        }
        let soonest = waits.min { ($0.retryAt ?? .distantFuture) < ($1.retryAt ?? .distantFuture) }
        if let soonest { throw soonest }
        try requireVerification(state)
        return nil
    }

    private func action(
        for key: Key, _ snapshot: RetirementSnapshot, _ state: State, _ successor: State.Successor,
        passed: inout [KeyHash: [String]]
    ) throws(StepError) -> Action {
        let rules = state.plan.retire
        if key.disabled || key.isExpired(at: snapshot.date) {
            try requireVerification(state)
            try context.requireApproval(for: .retire, of: state, goingOnBy: command(state))
            // Without the mark, or without our record of it, it was not this rotation that disabled the key last:
            // somebody did by hand, or it has expired. Then it soaks from now on.
            guard let end = soakEnd(of: key, at: snapshot.date, state) else {
                try requireLookSinceDisabling(key, state)
                return .disable(key, name: key.keyName.with(disabledAt: snapshot.date), quiet: nil)
            }
            let probes: [String]
            if let known = passed[key.hash] {
                probes = known
            } else {
                probes = try look(without: key, at: snapshot.date, state)
            }
            if !probes.isEmpty { passed[key.hash] = probes }
            guard options.isCompromised || snapshot.date >= end else {
                let ways = [
                    "come back then, or wait here: `\(waiting(rules.soak, state))`",
                    RestoreStep.offer(of: key, at: snapshot.date, state),
                ]
                throw StepError(
                    .notYet, "\(key.plainName) soaks until \(end.rfc3339)",
                    hint: ways.compactMap(\.self).joined(separator: "; "), retryAt: end)
            }
            try requireReferences(to: key, snapshot, successor)
            return .delete(key, probes: probes)
        }
        if !options.isCompromised { try observe(key, snapshot, state) }
        if let mark = holdMark(of: key, at: snapshot.date, state), !options.isCompromised {
            // By hand it may have been restored later than the mark says.
            try requireRelease(of: key, heldSince: mark, state)
        }
        try requireVerification(state, freshAt: snapshot.date)
        try context.requireApproval(for: .retire, of: state, goingOnBy: command(state))
        if !options.isCompromised {
            try requireOverlap(since: state.lastWrite, snapshot, state)
            try requireUse(state, snapshot, successor)
            try requireQuiet(key, snapshot, state)
        }
        try requireReferences(to: key, snapshot, successor)
        if !options.isCompromised { try requireChecklist(key, state) }
        return .disable(
            key, name: key.keyName.with(disabledAt: snapshot.date),
            quiet: options.isCompromised ? nil : quietEvidence(key, snapshot, state))
    }

    /// Until when a disabled key soaks; `nil` where that is not known, and it has to be marked. Whoever may rename it can
    /// neither shorten what is recorded, nor name a moment that is still to come.
    func soakEnd(of key: Key, at date: Date, _ state: State) -> Date? {
        guard let mark = key.keyName.disabledAt, !Self.isToCome(mark, at: date), state.disabled.contains(key.hash)
        else { return nil }
        let recorded = state.disabledAt[key.hash].map { $0.addingTimeInterval(-Self.longestDisabling) }
        return max(mark, recorded ?? mark).addingTimeInterval(Double(state.plan.retire.soak.seconds))
    }

    /// Since when an enabled key is held; `nil` if it is not. The record holds it where the mark was tidied away.
    private func holdMark(of key: Key, at date: Date, _ state: State) -> Date? {
        guard let mark = key.keyName.disabledAt else { return state.restorations[key.hash]?.mark }
        return Self.isToCome(mark, at: date) ? key.updatedAt ?? date : mark
    }

    /// Whether a mark is none that ork has written.
    private static func isToCome(_ mark: Date, at date: Date) -> Bool { mark > date.addingTimeInterval(60) }

    /// A key that was restored, or that a rollback puts back, is held until the successor was verified after that, and
    /// somebody says `--again`.
    private func requireRelease(of key: Key, heldSince mark: Date, _ state: State) throws(StepError) {
        if state.keptTargets.contains(where: { state.doubts[$0.name] != nil }) { throw unverified(state) }
        let held = "\(key.plainName) is held since \(mark.rfc3339): it was restored, or a rollback puts it back"
        guard let verification = state.verification else {
            throw StepError(
                .notYet, held, hint: "fix what still needed it, run `ork-verify`, then `ork-retire --again`",
                isRetryable: false)
        }
        // Where nobody has touched the key since `--restore` did, the order of the records tells, whatever the clocks.
        let restoration = state.restorations[key.hash]
        let isOurs = restoration?.mark == mark && restoration?.updatedAt == key.updatedAt
        let restored = max(mark, key.updatedAt ?? mark)
        guard isOurs && state.followsRestorations(verification) || verification.at > restored else {
            throw StepError(
                .notYet, options.again ? "\(held), and no verification has been made since \(restored.rfc3339)" : held,
                hint: "fix what still needed it, run `ork-verify`, then `ork-retire --again`", isRetryable: false)
        }
        guard options.again else {
            throw StepError(
                .notYet, "\(held), and verified since",
                hint: "`\(command(state, adding: "--again"))` disables it again",
                isRetryable: false)
        }
    }

    /// Whoever disables a key that was restored, or that a rollback has put back, has targets in mind which hold it: a
    /// verification from before that says nothing of them. Our own mark is written within seconds together with disabling.
    private func requireLookSinceDisabling(_ key: Key, _ state: State) throws(StepError) {
        guard key.disabled, let mark = key.keyName.disabledAt else { return }
        let changed = key.updatedAt ?? mark
        guard changed.timeIntervalSince(mark) > Self.longestDisabling || key.updatedAt == nil else { return }
        guard let verification = state.verification, verification.at > changed else {
            throw StepError(
                .notYet,
                "somebody disabled \(key.plainName) at \(changed.rfc3339), after it had been restored or put back",
                hint: "`ork-verify` shows what the targets hold since then; then `ork-retire`", isRetryable: false)
        }
    }

    /// How long it takes at the most from reading the clock to disabling a key, in seconds.
    private static let longestDisabling: TimeInterval = 10

    private func recordGone(
        _ reference: KeyReference, _ snapshot: RetirementSnapshot, _ state: State
    ) throws(StepError) {
        guard !state.deleted.contains(reference.hash), !context.isDryRun else { return }
        let lists = try snapshot.references.takeOut([reference.hash], of: account, context)
        context.tell(.done("\(reference.name) (\(reference.hash.short)) does not exist any more"))
        var detail: JSONObject = ["hash": .string(reference.hash.description)]
        if !lists.isEmpty { detail["lists"] = .array(lists.map { .string($0) }) }
        try context.record(
            Entry(.retire, .deleted, message: "\(reference.name) does not exist any more", detail: detail))
    }

    /// The successor must be able to carry the applications alone, until after the soak.
    private func refuseUnhealthySuccessor(_ snapshot: RetirementSnapshot, _ state: State) throws(StepError) {
        let problem = state.plan.retire.healthProblem(of: snapshot.successor, at: snapshot.date)
        guard let problem else { return }
        throw StepError(
            .failed, "the successor \(snapshot.successor.name) \(problem): nothing is retired",
            hint: snapshot.successor.keyName.disabledAt == nil
                ? "fix the successor at OpenRouter, or start a new rotation: `\(state.supersedingCommand)`"
                    + waysBack(snapshot, state)
                : "a newer rotation has disabled it: go on with the handoff of that one", isRetryable: false)
    }

    /// How applications get a predecessor back, as far as one can be worked with.
    private func waysBack(_ snapshot: RetirementSnapshot, _ state: State) -> String {
        let keys = state.header.predecessors.compactMap { snapshot.predecessors[$0.hash] ?? nil }
            .filter { RestoreStep.obstacle(to: $0, at: snapshot.date, state) == nil }
        guard let last = keys.last else { return "" }
        let isDisabled = keys.contains(where: \.disabled)
        return "; `ork-rollback` puts \(last.plainName) back at the targets"
            + (isDisabled ? "; `ork-retire --restore` enables a disabled predecessor again" : "")
    }

    /// A live key of the lineage that nobody here knows means that another rotation is under way. So does one of a newer
    /// rotation that is not live: the targets may hold it, and not this rotation's.
    private func refuseUnknownKeys(_ snapshot: RetirementSnapshot, _ state: State) throws(StepError) {
        let lineage = Lineage(base: state.header.base, among: snapshot.keys)
        let superseding = "`\(state.supersedingCommand)`"
        if let unknown = lineage.unknownKey(besides: state.knownKeys, at: snapshot.date) {
            throw StepError(unknown: unknown, to: state.header, before: "`ork-retire`", or: superseding)
        }
        let newer = lineage.keys.first {
            $0.isNewer(than: state.header) && !$0.isUnactivated && !state.knownKeys.contains($0.hash)
        }
        guard let newer, !options.isCompromised else { return }
        throw StepError(
            .failed,
            "a newer rotation made \(newer.plainName) (\(newer.hash.short)), which does not work: targets may hold it",
            hint: "go on with its handoff; if that rotation was given up, delete its key at openrouter.ai, run "
                + "`ork-publish` and `ork-verify`, then `ork-retire`; or begin another rotation: \(superseding)",
            isRetryable: false)
    }

    /// A job that took its key when it began may still be at work with it: no key goes before the overlap is over.
    func requireOverlap(
        since lastWrite: Date?, _ snapshot: RetirementSnapshot, _ state: State
    ) throws(StepError) {
        let overlap = state.plan.retire.overlap
        guard let lastWrite, overlap.seconds > 0 else { return }
        let end = lastWrite.addingTimeInterval(Double(overlap.seconds))
        guard snapshot.date >= end else {
            throw StepError(
                .notYet, "both keys stay alive until \(end.rfc3339) (overlap \(overlap))",
                hint: "come back then, or wait here: `\(waiting(overlap, state))`", retryAt: end)
        }
    }

    /// The command that waits for what takes this long at the most.
    func waiting(_ interval: Interval, _ state: State) -> String { "\(command(state)) --wait \(interval)" }

    /// What goes on with this run: the exceptions that it was given have to be given again.
    func command(_ state: State, adding more: String? = nil) -> String {
        let begun = state.header.plan
        let isUnasked = state.plan.verify.probes.isEmpty && !begun.verify.probes.isEmpty
        let flags = [
            options.again ? "--again" : nil,
            state.plan.retire.acceptsIdle && !begun.retire.acceptsIdle ? "--accept-idle" : nil,
            step == .rollback && isUnasked ? "--probe none" : nil,
        ]
        return (["ork-\(step.rawValue)"] + flags.compactMap(\.self) + [more].compactMap(\.self)).joined(separator: " ")
    }
}
