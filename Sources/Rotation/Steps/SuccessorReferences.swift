import FoundationEssentials
import JSON
import OpenRouter
import Rotation
import Secrets
import Wording

/// What the successor gets of the places that name its predecessors, decided before anything is minted.
struct SuccessorReferences: Sendable {
    /// The lists to which it is added before it may spend.
    let carried: [KeyList]
    /// What nobody carries over, and why that is known; `nil` where nothing is left to people.
    let ignored: String?
    /// What changes and what stays, as it has and will have it.
    let rows: [Row]

    /// One setting of a key, or one list that names it.
    struct Row: Sendable {
        let what: String
        let detail: JSONObject
        let has: String
        let willHave: String

        /// `BYOK provider key openai: 3 keys → 4 keys`
        var line: String { "\(what): \(has) → \(willHave)" }

        var json: JSONValue {
            var json = detail
            json["has"] = .string(has)
            json["will_have"] = .string(willHave)
            return .object(json)
        }
    }

    /// None at all: the first key of a lineage.
    static let none = SuccessorReferences(carried: [], ignored: nil, rows: [])

    private init(carried: [KeyList], ignored: String?, rows: [Row]) {
        self.carried = carried
        self.ignored = ignored
        self.rows = rows
    }

    /// Throws what has to be put right first, or decided by people.
    init(
        _ references: KeyReferences, to predecessors: [Key], minted successor: KeyHash?,
        _ way: CreateStep.ReferenceWay
    ) throws(StepError) {
        guard let model = predecessors.last else {
            self = SuccessorReferences.none
            return
        }
        let hashes = predecessors.map(\.hash)
        let named = references.lists.filter { hashes.contains(where: $0.names) }
        let unread = references.unread
        try way.requireReadable(unread)
        try way.refuse(named.filter { way[$0.kind] == .refuse }, unread.filter { way[$0.kind] != .ignore })

        let workspace = references.workspaces.first { $0.id == model.workspaceID }
        let isDefault: (KeyList) -> Bool = { $0.kind == .guardrail && $0.id == workspace?.defaultGuardrailID }
        let lists = named.filter { way[$0.kind] == .carry && !isDefault($0) }
        try way.requireOneGuardrail(lists, of: predecessors)
        for list in lists where list.kind == .guardrail {
            try way.requireWorkspace(list.workspaceID, of: list, for: model)
        }
        try way.requireRoom(lists.filter { list in !(successor.map(list.names) ?? false) })
        carried = lists
        ignored = way.reason(named.filter { way[$0.kind] == .ignore }, unread.filter { way[$0.kind] == .ignore })
        var rows: [Row] = []
        if let owner = model.creatorUserID {
            rows.append(Row(what: "owner", detail: ["kind": "owner"], has: owner, willHave: owner))
        }
        if let user = model.externalUser {
            rows.append(
                Row(what: "external user", detail: ["kind": "external_user"], has: user, willHave: user))
        }
        if let workspace, let id = workspace.defaultGuardrailID {
            let governed = "governed by it, as every key of \(workspace.name)"
            rows.append(
                Row(
                    what: "default guardrail", detail: ["kind": "default_guardrail", "id": .string(id)], has: governed,
                    willHave: governed))
        }
        rows += named.filter { !isDefault($0) }.map { list in
            let count = list.hashes?.count ?? 0
            let isCarried = way[list.kind] == .carry
            return Row(
                what: list.title,
                detail: ["kind": .string(list.kind.rawValue), "id": .string(list.id), "name": .string(list.name)],
                has: "\(Counted(count, "key"))",
                willHave: isCarried
                    ? "\(Counted(count + 1, "key")), the successor among them" : "the same, and not the successor")
        }
        self.rows = rows
    }
}

extension CreateStep {
    /// What is to become of references, and how people say otherwise.
    struct ReferenceWay {
        private let ways: Plan.References
        private let ignoresAll: Bool
        private let command: CreateCommand
        /// A rotation keeps the plan that it was begun with: then only `--ignore-references` is left.
        private let isBegun: Bool

        init(_ ways: Plan.References, ignoresAll: Bool, _ command: CreateCommand, isBegun: Bool) {
            self.ways = ways
            self.ignoresAll = ignoresAll
            self.command = command
            self.isBegun = isBegun
        }

        subscript(kind: KeyList.Kind) -> Plan.Reference { ignoresAll ? .ignore : ways[kind] }

        /// How to go on without any reference.
        var ignoringAll: String { "`\(command.with("ignore-references"))`" }

        /// How to go on without those of a kind.
        func ignoring(_ kind: KeyList.Kind) -> String {
            if isBegun { return ignoringAll }
            guard let file = command.file else { return "`\(command.with("\(kind.rawValue)-references", "ignore"))`" }
            return "write references: {\(kind.rawValue): ignore} under successor into \(file), then `\(command)`"
        }

        func requireReadable(_ unread: [KeyReferences.Unread]) throws(StepError) {
            guard let failed = unread.first(where: { !$0.isForGood && self[$0.kind] != .ignore }) else { return }
            throw StepError(
                StepError(failed.error).code,
                "OpenRouter's \(failed.kind.listing) cannot be read now: \(failed.error.message)",
                hint: "try again; \(ignoringAll) does without a list that stays unread")
        }

        func refuse(_ named: [KeyList], _ unread: [KeyReferences.Unread]) throws(StepError) {
            guard let reason = reason(named, unread) else { return }
            throw StepError(
                .failed, reason,
                hint: "the successor would not be named there and might do more, or less, than the predecessor; "
                    + "\(ignoringAll) goes on, and then it has to be added there by hand")
        }

        /// What speaks against going on.
        func reason(_ named: [KeyList], _ unread: [KeyReferences.Unread]) -> String? {
            var reasons: [String] = []
            if !named.isEmpty {
                reasons.append("the predecessor is named by \(named.map(\.title).sorted().joined(separator: ", "))")
            }
            if !unread.isEmpty {
                let kinds = KeyList.Kind.allCases.filter { kind in unread.contains { $0.kind == kind } }
                reasons.append("OpenRouter does not show its \(kinds.map(\.listing).joined(separator: ", "))")
            }
            return reasons.isEmpty ? nil : reasons.joined(separator: "; ")
        }

        /// A key has one guardrail at the most: those of several predecessors must be one.
        func requireOneGuardrail(_ lists: [KeyList], of predecessors: [Key]) throws(StepError) {
            let guardrails = lists.filter { $0.kind == .guardrail }
            guard let guardrail = guardrails.first else { return }
            let without = predecessors.first { !guardrail.names($0.hash) }
            guard guardrails.count > 1 || without != nil else { return }
            let others =
                guardrails.count > 1 ? guardrails.map(\.name).joined(separator: ", ") : "\(guardrail.name) and none"
            throw StepError(
                .failed, "the predecessors do not have the same guardrail: \(others)",
                hint: "give all of them the one that the successor shall have, at openrouter.ai, then `\(command)`; "
                    + "without one: \(ignoring(.guardrail))", isRetryable: false)
        }

        /// A guardrail that is of a workspace takes keys of that one only; the others are `nil`.
        func requireWorkspace(_ workspace: String?, of list: KeyList, for key: Key) throws(StepError) {
            guard let workspace, let own = key.workspaceID, workspace != own else { return }
            throw StepError(
                .failed, "\(list.title) is of another workspace than \(key.name), and takes no other key of that one",
                hint: "give \(key.name) a guardrail of its own workspace at openrouter.ai, then `\(command)`; "
                    + "without one: \(ignoring(.guardrail))", isRetryable: false)
        }

        func requireRoom(_ lists: [KeyList]) throws(StepError) {
            let full = lists.first { list in list.kind.capacity.map { list.hashes?.count ?? 0 >= $0 } ?? false }
            guard let full, let capacity = full.kind.capacity else { return }
            throw StepError(
                .failed, "\(full.title) has no room for the successor: it takes \(capacity) keys at the most",
                hint: "take a key out that does not need it, at openrouter.ai, then `\(command)`; to do without it: "
                    + ignoring(full.kind), isRetryable: false)
        }

        /// Whether a list takes a disabled key is not documented; one that does not is whole again when all are enabled.
        func disabled(_ keys: [Key], in list: KeyList) -> StepError {
            let names = keys.map { "\($0.plainName) (\($0.hash.short))" }.joined(separator: ", ")
            let (is_, it) = keys.count == 1 ? ("is", "it") : ("are", "them")
            return StepError(
                .failed,
                "\(list.title) names \(names), which \(is_) disabled, and OpenRouter does not take the successor into it",
                hint:
                    "enable \(it), or take \(it) out of the list, at openrouter.ai, then `\(command)`; to do without the list: "
                    + ignoring(list.kind), isRetryable: false)
        }

        /// One deleted key keeps a list from taking any other.
        func dead(_ hashes: [KeyHash], in list: KeyList) -> StepError {
            let (is_, that) = hashes.count == 1 ? ("is no key", "that is") : ("are no keys", "these are")
            return StepError(
                .failed,
                "\(list.title) names \(hashes.map(\.short).joined(separator: ", ")), which \(is_) any more; OpenRouter adds "
                    + "no other key to it until \(that) taken out",
                hint: "to have that done: `\(command.with("drop-dead-references"))`; to do without the list: "
                    + ignoring(list.kind), isRetryable: false)
        }
    }
}
