import FoundationEssentials
import JSON

/// What belongs to an account as a whole.
extension Sandbox {
    func listWorkspaces(_ query: Query, account: Int) throws(APIError) -> JSONValue {
        let owner = accounts[account]
        return try page(owner.workspaces.map { $0.json(of: owner) }, query, account: account)
    }

    func credits(account: Int, at now: Date) -> JSONValue {
        let used = used(account: account, to: now.addingTimeInterval(-behaviour.usageLag))
        return ["data": ["total_credits": accounts[account].credits.json, "total_usage": used.json]]
    }

    /// What all keys of an account have cost up to `end`.
    func used(account: Int, to end: Date) -> Money {
        keys.reduce(0) { $1.account == account ? $0 + $1.total(to: end).usage : $0 }
    }

    /// The workspace that a list is confined to, `nil` if the query names none.
    func workspace(in query: Query, account: Int) throws(APIError) -> String? {
        guard let id = query.text("workspace_id") else { return nil }
        guard UUID(uuidString: id) != nil else { throw .invalid("workspace_id", "must be a UUID") }
        guard accounts[account].workspaces.contains(where: { $0.id == id }) else { throw .notFound }
        return id
    }
}
