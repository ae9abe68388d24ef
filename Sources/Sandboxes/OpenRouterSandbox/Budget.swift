import FoundationEssentials
import JSON
import Timestamps

/// One layer of what a key may spend, as it is checked before each call.
struct Budget {
    /// In the order in which they are checked.
    enum Scope: String {
        case defaultMember = "workspace_default_member"
        case defaultKey = "workspace_default_key"
        case member
        case key = "api_key"
        case workspace
        case keyLimit = "key_limit"
    }

    let scope: Scope
    let limit: Money
    let spend: Money
    let period: Period?
    let includesBYOK: Bool
    /// The guardrail that sets it.
    var guardrail: String?
    /// The id of a workspace's budget.
    var id: String?

    var remaining: Money { limit - spend }

    func json(at now: Date) -> JSONValue {
        [
            "budget_id": .text(id), "guardrail_id": .text(guardrail), "include_byok": .bool(includesBYOK),
            "limit_usd": limit.json, "remaining_usd": remaining.json, "reset_interval": .text(period?.rawValue),
            "resets_at": .date(period?.end(of: now)), "scope": .string(scope.rawValue), "spend_usd": spend.json,
        ]
    }

    /// What a call is refused with when nothing remains.
    func refusal(_ behaviour: Behaviour) -> APIError {
        let amount = "$" + (limit.json.number?.text ?? "0")
        let interval = period?.rawValue ?? "lifetime"
        switch scope {
        case .keyLimit:
            return APIError(behaviour.exhaustedStatus, "Key limit exceeded (\(period?.rawValue ?? "total") limit)")
        case .workspace: return APIError(403, "Workspace \(interval) budget of \(amount) exceeded")
        default: return APIError(403, "Guardrail \(interval) budget of \(amount) exceeded")
        }
    }
}

extension Sandbox {
    /// The budgets of a key: of its workspace's default guardrail, of its owner's and its own guardrail, of its
    /// workspace, and its own limit. What happened up to `end` counts.
    func budgets(of key: Key, at now: Date, to end: Date) -> [Budget] {
        let owner = accounts[key.account]
        let workspace = owner.workspaces.first { $0.id == key.workspace }
        let colleagues = keys.filter { $0.account == key.account && $0.creator == key.creator && !$0.isManagement }
        var budgets = guardrails(of: key).compactMap { scope, row -> Budget? in
            guard let limit = row.members["limit_usd"]?.number else { return nil }
            let period = row.members["reset_interval"]?.string.flatMap(Period.init)
            let includesBYOK = row.members["include_byok_in_budgets"] == true
            let counted =
                switch scope {
                case .defaultMember: colleagues.filter { $0.workspace == key.workspace }
                case .member: colleagues
                default: [key]
                }
            return Budget(
                scope: scope, limit: Money(limit),
                spend: Self.spend(of: counted, period, includesBYOK, at: now, to: end), period: period,
                includesBYOK: includesBYOK, guardrail: row.id)
        }
        for row in workspace?.budgets ?? [] {
            let period = row.members["reset_interval"]?.string.flatMap(Period.init)
            let includesBYOK = workspace?.includesBYOK ?? false
            let all = keys.filter { $0.workspace == key.workspace }
            budgets.append(
                Budget(
                    scope: .workspace, limit: row.members["limit_usd"]?.number.map { Money($0) } ?? 0,
                    spend: Self.spend(of: all, period, includesBYOK, at: now, to: end), period: period,
                    includesBYOK: includesBYOK, id: row.id))
        }
        if let limit = key.limit {
            budgets.append(
                Budget(
                    scope: .keyLimit, limit: limit, spend: key.spent(at: now, to: end), period: key.limitReset,
                    includesBYOK: key.includesBYOK))
        }
        return budgets
    }

    /// The guardrails over a key, in the order in which they are checked: its workspace's default one, which governs its
    /// owner's keys together and each one, its owner's, and its own.
    func guardrails(of key: Key) -> [(scope: Budget.Scope, row: Record)] {
        let owner = accounts[key.account]
        let main = owner.workspaces.first { $0.id == key.workspace }?.guardrail
        let ids = [
            (Budget.Scope.defaultMember, main), (.defaultKey, main),
            (.member, owner.memberAssignments.first { $0.subject == key.creator }?.guardrail),
            (.key, owner.keyAssignments.first { $0.subject == key.hash }?.guardrail),
        ]
        return ids.compactMap { scope, id in
            owner.guardrails.first { $0.id == id }.map { (scope, $0) }
        }
    }

    private static func spend(
        of keys: [Key], _ period: Period?, _ includesBYOK: Bool, at now: Date, to end: Date
    ) -> Money {
        keys.reduce(0) { sum, key in
            let total = key.total(from: period?.start(of: now) ?? .distantPast, to: end)
            return sum + total.usage + (includesBYOK ? total.byok : 0)
        }
    }
}

extension [Budget] {
    /// The one that refuses first: the first that is spent, else the one with the least left.
    var effective: Budget? { first { $0.remaining <= 0 } ?? self.min { $0.remaining < $1.remaining } }
}
