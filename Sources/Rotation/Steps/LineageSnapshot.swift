import FoundationEssentials
import OpenRouter
import Rotation
import Secrets

/// What `ork-create` reads before it decides: one batch, and more only where a list has several pages.
struct LineageSnapshot {
    /// All keys of the workspace, disabled and expired ones too.
    var keys: [Key] = []
    /// The key that the plan names by its hash, wherever it is.
    var named: Key?
    /// Where hashes of keys stand besides the keys themselves.
    var references: [Reference] = []
    /// Lists of references that could not be read.
    var unread: [Unread] = []
    /// OpenRouter's clock.
    var date: Date?

    private enum Part: Sendable {
        case keys([Key])
        case named(Key?)
        case references([Reference], next: Int?)
    }

    struct Unread: Sendable {
        /// What the list has, for people.
        let list: String
        /// Why it was not read; `nil` where it is longer than one page.
        let error: OpenRouterError?

        /// Whether OpenRouter does not show it to this account at all. Any other failure may be over in a minute.
        var isForGood: Bool { error.map { [.forbidden, .notFound].contains($0.code) } ?? true }
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
        of account: ManagedAccount, workspace: String?, named hash: KeyHash?
    ) throws(StepError) -> LineageSnapshot {
        let api = account.api
        var snapshot = LineageSnapshot()
        var calls: [APICall<Part>] = [
            api.listKeys(workspace: workspace).map { .keys($0) },
            api.guardrailAssignments().map { .references(Reference.all($0), next: $0.furtherOffsets.first) },
            api.byokKeys(workspace: workspace).map { .references(Reference.all($0), next: $0.furtherOffsets.first) },
            api.observabilityDestinations(workspace: workspace).map {
                .references(Reference.all($0), next: $0.furtherOffsets.first)
            },
        ]
        if let hash { calls.append(api.key(hash).map { .named($0) }) }
        for (index, result) in account.client.send(all: calls).enumerated() {
            if case .failure(let error) = result, (1...3).contains(index) {
                guard error.code != .unauthorized else { throw StepError(error) }
                snapshot.unread.append(Unread(list: lists[index - 1], error: error))
                continue
            }
            if case .failure(let error) = result, index == 0, error.code == .notFound, let workspace {
                throw StepError(
                    .failed, "OpenRouter has no workspace \(workspace) for this management key",
                    hint: "check the workspace, whose management key this is, and the address of the API")
            }
            let answer = try result.answer()
            snapshot.date = snapshot.date ?? answer.date
            switch answer.value {
            case .keys(let keys): snapshot.keys = keys
            case .named(let key): snapshot.named = key
            case .references(let references, let next):
                snapshot.references += references
                // A list this long is rare; what is not read counts as unread, and ork-create says so.
                if next != nil { snapshot.unread.append(Unread(list: lists[index - 1], error: nil)) }
            }
        }
        snapshot.keys = try account.keys(in: workspace, from: snapshot.keys)
        if let other = snapshot.named?.workspaceID, !snapshot.keys.contains(where: { $0.hash == hash }),
            workspace == nil
        {
            return try take(of: account, workspace: other, named: hash)
        }
        return snapshot
    }
}
