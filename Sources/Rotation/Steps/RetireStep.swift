package import FoundationEssentials
import JSON
import OpenRouter
package import Rotation
import Secrets
import Timestamps

/// Disables and then deletes the predecessors, each on evidence, and only those that the handoff names.
///
/// Directly before every effect everything is read in one batch, and after it the key itself. A predecessor is disabled in one call that also
/// writes the moment into its name, so that the truth about its soak is at OpenRouter and not in a file. A key that
/// bears that mark and is enabled was restored by somebody, and is held until `--again`.
package struct RetireStep {
    let context: StepContext
    let account: ManagedAccount
    /// `nil` where nobody can be asked.
    let applications: ApplicationProbes?
    let options: Options
    /// Who signs, and whom messages send people to: a rollback retires the successor.
    let step: StepName

    package struct Options: Sendable {
        /// The predecessors are known to others: publish and probe come first, nothing else does.
        package var isCompromised = false
        /// Since when a compromised key may have been used by others.
        package var leakedSince: Date?
        /// Disable a predecessor again that somebody has restored.
        package var again = false
        /// Targets that nothing is asked of any more.
        package var abandonedTargets: Set<PlanName> = []
        /// Somebody has looked after what has no API at OpenRouter.
        package var isChecklistDone = false

        package init() {}
    }

    package init(
        context: StepContext, account: ManagedAccount, applications: ApplicationProbes? = nil, options: Options
    ) {
        self.init(context: context, account: account, applications: applications, options: options, as: .retire)
    }

    init(
        context: StepContext, account: ManagedAccount, applications: ApplicationProbes?, options: Options,
        as step: StepName
    ) {
        self.context = context
        self.account = account
        self.applications = applications
        self.options = options
        self.step = step
    }

    package func run() throws(StepError) {
        let known = try context.stateLeadingOn()
        let successor = try context.successor(of: known)
        guard !known.plan.targets.isEmpty else {
            throw StepError(
                .unacceptable, "nothing was published in this rotation", hint: "run `ork-publish` first",
                isRetryable: false)
        }
        if options.isCompromised {
            context.tell(
                .warning(
                    "--compromised: the predecessors go without quiet, overlap and soak; "
                        + "applications that still use them will fail"))
        }
        guard !known.isFinished else { return context.tell(.done("nothing to do: every predecessor is deleted")) }
        try abandonTargets(known)
        try recordChecklist(known)
        var snapshot = try RetirementSnapshot.take(context, account, state(), successor)
        try raiseLimit(snapshot, successor)
        // Of the lists that name keys; an earlier run may have died between deleting a key and that.
        var takenOut: Set<KeyHash> = []
        var passed: [KeyHash: [String]] = [:]
        while true {
            let known = passed.count
            guard let action = try nextAction(snapshot, state: state(), successor, passed: &passed) else { break }
            if passed.count > known {
                // Asking takes its time, and somebody may have restored a key meanwhile.
                snapshot = try RetirementSnapshot.take(context, account, state(), successor)
                continue
            }
            passed = [:]
            try context.continueUnlessStopped()
            context.tell(.doing(context.isDryRun ? "would \(action.verb) \(action.object)" : action.text))
            guard !context.isDryRun else { return }
            try perform(action, at: snapshot.date)
            snapshot =
                try mayGoOn(after: action, snapshot, state())
                ? RetirementSnapshot.take(context, account, state(), successor)
                : snapshot.reading(action.key.hash, of: account)
            try confirm(action, snapshot)
            if case .delete(let key, _) = action { takenOut.insert(key.hash) }
        }
        guard !context.isDryRun else { return }
        let hashes = Set(try state().header.predecessors.map(\.hash)).subtracting(takenOut)
        _ = try snapshot.references.takeOut(hashes, of: account, context, isFresh: false)
        if successor.allowance != nil { snapshot = try RetirementSnapshot.take(context, account, state(), successor) }
        try requireFullLimit(snapshot, successor)
        try finish(successor, state())
    }

    /// Whether everything has to be read again: another effect may follow at once, or what the lists hold now is needed.
    /// Otherwise the key alone tells what came of the effect.
    private func mayGoOn(after action: Action, _ snapshot: RetirementSnapshot, _ state: State) -> Bool {
        let others = state.header.predecessors.map(\.hash).filter { $0 != action.key.hash }
        if others.contains(where: { snapshot.predecessors[$0].map { $0 != nil } ?? false }) { return true }
        return switch action {
        case .disable: options.isCompromised || state.plan.retire.soak.seconds == 0
        case .delete(let key, _): snapshot.references.lists.contains { $0.names(key.hash) }
        }
    }

    /// What the records say, without the targets that this run lets go of.
    private func state() throws(StepError) -> State { try context.state().abandoning(options.abandonedTargets) }

    /// Nothing is left that the sealed key could be needed for, unless a target that was let go of comes back.
    private func finish(_ successor: State.Successor, _ state: State) throws(StepError) {
        let without = state.plan.targets.filter { state.abandonedTargets.contains($0.name) }
        let message = "\(successor.name) is the only key of its rotation"
        try context.record(
            Entry(.retire, .finished, message: message, detail: ["dropped": .bool(without.isEmpty)]),
            sealed: without.isEmpty ? [] : nil)
        context.tell(.done("finished: \(message)"))
        for target in without where state.isSealed {
            context.tell(
                .done("\(target.name) was let go of; `ork-publish --target \(target.name)` writes the key to it later"))
        }
    }

    /// One effect on one key.
    enum Action {
        /// `quiet` is what shows that nobody uses it, for the record; `nil` where that is not asked.
        case disable(Key, name: KeyName, quiet: JSONValue?)
        /// `probes` of the application have just passed without it.
        case delete(Key, probes: [String])

        var key: Key {
            switch self {
            case .disable(let key, _, _), .delete(let key, _): key
            }
        }

        var text: String {
            switch self {
            case .disable(let key, _, _): key.disabled ? "marking \(object)" : "disabling \(object)"
            case .delete: "deleting \(object)"
            }
        }

        /// What a dry run says that it would do.
        var verb: String {
            switch self {
            case .disable(let key, _, _): key.disabled ? "mark" : "disable"
            case .delete: "delete"
            }
        }

        var object: String {
            switch self {
            case .disable(let key, _, _) where key.disabled:
                "\(key.plainName) (\(key.hash.short)), which is disabled already: it soaks from now on"
            case .disable, .delete: "\(key.plainName) (\(key.hash.short))"
            }
        }
    }

    func perform(_ action: Action, at now: Date) throws(StepError) {
        switch action {
        case .disable(let key, let name, _):
            var change = KeyChange()
            // What is disabled already only gets its mark: enabling it meanwhile is somebody's decision.
            if !key.disabled { change.disabled = true }
            change.name = name.description
            _ = try account.send { $0.updateKey(key.hash, change) }
        case .delete(let key, _):
            tellUses(of: key, to: now)
            _ = try account.send { $0.deleteKey(key.hash) }
        }
    }

    func confirm(_ action: Action, _ snapshot: RetirementSnapshot) throws(StepError) {
        switch action {
        case .disable(let key, _, let quiet):
            if let after = snapshot.predecessors[key.hash] ?? nil {
                guard after.disabled || after.isExpired(at: snapshot.date) else {
                    throw unconfirmed(key, "enabled")
                }
                guard after.keyName.disabledAt != nil else {
                    throw StepError(
                        .failed, "OpenRouter disabled \(key.plainName) but did not keep the mark in its name",
                        hint: "without it nobody can tell how long it soaks; delete the key by hand at openrouter.ai",
                        isRetryable: false)
                }
            }
            var detail: JSONObject = [
                "hash": .string(key.hash.description), "at": .string(snapshot.date.rfc3339),
                "rules": try context.state().plan.retire.json, "compromised": .bool(options.isCompromised),
                "found_disabled": .bool(try context.state().isDisabledByOthers(key)),
            ]
            if let quiet { detail["quiet"] = quiet }
            try context.record(
                Entry(step, .disabled, message: "disabled \(key.plainName)", detail: detail))
            context.tell(.done(key.disabled ? "marked \(key.plainName) as disabled" : "disabled \(key.plainName)"))
        case .delete(let key, let probes):
            guard snapshot.predecessors[key.hash] == .some(nil) else { throw unconfirmed(key, "there") }
            let lists = try snapshot.references.takeOut([key.hash], of: account, context)
            var detail: JSONObject = [
                "hash": .string(key.hash.description), "at": .string(snapshot.date.rfc3339),
            ]
            if !probes.isEmpty { detail["probes"] = .array(probes.map { .string($0) }) }
            if !lists.isEmpty { detail["lists"] = .array(lists.map { .string($0) }) }
            try context.record(Entry(step, .deleted, message: "deleted \(key.plainName)", detail: detail))
            context.tell(.done("deleted \(key.plainName)"))
        }
    }

    private func unconfirmed(_ key: Key, _ what: String) -> StepError {
        StepError(
            .notYet, "OpenRouter still shows \(key.plainName) as \(what)",
            hint: "run `ork-\(step.rawValue)` again in a minute")
    }
}
