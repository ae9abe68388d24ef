package import FoundationEssentials
import JSON
package import OpenRouter
package import Rotation
package import Secrets
import Timestamps

/// What OpenRouter shows of a rotation's keys at this moment. Only reads: two batches, and more only where a list has pages.
package struct AccountStatus {
    /// The keys of the rotation, predecessors first; `nil` for one that OpenRouter does not have.
    package let keys: [(reference: KeyReference, key: Key?)]
    /// Live keys of the same lineage that this rotation does not know, the oldest first.
    package let others: [Key]
    /// Who used each predecessor that can still be used; `nil` where OpenRouter does not tell.
    package let uses: [KeyHash: [KeyUse]?]
    /// Since when uses were asked for.
    package let since: Date
    /// OpenRouter's clock.
    package let date: Date

    /// How far back uses are asked for, in seconds.
    private static let window: TimeInterval = 7 * 86400
    /// Of how many predecessors uses are asked: analytics takes 64 questions a minute, and others ask, too.
    private static let usesLimit = 8

    /// Asks the account of the rotation's keys.
    package static func ask(
        _ account: ManagedAccount, of state: State, at now: Date
    ) throws(StepError) -> AccountStatus {
        var references = state.header.predecessors
        if let created = state.created { references.append(KeyReference(hash: created.hash, name: created.name)) }
        let page = try account.keys(in: state.header.workspace)
        let date = page.date ?? now
        let known = Dictionary(page.value.map { ($0.hash, $0) }) { first, _ in first }
        let keys = references.map { (reference: $0, key: known[$0.hash]) }
        let lineage = Lineage(base: state.header.base, among: page.value)
        let usable = state.header.predecessors.map(\.hash).filter { known[$0].map { !$0.disabled } ?? false }
        let asked = usable.prefix(usesLimit)
        let since = date.addingTimeInterval(-window)
        let answers = account.client.send(all: asked.map { account.api.uses($0, from: since, to: date) })
        var uses: [KeyHash: [KeyUse]?] = [:]
        // Analytics is no part of every plan; the rest tells enough.
        for (hash, answer) in zip(asked, answers) { uses[hash] = .some((try? answer.get())?.value) }
        return AccountStatus(
            keys: keys, others: lineage.live(at: date).filter { !state.knownKeys.contains($0.hash) }, uses: uses,
            since: since, date: date)
    }
}

extension AccountStatus {
    /// What a key is now, in words for people.
    package func standing(of key: Key?) -> String {
        guard let key else { return "not there any more" }
        let state = key.disabled ? "disabled" : key.isExpired(at: date) ? "expired" : "enabled"
        return switch key.lastUsedAt {
        case .at(let used): "\(state), last used at \(used.rfc3339)"
        case .never: "\(state), no use recorded"
        case .unreported: "\(state), its last use is not reported"
        }
    }
}
