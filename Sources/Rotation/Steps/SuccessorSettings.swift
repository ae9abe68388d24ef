import FoundationEssentials
import JSON
import OpenRouter
import Rotation
import Secrets
import Timestamps

/// The settings of the successor: those of the plan, the predecessor's where the plan says `inherit`.
struct SuccessorSettings {
    let limit: JSONNumber?
    /// The limit that it gets later, if it begins with what the predecessor has left.
    let allowance: Allowance?
    let limitReset: String?
    let includesBYOK: Bool
    let expiresAt: Date?
    let creator: String?
    let externalUser: String?

    init(_ plan: Plan.Successor, like predecessor: Key?, now: Date) {
        switch plan.limitReset {
        case .inherit: limitReset = predecessor?.limitReset
        case .set(let reset): limitReset = reset?.rawValue
        }
        switch plan.limit {
        case .inherit: limit = predecessor?.limit
        case .remaining: limit = predecessor?.limitRemaining
        case .set(let money): limit = money?.number
        }
        allowance = Self.allowance(plan, limit, of: predecessor?.limit, limitReset, now: now)
        switch plan.includeBYOKInLimit {
        case .inherit: includesBYOK = predecessor?.includeBYOKInLimit ?? false
        case .set(let value): includesBYOK = value
        }
        switch plan.expiresIn {
        // The lifetime is inherited, never the date: a successor that ends with its predecessor is an outage.
        case .inherit:
            expiresAt = predecessor.flatMap { key in
                key.expiresAt.map { now.addingTimeInterval(max(0, $0.timeIntervalSince(key.createdAt))) }
            }
        case .set(let lifetime):
            expiresAt = lifetime.map { now.addingTimeInterval(Double($0.seconds)) }
        }
        creator = predecessor?.creatorUserID
        externalUser = predecessor?.externalUser
    }

    /// What is left of a limit that starts over is its key's until then.
    static func allowance(
        _ plan: Plan.Successor, _ limit: JSONNumber?, of fullLimit: JSONNumber?, _ reset: String?, now: Date
    ) -> Allowance? {
        guard plan.limit == .remaining, let limit, let fullLimit, let left = limit.decimal,
            let full = fullLimit.decimal, left < full,
            let reset = reset.flatMap(Plan.LimitReset.init)
        else { return nil }
        return Allowance(limit: limit, fullLimit: fullLimit, until: reset.turn(after: now))
    }

    /// The key as it is minted: with its mark, and without the means to spend.
    func new(_ name: KeyName, workspace: String?) -> NewKey {
        NewKey(
            name: name.description, limit: JSONNumber(0), limitReset: limitReset,
            includeBYOKInLimit: includesBYOK, expiresAt: expiresAt, workspaceID: workspace,
            creatorUserID: creator, externalUser: externalUser)
    }

    /// What makes the minted key the successor, in one call.
    func activation(_ name: KeyName) -> KeyChange {
        var change = KeyChange()
        change.name = name.description
        change.limit = .to(limit)
        return change
    }

    /// The first setting that a minted key does not have as asked for.
    func deviation(ofMinted key: Key, name: KeyName) -> String? {
        if key.name != name.description { return "name" }
        if key.disabled { return "state" }
        guard let limit = key.limit, limit.double == 0 else { return "limit" }
        return commonDeviation(key)
    }

    /// The first setting that an activated key does not have as asked for.
    func deviation(ofActive key: Key, name: KeyName) -> String? {
        if key.name != name.description { return "name" }
        if key.limit?.double != limit?.double { return "limit" }
        return nil
    }

    private func commonDeviation(_ key: Key) -> String? {
        if key.limitReset != limitReset { return "limit_reset" }
        if key.includeBYOKInLimit != includesBYOK { return "include_byok_in_limit" }
        if let creator, key.creatorUserID != creator { return "creator_user_id" }
        if let externalUser, key.externalUser != externalUser { return "external user" }
        switch (key.expiresAt, expiresAt) {
        case (nil, nil): return nil
        case (let actual?, let wanted?) where abs(actual.timeIntervalSince(wanted)) < 60: return nil
        default: return "expires_at"
        }
    }
}
