import FoundationEssentials
import OpenRouter
import Rotation
import Secrets
import Timestamps

extension CreateStep {
    /// The rotation has its successor: nothing to do, if that works.
    func confirm(_ created: State.Successor, _ state: State) throws(StepError) {
        let answer = try account.send { $0.key(created.hash) }
        guard let key = answer.value else {
            throw StepError(
                .failed, "the successor \(created.name) does not exist any more at OpenRouter",
                hint: "the management key may be another account's; else nobody can go on with this rotation, so begin "
                    + "another: `\(options.command.superseding)`")
        }
        try refuseUnusable(key, at: answer.date ?? context.clock.now)
        if options.supersedes { try refuseUnknownKey(state) }
        try confirmReferences(of: created, state)
        context.tell(
            .done(
                "nothing to do: \(created.name) was created before"
                    + (state.isFinished
                        ? ", and its rotation is finished; another one has a handoff of its own: "
                            + "`\(options.command.anew)`" : "")))
    }

    /// All keys of the lineage were asked for, and one has come since.
    private func refuseUnknownKey(_ state: State) throws(StepError) {
        let listed = try account.keys(in: state.header.workspace)
        let lineage = Lineage(base: state.header.base, among: listed.value)
        let now = listed.date ?? context.clock.now
        guard let unknown = lineage.unknownKey(besides: state.knownKeys, at: now) else { return }
        throw StepError(
            unknown: unknown, to: state.header, before: "`ork-create`", or: "`\(options.command.superseding)`")
    }

    /// A successor that nobody can work with is none.
    private func refuseUnusable(_ key: Key, at date: Date) throws(StepError) {
        guard let problem = key.unusability(at: date) else { return }
        let another = "begin another rotation: `\(options.command.superseding)`"
        throw StepError(
            .failed, "the successor \(key.plainName) \(problem) at OpenRouter",
            hint: key.keyName.disabledAt != nil
                ? "a newer rotation has retired it: go on with the handoff of that one; if that is lost, \(another)"
                : key.disabled ? "enable the successor there, then `\(options.command)`, or \(another)" : another,
            isRetryable: false)
    }

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
        let references = try referencesOnResuming(snapshot, state)
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
            guard key.keyName.isMinting else {
                // It was activated at about the time of its creation, with what was left then.
                let allowance = SuccessorSettings.allowance(
                    header.plan.successor, key.limit, of: predecessor?.limit, key.limitReset, now: key.createdAt)
                try recordCreated(key, detail, allowance)
                return try refuseUnusable(key, at: now)
            }
            let settings = SuccessorSettings(header.plan.successor, like: predecessor, now: now)
            try refuseNothingLeft(settings, header.plan.successor, now: now)
            return try activate(key, header, settings: settings, references, detail: detail)
        }
        try refuseForeignSuccessor(snapshot, header)
        try discardUnactivated(header, names: state.intended)
        let name = try Self.mintingName(header.base, RotationID(at: now), now)
        try context.record(intent(name.description))
        try mint(header, like: predecessor, references, name: name, now: now)
    }

    /// What the lists say now, whatever they said when the rotation was begun.
    private func referencesOnResuming(
        _ snapshot: LineageSnapshot, _ state: State
    ) throws(StepError) -> SuccessorReferences {
        let predecessors = state.header.predecessors.compactMap { reference in
            snapshot.keys.first { $0.hash == reference.hash }
        }
        guard !state.ignoresReferences else { return .none }
        let references = try references(snapshot, to: predecessors, minted: state.minted.last?.hash, isBegun: true)
        if options.ignoresReferences, let ignored = references.ignored { try recordIgnored(ignored, state) }
        return references
    }

    /// The key whose settings are inherited. Without it a key without a limit might be made, or one in another account.
    private func predecessor(of header: RotationHeader, _ snapshot: LineageSnapshot) throws(StepError) -> Key? {
        guard let reference = header.predecessors.last else { return nil }
        guard let key = snapshot.keys.first(where: { $0.hash == reference.hash }) else {
            throw StepError(
                .failed, "the predecessor \(reference.name) (\(reference.hash.short)) does not exist at OpenRouter",
                hint:
                    "the management key may be another account's; if the predecessor is gone, begin another rotation: "
                    + "`\(options.command.superseding)`")
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
            hint: "go on with that run's handoff; if it is lost, begin another rotation: "
                + "`\(options.command.superseding)`",
            isRetryable: false)
    }
}
