import FoundationEssentials
import HTTP
import JSON
import SandboxWire
import Timestamps

/// `/workspaces`, without their budgets.
extension Sandbox {
    mutating func answerWorkspaces(_ call: Call) throws(APIError) -> Reply {
        switch (call.method, call.path.count) {
        case (.get, 1): return (200, try listWorkspaces(call))
        case (.post, 1): return (201, try createWorkspace(call))
        case (_, 2...): break
        default: throw .notFound
        }
        let index = try workspace(call.path[1], account: call.account)
        let workspace = accounts[call.account].workspaces[index]
        switch (call.method, call.path.dropFirst(2).joined(separator: "/")) {
        case (.get, ""): return (200, ["data": workspace.json])
        case (.patch, ""): return (200, try updateWorkspace(index, call))
        case (.delete, ""): return (200, try deleteWorkspace(index, call))
        case (.get, "members"): return (200, try listMembers(of: workspace, call))
        case (.post, "members/add"): return (200, try addMembers(index, call))
        case (.post, "members/remove"): return (200, try removeMembers(index, call))
        default: return try answerBudgets(index, call)
        }
    }

    /// The workspace of this id or slug.
    private func workspace(_ reference: String, account: Int) throws(APIError) -> Int {
        let found = accounts[account].workspaces.firstIndex { $0.id == reference.lowercased() || $0.slug == reference }
        guard let found else { throw .notFound }
        return found
    }

    private func listWorkspaces(_ call: Call) throws(APIError) -> JSONValue {
        let all = accounts[call.account].workspaces
        return ["data": .array(try call.page(all, refuses: false).map(\.json)), "total_count": .count(all.count)]
    }

    private mutating func createWorkspace(_ call: Call) throws(APIError) -> JSONValue {
        let wish = try call.object(Workspace.shape)
        try refuseTaken(wish["slug"], but: nil, account: call.account)
        let workspace = Workspace(
            id: random.uuid(), guardrail: random.uuid(), creator: accounts[call.account].user, settings: wish,
            at: call.now)
        accounts[call.account].workspaces.append(workspace)
        return ["data": workspace.json]
    }

    private mutating func updateWorkspace(_ index: Int, _ call: Call) throws(APIError) -> JSONValue {
        let wish = try call.object(Workspace.shape.change)
        var workspace = accounts[call.account].workspaces[index]
        try refuseTaken(wish["slug"], but: workspace.id, account: call.account)
        workspace.settings.append(wish)
        workspace.settings["updated_at"] = .date(call.now)
        accounts[call.account].workspaces[index] = workspace
        return ["data": workspace.json]
    }

    private func refuseTaken(_ slug: JSONValue?, but own: String?, account: Int) throws(APIError) {
        let isTaken = accounts[account].workspaces.contains { $0.id != own && $0.slug == slug?.string }
        guard !isTaken else { throw .invalid("slug", "is taken") }
    }

    /// Deletes a workspace without keys, with its guardrails and budgets. The default one goes with its keys, which are
    /// disabled for good, if that is confirmed.
    private mutating func deleteWorkspace(_ index: Int, _ call: Call) throws(APIError) -> JSONValue {
        let id = accounts[call.account].workspaces[index].id
        let there = keys.indices.filter { place in
            keys[place].workspace == id && keys[place].deletedAt == nil && !keys[place].isManagement
        }
        if accounts[call.account].defaultWorkspace == id {
            guard call.query.text("confirm_default_workspace_deletion") == "true" else {
                throw APIError(400, "Deleting the default workspace must be confirmed")
            }
            for place in there { keys[place].set(disabled: true, at: call.now) }
            accounts[call.account].defaultWorkspace = nil
        } else if !there.isEmpty {
            throw APIError(400, "Workspaces with active API keys cannot be deleted")
        }
        accounts[call.account].workspaces.remove(at: index)
        for guardrail in accounts[call.account].guardrails where guardrail.workspace == id {
            removeGuardrail(guardrail.id, account: call.account)
        }
        for place in accounts[call.account].destinations.indices
        where accounts[call.account].destinations[place].workspace == id {
            accounts[call.account].destinations[place].members["enabled"] = false
        }
        return ["deleted": true]
    }

    private func listMembers(of workspace: Workspace, _ call: Call) throws(APIError) -> JSONValue {
        var rows = workspace.memberships
        if accounts[call.account].defaultWorkspace == workspace.id {
            let created = workspace.settings["created_at"]?.string.flatMap { Date(rfc3339: $0) } ?? call.now
            // Nobody was added to it, so there is nothing but the guardrail's id to make an id from.
            rows = accounts[call.account].members.enumerated().map { number, member in
                let id = workspace.guardrail.dropLast(4) + String(number + 0x1000, radix: 16).suffix(4)
                return Workspace.Membership(id: String(id), member: member, createdAt: created)
            }
        }
        let page = try call.page(rows, refuses: false)
        return ["data": .array(page.map { $0.json(in: workspace.id) }), "total_count": .count(rows.count)]
    }

    private mutating func addMembers(_ index: Int, _ call: Call) throws(APIError) -> JSONValue {
        let ids = try Self.users(call)
        var added: [Workspace.Membership] = []
        for member in accounts[call.account].members where ids.contains(member.id) {
            accounts[call.account].workspaces[index].memberships.removeAll { $0.member.id == member.id }
            added.append(Workspace.Membership(id: random.uuid(), member: member, createdAt: call.now))
        }
        accounts[call.account].workspaces[index].memberships += added
        let id = accounts[call.account].workspaces[index].id
        return ["added_count": .count(added.count), "data": .array(added.map { $0.json(in: id) })]
    }

    private mutating func removeMembers(_ index: Int, _ call: Call) throws(APIError) -> JSONValue {
        let ids = try Self.users(call)
        let workspace = accounts[call.account].workspaces[index]
        let isBusy = keys.contains { key in
            key.workspace == workspace.id && key.deletedAt == nil && ids.contains(key.creator ?? "")
        }
        guard !isBusy else { throw APIError(400, "Members with active API keys cannot be removed") }
        let kept = workspace.memberships.filter { !ids.contains($0.member.id) }
        accounts[call.account].workspaces[index].memberships = kept
        return ["removed_count": .count(workspace.memberships.count - kept.count)]
    }

    private static func users(_ call: Call) throws(APIError) -> [String] {
        let wish = try call.object(.object([("user_ids", .required(.list(.anyText, 1...100)))]))
        return wish["user_ids"]?.strings ?? []
    }
}

/// Which workspace is meant.
extension Sandbox {
    /// The default workspace, which may have been deleted.
    func home(_ account: Int) throws(APIError) -> String {
        guard let id = accounts[account].defaultWorkspace else {
            throw .invalid("workspace_id", "must be given, as the default workspace was deleted")
        }
        return id
    }

    /// The workspace that a list is confined to: the default one if the query names none.
    func listedWorkspace(
        _ call: Call, unknown: APIError = .invalid("workspace_id", "must be a workspace of this account")
    ) throws(APIError) -> String {
        guard let workspace = try workspace(in: call, unknown: unknown) else { return try home(call.account) }
        return workspace
    }

    /// The workspace in which something is made: the default one if the wish names none.
    func targetWorkspace(_ wish: JSONObject, _ call: Call) throws(APIError) -> String {
        guard let id = wish["workspace_id"]?.string else { return try home(call.account) }
        guard let found = workspace(of: id, account: call.account) else {
            throw .invalid("workspace_id", "must be a workspace of this account")
        }
        return found
    }

    /// The workspace in the query, `nil` if it names none. Lists differ in what they answer to an unknown one.
    func workspace(in call: Call, unknown: APIError = .notFound) throws(APIError) -> String? {
        guard let id = call.query.text("workspace_id") else { return nil }
        guard UUID(uuidString: id) != nil else { throw .invalid("workspace_id", "must be a UUID") }
        guard let found = workspace(of: id, account: call.account) else { throw unknown }
        return found
    }

    private func workspace(of id: String, account: Int) -> String? {
        accounts[account].workspaces.first { $0.id == id.lowercased() }?.id
    }
}
