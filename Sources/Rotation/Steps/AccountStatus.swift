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
    /// Who used each predecessor that is still there; `nil` where OpenRouter does not tell.
    package let uses: [KeyHash: [KeyUse]?]
    /// In which hours of the last 30 days they were used.
    package let habits: [KeyHash: KeyHabit]
    /// Since when uses were asked for.
    package let since: Date
    /// OpenRouter's clock.
    package let date: Date

    /// How far back uses are asked for, in seconds.
    private static let window: TimeInterval = 7 * 86400
    /// Of how many predecessors it is asked, twice each: analytics takes 64 questions a minute, and others ask, too.
    private static let usesLimit = 8

    /// Asks the account of the rotation's keys, and who used the predecessors since then, for a week unless told.
    package static func ask(
        _ account: ManagedAccount, of state: State, since moment: Date? = nil, at now: Date
    ) throws(StepError) -> AccountStatus {
        var references = state.header.predecessors
        if let created = state.created { references.append(KeyReference(hash: created.hash, name: created.name)) }
        let page = try account.keys(in: state.header.workspace)
        let date = page.date ?? now
        let known = Dictionary(page.value.map { ($0.hash, $0) }) { first, _ in first }
        let keys = references.map { (reference: $0, key: known[$0.hash]) }
        let lineage = Lineage(base: state.header.base, among: page.value)
        let asked = state.header.predecessors.map(\.hash).filter { known[$0] != nil }.prefix(usesLimit)
        let since = moment ?? date.addingTimeInterval(-window)
        let calls = asked.flatMap { hash in
            [
                account.api.uses(hash, from: since, to: date).map(Answer.uses),
                // OpenRouter's clock shows whole seconds: what was used in this one counts.
                account.api.habit(of: hash, at: date.addingTimeInterval(1)).map(Answer.habit),
            ]
        }
        let answers = account.client.send(all: calls)
        var uses: [KeyHash: [KeyUse]?] = [:]
        var habits: [KeyHash: KeyHabit] = [:]
        for (index, hash) in asked.enumerated() {
            // Analytics is no part of every plan; the rest tells enough.
            uses[hash] = .some(nil)
            for case .success(let answer) in answers[2 * index...2 * index + 1] {
                switch answer.value {
                case .uses(let found): uses[hash] = .some(found)
                case .habit(let habit): habits[hash] = habit
                }
            }
        }
        return AccountStatus(
            keys: keys, others: lineage.live(at: date).filter { !state.knownKeys.contains($0.hash) }, uses: uses,
            habits: habits, since: since, date: date)
    }

    private enum Answer: Sendable {
        case uses([KeyUse]?)
        case habit(KeyHabit?)
    }
}

extension AccountStatus {
    /// What a key is now, in words for people.
    package func standing(of key: Key?) -> String {
        guard let key else { return "not there any more" }
        let standing = key.disabled ? "disabled" : key.isExpired(at: date) ? "expired" : "enabled"
        let end = key.expiresAt.flatMap { $0 > date ? " until \($0.rfc3339)" : nil } ?? ""
        let state = standing + (key.disabled ? "" : end)
        return switch key.lastUsedAt {
        case .at(let used): "\(state), last used at \(used.rfc3339)"
        case .never: "\(state), no use recorded"
        case .unreported: "\(state), its last use is not reported"
        }
    }
}
