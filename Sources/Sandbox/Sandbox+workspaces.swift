import FoundationEssentials
import JSON

/// What belongs to an account as a whole.
extension Sandbox {
    func listWorkspaces(_ query: Query, account: Int) throws(APIError) -> JSONValue {
        let owner = accounts[account]
        return try page(owner.workspaces.map { $0.json(of: owner) }, query, account: account)
    }

    /// Takes the name and the slug and leaves all other settings as they are by default.
    mutating func createWorkspace(_ bytes: [UInt8]?, account: Int, at now: Date) throws(APIError) -> JSONValue {
        let body = try Body(bytes)
        guard let name = try body.text("name"), name.count <= 100 else { throw .invalid("name", "is required") }
        let words = try body.text("slug")?.split(separator: "-", omittingEmptySubsequences: false) ?? [""]
        let isSlug = words.allSatisfy { word in
            !word.isEmpty && word.utf8.allSatisfy { (48...57).contains($0) || (97...122).contains($0) }
        }
        guard isSlug else { throw .invalid("slug", "must be of lower-case letters, digits and single hyphens") }
        let id = addWorkspace(name, slug: words.joined(separator: "-"), account: account, at: now)
        let created = accounts[account].workspaces.first { $0.id == id }
        return ["data": created?.json(of: accounts[account]) ?? .null]
    }

    func credits(account: Int, at now: Date) -> JSONValue {
        let used = used(account: account, to: now.addingTimeInterval(-behaviour.usageLag))
        return ["data": ["total_credits": accounts[account].credits.json, "total_usage": used.json]]
    }

    /// What all keys of an account have cost up to `end`.
    func used(account: Int, to end: Date) -> Money {
        keys.reduce(0) { $1.account == account ? $0 + $1.total(to: end).usage : $0 }
    }

    /// The workspace that a list is confined to, `nil` if the query names none. Lists differ in what they answer to an
    /// unknown one.
    func workspace(
        in query: Query, account: Int, unknown: APIError = .notFound
    ) throws(APIError) -> String? {
        guard let id = query.text("workspace_id") else { return nil }
        guard UUID(uuidString: id) != nil else { throw .invalid("workspace_id", "must be a UUID") }
        guard accounts[account].workspaces.contains(where: { $0.id == id }) else { throw unknown }
        return id
    }
}
