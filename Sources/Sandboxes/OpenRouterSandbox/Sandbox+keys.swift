import FoundationEssentials
import HTTP
import JSON
import Secrets

/// `/keys`: what a management key can do.
extension Sandbox {
    /// The number of keys on a page of `GET /keys`.
    package static let pageSize = 100

    mutating func answerKeys(_ call: Call) throws(APIError) -> Reply {
        switch (call.method, call.path.count) {
        case (.get, 1): return (200, try listKeys(call.query, account: call.account, at: call.now))
        case (.post, 1): return (201, try createKey(call.body, account: call.account, at: call.now))
        case (_, 2): break
        default: throw .notFound
        }
        let index = try administered(call.path[1], account: call.account)
        switch call.method {
        case .get: return (200, ["data": keys[index].json(at: call.now, behaviour)])
        case .patch: return (200, try updateKey(index, call.body, at: call.now))
        case .delete:
            keys[index].delete(at: call.now)
            return (200, ["deleted": true])
        default: throw .notFound
        }
    }

    /// The key of this hash, if it is one that this account may administer.
    private func administered(_ hash: String, account: Int) throws(APIError) -> Int {
        guard let index = index(ofHash: hash), isAdministered(hash, account: account) else { throw .notFound }
        return index
    }

    /// Whether there is a key of this hash that this account may administer.
    func isAdministered(_ hash: String, account: Int) -> Bool {
        key(hash).map { $0.account == account && $0.deletedAt == nil && !$0.isManagement } ?? false
    }

    /// Newest first. The keys of one workspace; management keys, deleted, and unless asked for, disabled and expired
    /// keys are not among them.
    func listKeys(_ query: Query, account: Int, at now: Date) throws(APIError) -> JSONValue {
        let offset = try query.count("offset", 0...Int.max) ?? 0
        let disabled = try query.flag("include_disabled")
        let expired = behaviour.omitsLastUsed ? false : try query.flag("include_expired")
        let workspace = try workspace(in: query, account: account) ?? accounts[account].workspaces[0].id
        let listed = keys.reversed().filter { key in
            key.account == account && key.workspace == workspace && !key.isManagement && key.deletedAt == nil
                && (disabled || !key.disabled) && (expired || !key.isExpired(at: now))
        }
        return ["data": .array(listed.dropFirst(offset).prefix(Self.pageSize).map { $0.json(at: now, behaviour) })]
    }

    mutating func createKey(_ bytes: [UInt8]?, account: Int, at now: Date) throws(APIError) -> JSONValue {
        let body = try Body(bytes)
        guard let name = try body.text("name") else { throw .invalid("name", "is required") }
        let expiresAt = try body.time("expires_at")
        if let expiresAt, expiresAt <= now { throw .invalid("expires_at", "must be in the future") }
        var draft = Draft(
            name: name, workspace: accounts[account].workspaces[0].id,
            creator: try body.optionalText("creator_user_id") ?? accounts[account].user,
            limit: try body.money("limit"), limitReset: try body.period("limit_reset"),
            includesBYOK: try body.flag("include_byok_in_limit") ?? false, expiresAt: expiresAt)
        if let workspace = try workspace(in: body, account: account) { draft.workspace = workspace }
        if let external = body["external"] {
            guard let user = external["user"]?.string, (1...512).contains(user.count) else {
                throw .invalid("external", "must have a user")
            }
            draft.externalUser = user
        }
        let (key, plaintext) = mint(draft, account: account, at: now)
        return ["data": key.json(at: now, behaviour), "key": .text(plaintext.revealed())]
    }

    /// Takes the fields that can be changed and ignores all others: `expires_at` is one of those.
    mutating func updateKey(_ index: Int, _ bytes: [UInt8]?, at now: Date) throws(APIError) -> JSONValue {
        let body = try Body(bytes)
        let fields = ["name", "disabled", "limit", "limit_reset", "include_byok_in_limit", "workspace_id"]
        guard fields.contains(where: body.has) else { throw .noUpdate }
        var key = keys[index]
        key.name = try body.text("name") ?? key.name
        if body.has("limit") { key.limit = try body.money("limit") }
        if body.has("limit_reset") { key.limitReset = try body.period("limit_reset") }
        key.includesBYOK = try body.flag("include_byok_in_limit") ?? key.includesBYOK
        key.workspace = try workspace(in: body, account: key.account) ?? key.workspace
        if let disabled = try body.flag("disabled") { key.set(disabled: disabled, at: now) }
        key.updatedAt = now
        keys[index] = key
        return ["data": key.json(at: now, behaviour)]
    }

    private func workspace(in body: Body, account: Int) throws(APIError) -> String? {
        guard let id = try body.text("workspace_id") else { return nil }
        guard accounts[account].workspaces.contains(where: { $0.id == id }) else {
            throw .invalid("workspace_id", "must be a workspace of this account")
        }
        return id
    }
}

/// What belongs to an account as a whole.
extension Sandbox {
    func listWorkspaces(_ call: Call) throws(APIError) -> JSONValue {
        let owner = accounts[call.account]
        let page = try call.page(owner.workspaces, refuses: false)
        return ["data": .array(page.map { $0.json(of: owner) }), "total_count": .count(owner.workspaces.count)]
    }

    /// Takes the name and the slug and leaves all other settings as they are by default.
    mutating func createWorkspace(_ bytes: [UInt8]?, account: Int, at now: Date) throws(APIError) -> JSONValue {
        let body = try Body(bytes)
        guard let name = try body.text("name"), name.count <= 100 else { throw .invalid("name", "is required") }
        let words = try body.text("slug")?.split(separator: "-", omittingEmptySubsequences: false) ?? [""]
        let isSlug = words.allSatisfy { word in
            !word.isEmpty && word.utf8.allSatisfy { $0.isASCIIDigit || $0.isASCIILowercase }
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

    /// The workspace that a list of references is confined to: the default one if the query names none.
    func listedWorkspace(_ call: Call) throws(APIError) -> String {
        let unknown = APIError.invalid("workspace_id", "must be a workspace of this account")
        let workspace = try workspace(in: call.query, account: call.account, unknown: unknown)
        return workspace ?? accounts[call.account].workspaces[0].id
    }

    /// The workspace in which something is made: the default one if the wish names none.
    func targetWorkspace(_ wish: JSONObject, _ call: Call) throws(APIError) -> String {
        let workspaces = accounts[call.account].workspaces.map(\.id)
        guard let id = wish["workspace_id"]?.string else { return workspaces[0] }
        guard workspaces.contains(id) else {
            throw .invalid("workspace_id", "must be a workspace of this account")
        }
        return id
    }
}
