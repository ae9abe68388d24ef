import FoundationEssentials
import JSON
import OpenRouter
import Rotation
import Secrets
import Timestamps

/// How the successor gets to where its predecessors are named.
extension CreateStep {
    /// What is to become of the places that name the predecessors of a rotation; says what nobody carries over.
    func references(
        _ snapshot: LineageSnapshot, to predecessors: [Key], minted: KeyHash? = nil, isBegun: Bool = false
    ) throws(StepError) -> SuccessorReferences {
        let references = try SuccessorReferences(
            snapshot.references, to: predecessors, minted: minted, way(isBegun: isBegun))
        if let ignored = references.ignored {
            context.tell(.warning("\(ignored); the successor is not, add it by hand"))
        }
        return references
    }

    /// Refuses what OpenRouter would refuse only when the successor is there: a guardrail that is not of its workspace, a list
    /// that names a key which is none any more. That takes no time where everything is in the workspace.
    func requireAcceptance(
        _ references: SuccessorReferences, _ snapshot: LineageSnapshot, of predecessors: [Key]
    ) throws(StepError) {
        guard let key = predecessors.last else { return }
        for list in references.carried where list.kind == .guardrail {
            guard !snapshot.references.guardrails.contains(where: { $0.id == list.id }) else { continue }
            let guardrail = try account.send { $0.guardrail(list.id) }.value
            try way(isBegun: false).requireWorkspace(guardrail?.workspaceID, of: list, for: key)
        }
        guard !options.dropsDeadReferences else { return }
        let known = Set(snapshot.keys.map(\.hash))
        for list in references.carried where list.kind == .byok {
            let dead = try deadHashes((list.hashes ?? []).filter { !known.contains($0) })
            guard dead.isEmpty else { throw way(isBegun: false).dead(dead, in: list) }
        }
    }

    /// Tells what goes by the name of the key, and what of it cannot be copied.
    func warnOfNames(_ snapshot: LineageSnapshot, _ choice: LineageChoice, now: Date) throws(StepError) {
        guard let key = choice.predecessors.last else { return }
        let name = try Self.mintingName(choice.base, RotationID(at: now), now).activated()
        let dependence = NameDependence(snapshot.references, from: key, to: name.description)
        for warning in dependence.warnings { context.tell(.warning(warning)) }
        if let user = key.externalUser {
            context.tell(
                .warning(
                    "\(key.name) is for the external user \(user): if it has a lookup key (external.api_key), that cannot be "
                        + "read, and the successor has none"))
        }
    }

    /// Adds a minted key to lists, and answers which of them there are. `first` is what was read of them a moment ago.
    func attach(
        _ key: Key, to lists: [KeyList], from first: [Result<KeyList?, OpenRouterError>]
    ) throws(StepError) -> [KeyList] {
        guard !lists.isEmpty else { return [] }
        let outcome = try editor(adding: key.hash, dropping: deadNeighbours(first))
            .edit(lists, from: first)
        for list in outcome.written { context.tell(.done("\(list.title) has the successor")) }
        for list in outcome.gone {
            context.tell(.warning("\(list.title) does not exist any more: there is nothing to carry over"))
        }
        return lists.filter { list in !outcome.gone.contains { $0.kind == list.kind && $0.id == list.id } }
    }

    /// Takes a key that is about to be deleted out of the lists that name it: a dead hash keeps a list from taking others. A
    /// guardrail lets go of it by itself.
    func detach(_ key: Key) throws(StepError) {
        let references = try KeyReferences.read([.byok, .observability], of: account, workspace: key.workspaceID)
        try way(isBegun: true).requireReadable(references.unread)
        _ = try references.takeOut([key.hash], of: account, context)
    }

    /// A successor that was made before: whatever names its predecessors names it, too.
    func confirmReferences(of created: State.Successor, _ state: State) throws(StepError) {
        let predecessors = Set(state.header.predecessors.map(\.hash))
        guard !state.isFinished, !predecessors.isEmpty, !state.guardedReferences.isEmpty else { return }
        let references = try KeyReferences.read(
            state.guardedReferences, of: account, workspace: state.header.workspace)
        if options.ignoresReferences {
            let missing = references.lists(naming: predecessors, without: created.hash)
            guard let reason = way(isBegun: true).reason(missing, references.unread) else { return }
            context.tell(.warning("\(reason); the successor is not, add it by hand"))
            return try recordIgnored(reason, state)
        }
        try way(isBegun: true).requireReadable(references.unread)
        let missing = references.lists(naming: predecessors, without: created.hash)
        try way(isBegun: true).refuse(
            missing.filter { state.plan.successor.references[$0.kind] == .refuse }, references.unread)
        guard !missing.isEmpty else { return }
        let titles = missing.map(\.title).joined(separator: ", ")
        context.tell(.doing("\(context.isDryRun ? "would add" : "adding") \(created.name) to \(titles)"))
        guard !context.isDryRun else { return }
        let fresh: [Result<KeyList?, OpenRouterError>] = missing.map { .success($0) }
        // A predecessor that is deleted is in the way of every change.
        let outcome = try editor(adding: created.hash, dropping: state.deleted).edit(missing, from: fresh)
        for list in outcome.written { context.tell(.done("\(list.title) has the successor")) }
    }

    /// Records that no reference is carried over in a rotation that has begun.
    func recordIgnored(_ reason: String, _ state: State) throws(StepError) {
        guard !state.ignoresReferences, !context.isDryRun else { return }
        try context.record(
            Entry(
                .create, .accepted, message: "references are not carried over: \(reason)",
                detail: ["ignores": .string(reason)]))
    }

    private func way(isBegun: Bool) -> ReferenceWay {
        ReferenceWay(
            options.plan.successor.references, ignoresAll: options.ignoresReferences, options.command, isBegun: isBegun)
    }

    private func editor(adding: KeyHash? = nil, dropping: Set<KeyHash> = []) -> KeyListEditor {
        KeyListEditor(account: account, context: context, adding: adding, removing: dropping) {
            list, error throws(StepError) in try refusal(list, error)
        }
    }

    /// What a list is to lose so that it takes another key at all, where people have said so.
    private func deadNeighbours(
        _ lists: [Result<KeyList?, OpenRouterError>]
    ) throws(StepError) -> Set<KeyHash> {
        guard options.dropsDeadReferences else { return [] }
        let hashes = lists.flatMap { ((try? $0.get()) ?? nil)?.hashes ?? [] }
        let dead = try deadHashes(Array(Set(hashes)))
        for hash in dead { context.tell(.warning("\(hash.short) is no key any more, and is taken out of the lists")) }
        return Set(dead)
    }

    private func deadHashes(_ hashes: [KeyHash]) throws(StepError) -> [KeyHash] {
        Self.dead(hashes, besides: try keys(hashes))
    }

    private static func dead(_ hashes: [KeyHash], besides keys: [Key]) -> [KeyHash] {
        let live = Set(keys.map(\.hash))
        return hashes.filter { !live.contains($0) }
    }

    /// Those of these keys that are there.
    private func keys(_ hashes: [KeyHash]) throws(StepError) -> [Key] {
        var keys: [Key] = []
        for answer in account.client.send(all: hashes.map { account.api.key($0) }) {
            if let key = try answer.answer().value { keys.append(key) }
        }
        return keys
    }

    private func refusal(_ list: KeyList, _ error: OpenRouterError) throws(StepError) -> StepError {
        let way = way(isBegun: true)
        if error.code == .invalid, list.kind != .guardrail {
            let hashes = list.hashes ?? []
            let keys = try keys(hashes)
            let dead = Self.dead(hashes, besides: keys)
            guard dead.isEmpty else { return way.dead(dead, in: list) }
            do { try way.requireRoom([list]) } catch { return error }
            let disabled = keys.filter(\.disabled)
            guard disabled.isEmpty else { return way.disabled(disabled, in: list) }
        }
        let hints = [
            KeyList.Kind.guardrail:
                "it may be of another workspace, or a default one, which governs without being assigned",
            .byok: "it may be of another account", .observability: "its settings may be locked, or of another account",
        ]
        return StepError(
            StepError(error).code, "\(list.title) does not take the successor: \(error.message)",
            hint:
                "look at it at openrouter.ai: \(hints[list.kind] ?? ""); then `\(options.command)`; to do without it: "
                + way.ignoring(list.kind), isRetryable: false)
    }
}

extension KeyReferences {
    /// The lists that name one of these keys and not their successor.
    func lists(naming predecessors: Set<KeyHash>, without successor: KeyHash) -> [KeyList] {
        lists.filter { predecessors.contains(where: $0.names) && !$0.names(successor) }
    }
}
