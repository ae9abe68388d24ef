import FoundationEssentials
import JSON
import OpenRouter
package import Rotation
package import Secrets
import Timestamps
import Wording

/// Mints the successor. It can be run again after any failure, with its handoff or without.
///
/// A key that was minted and not yet activated bears the mark `minting` and may spend nothing; nobody is ever
/// given one, so it may be deleted. Everything else that is found is retired on evidence or left alone.
package struct CreateStep {
    let context: StepContext
    let account: ManagedAccount
    let options: Options

    /// What is asked for.
    package struct Options: Sendable {
        package var name: PlanName
        /// The plan of the rotation to begin; with a handoff, what the flags make of the plan in it.
        package var plan: Plan
        /// The words in which it is asked for.
        package var command: CreateCommand
        /// The digest of the predecessor's plaintext, if the plan names it by an environment variable.
        package var predecessorDigest: Digest?
        /// That plaintext, to be kept for a rollback.
        package var predecessor: Secret?
        /// Make every key of the lineage a predecessor of this rotation.
        package var supersedes = false
        /// Carry over no reference to a predecessor.
        package var ignoresReferences = false
        /// Take the hashes of deleted keys out of lists that otherwise take no other key.
        package var dropsDeadReferences = false

        package init(name: PlanName, plan: Plan, command: CreateCommand = CreateCommand()) {
            self.name = name
            self.plan = plan
            self.command = command
        }
    }

    package init(context: StepContext, account: ManagedAccount, options: Options) {
        self.context = context
        self.account = account
        self.options = options
    }

    /// Mints the successor, or goes on where an earlier run stopped. A dry run does nothing and answers what would be done.
    @discardableResult
    package func run() throws(StepError) -> ForeseenRotation? {
        guard context.journal.handoff != nil else { return try begin() }
        let state = try context.stateLeadingOn(another: options.command)
        guard state.header.name == options.name else {
            throw StepError(
                .unacceptable, "the handoff is of the rotation \(state.header.name), not of \(options.name)",
                hint: "name another file: `\(options.command.anew)`")
        }
        try refuseOtherOrder(state)
        if let created = state.created {
            try confirm(created, state)
        } else if context.isDryRun {
            context.tell(.doing("would go on with rotation \(state.header.id), which has no successor yet"))
        } else {
            try resume(state)
        }
        return nil
    }

    private func begin() throws(StepError) -> ForeseenRotation? {
        let snapshot = try LineageSnapshot.take(
            of: account, workspace: options.plan.workspace,
            named: options.plan.predecessorHash(options.predecessorDigest))
        let now = snapshot.date ?? context.clock.now
        let choice = try LineageChoice(snapshot, options, now: now)
        let references = try references(snapshot, to: choice.predecessors)
        try requireAcceptance(references, snapshot, of: choice.predecessors)
        try warnOfNames(snapshot, choice, now: now)
        let foreseen = ForeseenRotation(options.plan, choice, references, now: now)
        try refuseNothingLeft(foreseen.settings, options.plan.successor, now: now)
        try refuseShortLife(foreseen.settings, options.plan, now: now)
        guard !context.isDryRun else {
            for line in foreseen.lines + [foreseen.newsOfAllowance(now: now)].compactMap(\.self) {
                context.tell(.doing(line))
            }
            return foreseen
        }
        let id = RotationID(at: now)
        let name = try Self.mintingName(choice.base, id, now)
        announce(choice, activated: name.activated())
        if let news = foreseen.newsOfAllowance(now: now) { context.tell(.doing(news)) }
        let header = RotationHeader(
            id: id, name: options.name, base: choice.base, workspace: choice.workspace, plan: options.plan,
            predecessors: choice.predecessors.map(KeyReference.init), leaves: choice.bystanders.map(KeyReference.init),
            dead: choice.dead.map(KeyReference.init), gates: context.trust.requiresApproval ? [.approve] : [])
        do {
            let ignored = options.ignoresReferences ? references.ignored : nil
            try context.journal.begin(header, intent(name.description, abandoning: choice.abandoned, ignoring: ignored))
        } catch { throw StepError(error) }
        for stray in choice.abandoned { try discard(stray, because: "it was minted and never handed out") }
        try mint(header, like: choice.predecessors.last, references, name: name, now: now)
        tellChecklist(snapshot, choice.predecessors)
        return nil
    }

    private func announce(_ choice: LineageChoice, activated: KeyName) {
        for key in choice.predecessors {
            context.tell(.doing("\(key.name) (\(key.hash.short)) is to be replaced"))
        }
        for key in choice.bystanders {
            context.tell(.doing("\(key.name) (\(key.hash.short)) is no part of this rotation and stays as it is"))
        }
        for key in choice.abandoned {
            context.tell(.doing("\(key.name) (\(key.hash.short)) was never handed out and is to be deleted"))
        }
        context.tell(.doing("minting \(activated)" + (options.plan.targets.isEmpty ? "" : " for \(targetCount)")))
    }

    private var targetCount: Counted { Counted(options.plan.targets.count, "target") }

    func intent(_ name: String, abandoning keys: [Key] = [], ignoring reason: String? = nil) -> Entry {
        var detail: JSONObject = ["name": .string(name)]
        if !keys.isEmpty { detail["abandons"] = .array(keys.map { .string($0.hash.description) }) }
        if let reason { detail["ignores"] = .string(reason) }
        if options.supersedes { detail["supersedes"] = true }
        return Entry(.create, .intended, message: "about to mint \(name)", detail: detail)
    }
}

extension KeyReference {
    init(_ key: Key) { self.init(hash: key.hash, name: key.name, label: key.label) }
}
