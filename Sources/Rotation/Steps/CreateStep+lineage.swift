import FoundationEssentials
import OpenRouter
import Rotation
import Secrets

extension CreateStep {
    /// Which keys the rotation is about.
    struct Choice {
        var base: String
        var workspace: String?
        /// The oldest first; the settings are inherited from the last.
        var predecessors: [Key]
        /// Keys that bear the mark `minting` and that nobody will activate.
        var abandoned: [Key]
    }

    /// Finds the lineage and its one live key. More than one, or one that still soaks, means that another rotation
    /// is under way or was lost; `--supersede` takes them all into this one.
    func chooseLineage(_ snapshot: LineageSnapshot, now: Date) throws(StepError) -> Choice {
        let base = try base(snapshot)
        let lineage = Lineage(base: base, among: snapshot.keys)
        let live = lineage.live(at: now)
        // A key that bears no mark was disabled by somebody's hand and is their business.
        let soaking = lineage.soaking(at: now).filter { $0.keyName.disabledAt != nil }
        let abandoned = try abandoned(lineage, now: now)
        var choice = Choice(base: base, workspace: options.plan.workspace, predecessors: live, abandoned: abandoned)
        choice.workspace = choice.workspace ?? snapshot.named?.workspaceID ?? live.last?.workspaceID
        if let key = snapshot.named, !live.contains(where: { $0.hash == key.hash }) {
            throw StepError(
                .failed, "the key \(key.name) (\(key.hash.short)) is disabled, has expired or is not activated",
                hint: "name the key that is in use")
        }
        if options.supersedes {
            choice.predecessors = soaking + live
            try refuseMissing(choice)
            return choice
        }
        let inTheWay = soaking + (options.plan.predecessor == .none ? live : Array(live.dropLast()))
        guard inTheWay.isEmpty else {
            throw StepError(
                .notYet,
                "another rotation of \(base) is under way or was lost: "
                    + (soaking + live).map {
                        "\($0.name) (\($0.hash.short)\($0.disabled ? ", disabled" : ""))"
                    }
                    .joined(separator: ", "),
                hint: "finish it with its handoff, or take all of these keys into this rotation with --supersede",
                isRetryable: false)
        }
        try refuseMissing(choice)
        return choice
    }

    /// A mistyped name, or another account's management key, would make a key that replaces nothing and has no limit.
    private func refuseMissing(_ choice: Choice) throws(StepError) {
        guard options.plan.predecessor != .none, choice.predecessors.isEmpty else { return }
        throw StepError(
            .failed, "there is no live key named \(choice.base) in this workspace",
            hint: "check the name, the workspace and whose management key this is; "
                + "for the first key of a lineage say --predecessor none")
    }

    private func base(_ snapshot: LineageSnapshot) throws(StepError) -> String {
        let name = options.plan.successor.name
        switch options.plan.predecessor {
        case .name(let predecessor): return try sameBase(KeyName(parsing: predecessor).base, as: name)
        case .none: return name ?? options.name.description
        case .hash, .environment:
            guard let key = snapshot.named else {
                throw StepError(
                    .failed, "OpenRouter has no key with the hash of the predecessor",
                    hint: "the management key may be another account's, or the key is gone; --predecessor name=… finds "
                        + "it by name")
            }
            return try sameBase(KeyName(parsing: key.name).base, as: name)
        }
    }

    /// A lineage is found by its base name, so a successor keeps its predecessor's.
    private func sameBase(_ base: String, as name: String?) throws(StepError) -> String {
        guard let name, name != base else { return base }
        throw StepError(
            .unacceptable, "the successor would have another base name than its predecessor \(base)",
            hint: "leave --name out; it is for the first key of a lineage (--predecessor none)")
    }

    /// Minting keys that may be deleted: ours by `--supersede`, or older than any run of `ork-create`.
    private func abandoned(_ lineage: Lineage, now: Date) throws(StepError) -> [Key] {
        let young = lineage.minting.filter { now.timeIntervalSince($0.createdAt) < Self.mintingLimit }
        guard young.isEmpty || options.supersedes else {
            let comeBack = young.map { $0.createdAt.addingTimeInterval(Self.mintingLimit) }.max()
            throw StepError(
                .notYet, "another ork-create is minting \(young[0].name)",
                hint: "wait for it; if it is dead, go on with its handoff, with --supersede, or come back in an hour",
                retryAt: comeBack)
        }
        return lineage.minting
    }
}

/// What `ork-create` reads before it decides: one batch, and more only where a list has several pages.
struct LineageSnapshot {
    /// All keys of the workspace, disabled and expired ones too.
    var keys: [Key] = []
    /// The key that the plan names by its hash, wherever it is.
    var named: Key?
    /// Where hashes of keys stand besides the keys themselves.
    var references: [Reference] = []
    /// Lists of references that could not be read.
    var unread: [String] = []
    /// OpenRouter's clock.
    var date: Date?

    private enum Part: Sendable {
        case keys([Key])
        case named(Key?)
        case references([Reference], next: Int?)
    }

    struct Reference: Sendable {
        let hash: KeyHash
        let place: String

        static func all(_ page: Page<GuardrailAssignment>) -> [Reference] {
            page.rows.map { Reference(hash: $0.keyHash, place: "guardrail \($0.guardrailID)") }
        }

        static func all(_ page: Page<BYOKKey>) -> [Reference] {
            page.rows.flatMap { row in
                (row.allowedKeyHashes ?? []).map {
                    Reference(hash: $0, place: "BYOK provider key \(row.name ?? row.id)")
                }
            }
        }

        static func all(_ page: Page<ObservabilityDestination>) -> [Reference] {
            page.rows.flatMap { row in
                (row.keyHashes ?? []).map {
                    Reference(hash: $0, place: "observability destination \(row.name ?? row.id)")
                }
            }
        }
    }

    private static let lists = ["guardrail assignments", "BYOK provider keys", "observability destinations"]

    /// Reads everything about the lineage. `named` is looked up by hash beside the listing.
    static func take(
        _ api: ManagementAPI, _ client: OpenRouterClient, workspace: String?, named hash: KeyHash?
    ) throws(StepError) -> LineageSnapshot {
        var snapshot = LineageSnapshot()
        var calls: [APICall<Part>] = [
            api.listKeys(workspace: workspace).map { .keys($0) },
            api.guardrailAssignments().map { .references(Reference.all($0), next: $0.nextOffset) },
            api.byokKeys(workspace: workspace).map { .references(Reference.all($0), next: $0.nextOffset) },
            api.observabilityDestinations(workspace: workspace).map {
                .references(Reference.all($0), next: $0.nextOffset)
            },
        ]
        if let hash { calls.append(api.key(hash).map { .named($0) }) }
        for (index, result) in client.send(all: calls).enumerated() {
            if case .failure(let error) = result, (1...3).contains(index) {
                guard error.code != .unauthorized else { throw StepError(error) }
                snapshot.unread.append(lists[index - 1])
                continue
            }
            let answer = try asStepError { try result.get() }
            snapshot.date = snapshot.date ?? answer.date
            switch answer.value {
            case .keys(let keys): snapshot.keys = keys
            case .named(let key): snapshot.named = key
            case .references(let references, let next):
                snapshot.references += references
                // A list this long is rare; what is not read counts as unread, and ork-create says so.
                if next != nil { snapshot.unread.append(lists[index - 1]) }
            }
        }
        let firstPage = snapshot.keys
        snapshot.keys = try asStepError { try client.allKeys(api, workspace: workspace, from: firstPage) }
        if let other = snapshot.named?.workspaceID, !snapshot.keys.contains(where: { $0.hash == hash }),
            workspace == nil
        {
            return try take(api, client, workspace: other, named: hash)
        }
        return snapshot
    }
}
