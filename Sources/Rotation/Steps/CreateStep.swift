import FoundationEssentials
import JSON
import OpenRouter
package import Rotation
package import Secrets
import Timestamps

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
        package var plan: Plan
        /// The digest of the predecessor's plaintext, if the plan names it by an environment variable.
        package var predecessorDigest: Digest?
        /// Make every key of the lineage a predecessor of this rotation.
        package var supersedes = false
        /// Continue although other resources name a predecessor.
        package var ignoresReferences = false

        package init(name: PlanName, plan: Plan) {
            self.name = name
            self.plan = plan
        }
    }

    package init(context: StepContext, account: ManagedAccount, options: Options) {
        self.context = context
        self.account = account
        self.options = options
    }

    package func run() throws(StepError) {
        guard context.journal.handoff != nil else { return try begin() }
        let state = try context.state()
        guard state.header.name == options.name else {
            throw StepError(
                .unacceptable, "the handoff is of the rotation \(state.header.name), not of \(options.name)",
                hint: "name another file with --handoff")
        }
        try refuseOtherOrder(state.header)
        if let created = state.created { return try confirm(created) }
        guard !context.isDryRun else { return context.tell(.done("would resume rotation \(state.header.id)")) }
        try resume(state)
    }

    /// The rotation has its successor: nothing to do, if it is still there.
    private func confirm(_ created: State.Successor) throws(StepError) {
        guard let key = try account.send({ $0.key(created.hash) }).value else {
            throw StepError(
                .failed, "the successor \(created.name) does not exist any more at OpenRouter",
                hint:
                    "the management key may be another account's; else start a new rotation: another --handoff, --supersede"
            )
        }
        if key.disabled {
            context.tell(.warning("the successor \(created.name) is disabled at OpenRouter"))
        }
        let isOver = try context.state().isFinished
        context.tell(
            .done(
                "nothing to do: \(created.name) was created before"
                    + (isOver ? "; for another rotation move this handoff away, or name another with --handoff" : "")))
    }

    /// The flags may not ask for something else than the handoff that lies here: its key would go to the wrong place.
    private func refuseOtherOrder(_ header: RotationHeader) throws(StepError) {
        let differs: String? =
            if options.plan.predecessor != header.plan.predecessor {
                "predecessor"
            } else if options.plan.workspace != header.plan.workspace {
                "workspace"
            } else if options.plan.successor != header.plan.successor {
                "successor"
            } else {
                nil
            }
        guard let differs else { return }
        throw StepError(
            .unacceptable, "the handoff is of a rotation with another \(differs) than was asked for",
            hint: "to resume it, run ork-create without those flags; for another rotation name another file with "
                + "--handoff")
    }

    private func begin() throws(StepError) {
        let snapshot = try LineageSnapshot.take(
            of: account, workspace: options.plan.workspace,
            named: options.plan.predecessorHash(options.predecessorDigest))
        let now = snapshot.date ?? context.clock.now
        let choice = try LineageChoice(snapshot, options, now: now)
        let ignored = try refuseReferences(snapshot, to: choice.predecessors)
        let id = RotationID(at: now)
        let name = try Self.mintingName(choice.base, id, now)
        announce(choice, activated: name.activated())
        guard !context.isDryRun else { return }
        let header = RotationHeader(
            id: id, name: options.name, base: choice.base, workspace: choice.workspace, plan: options.plan,
            predecessors: choice.predecessors.map { KeyReference(hash: $0.hash, name: $0.name, label: $0.label) },
            gates: context.trust.requiresApproval ? [.approve] : [])
        do {
            try context.journal.begin(header, intent(name.description, abandoning: choice.abandoned, ignoring: ignored))
        } catch { throw StepError(error) }
        for stray in choice.abandoned { try discard(stray, because: "it was minted and never handed out") }
        try mint(header, like: choice.predecessors.last, name: name, now: now)
    }

    private func announce(_ choice: LineageChoice, activated: KeyName) {
        for key in choice.predecessors {
            context.tell(.doing("\(key.name) (\(key.hash.short)) is to be replaced"))
        }
        for key in choice.abandoned {
            context.tell(.doing("\(key.name) (\(key.hash.short)) was never handed out and is to be deleted"))
        }
        context.tell(.doing("minting \(activated)" + (options.plan.targets.isEmpty ? "" : " for \(targetCount)")))
    }

    private var targetCount: String {
        options.plan.targets.count == 1 ? "1 target" : "\(options.plan.targets.count) targets"
    }

    /// Answers what is ignored because the user said so.
    private func refuseReferences(_ snapshot: LineageSnapshot, to predecessors: [Key]) throws(StepError) -> String? {
        let hashes = Set(predecessors.map(\.hash))
        let places = Set(snapshot.references.filter { hashes.contains($0.hash) }.map(\.place)).sorted()
        let unread = predecessors.isEmpty ? [] : snapshot.unread
        guard !places.isEmpty || !unread.isEmpty else { return nil }
        var reasons: [String] = []
        if !places.isEmpty { reasons.append("the predecessor is named by \(places.joined(separator: ", "))") }
        if !unread.isEmpty { reasons.append("OpenRouter does not show its \(unread.joined(separator: ", "))") }
        let reason = reasons.joined(separator: "; ")
        guard options.ignoresReferences else {
            throw StepError(
                .failed, reason,
                hint: "the successor would not be named there and might do more, or less, than the predecessor; "
                    + "add it by hand after ork-create, and continue with --ignore-references")
        }
        context.tell(.warning("\(reason); the successor is not, add it by hand"))
        return reason
    }

    func intent(_ name: String, abandoning keys: [Key] = [], ignoring reason: String? = nil) -> Entry {
        var detail: JSONObject = ["name": .string(name)]
        if !keys.isEmpty { detail["abandons"] = .array(keys.map { .string($0.hash.description) }) }
        if let reason { detail["ignores"] = .string(reason) }
        return Entry(.create, .intended, message: "about to mint \(name)", detail: detail)
    }
}

extension CreateStep {
    /// Resumes with a handoff that has no successor yet.
    func resume(_ state: State) throws(StepError) {
        let header = state.header
        let snapshot = try LineageSnapshot.take(
            of: account, workspace: header.workspace, named: state.minted.last?.hash)
        let now = snapshot.date ?? context.clock.now
        let predecessor = try predecessor(of: header, snapshot)
        // Whoever has written the records: nothing is taken from a key of another lineage, and nothing done to it.
        for case let key? in [predecessor, snapshot.named] { try state.requireLineage(of: key) }
        let lineage = Lineage(base: header.base, among: snapshot.keys)
        // The keys that this rotation set out to delete must not win against its own.
        for key in lineage.keys where state.abandoned.contains(key.hash) {
            try discard(key, because: "it was minted and never handed out")
        }
        if let minted = state.minted.last {
            guard let key = snapshot.named else {
                try recordStray(minted.hash, minted.name, because: "it does not exist any more")
                return try resume(try context.state())
            }
            let detail = State.Successor.detail(
                hash: minted.hash, digest: minted.digest, name: minted.name, label: minted.label,
                createdAt: minted.createdAt, publishBy: minted.publishBy)
            guard key.keyName.isMinting else { return try recordCreated(key, detail) }
            let settings = SuccessorSettings(header.plan.successor, like: predecessor, now: now)
            return try activate(key, header, settings: settings, detail: detail)
        }
        try refuseForeignSuccessor(snapshot, header)
        try discardUnactivated(header, names: state.intended)
        let name = try Self.mintingName(header.base, RotationID(at: now), now)
        try context.record(intent(name.description))
        try mint(header, like: predecessor, name: name, now: now)
    }

    /// The key whose settings are inherited. Without it a key without a limit might be made, or one in another account.
    private func predecessor(of header: RotationHeader, _ snapshot: LineageSnapshot) throws(StepError) -> Key? {
        guard let reference = header.predecessors.last else { return nil }
        guard let key = snapshot.keys.first(where: { $0.hash == reference.hash }) else {
            throw StepError(
                .failed, "the predecessor \(reference.name) (\(reference.hash.short)) does not exist at OpenRouter",
                hint:
                    "the management key may be another account's; if the predecessor is gone, start a new rotation: another "
                    + "--handoff, --supersede")
        }
        return key
    }

    /// Another run with a copy of this handoff may have got further; its key's plaintext is in its handoff only.
    private func refuseForeignSuccessor(_ snapshot: LineageSnapshot, _ header: RotationHeader) throws(StepError) {
        let activated = snapshot.keys.first { key in
            key.keyName.base == header.base && key.keyName.rotation?.id == header.id.description && !key.isUnactivated
        }
        guard let activated else { return }
        throw StepError(
            .notYet, "another run of this rotation has created \(activated.name)",
            hint: "resume with that run's handoff; if it is lost, start a new rotation: another --handoff, --supersede",
            isRetryable: false)
    }
}
