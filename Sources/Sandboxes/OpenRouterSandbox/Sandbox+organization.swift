import FoundationEssentials
import HTTP
import JSON
import SandboxWire
import Timestamps

/// A name that an application calls its own user by, registered.
struct ExternalUser {
    let name: String
    var isActive = true
    let createdAt: Date
    var updatedAt: Date

    var json: JSONValue {
        [
            "created_at": .date(createdAt), "is_active": .bool(isActive), "updated_at": .date(updatedAt),
            "user": .string(name),
        ]
    }
}

/// `/organization` and `/external-users`.
extension Sandbox {
    mutating func answerOrganization(_ call: Call) throws(APIError) -> Reply {
        switch (call.method, call.path.dropFirst().joined(separator: "/")) {
        case (.get, "members"):
            let members = accounts[call.account].members
            let page = try call.page(members, refuses: false)
            return (200, ["data": .array(page.map(\.json)), "total_count": .count(members.count)])
        case (.get, "settings"): break
        case (.patch, "settings"):
            let wish = try call.object(.closed([("is_filtered_model_catalog_enabled", .required(.flag))]))
            accounts[call.account].filtersCatalog = wish["is_filtered_model_catalog_enabled"] == true
        default: throw .notFound
        }
        let owner = accounts[call.account]
        let settings: JSONValue = [
            "id": .string(owner.organization), "is_filtered_model_catalog_enabled": .bool(owner.filtersCatalog),
        ]
        return (200, ["data": settings])
    }

    mutating func answerExternalUsers(_ call: Call) throws(APIError) -> Reply {
        switch (call.method, call.path.count) {
        case (.get, 1): return (200, try listExternalUsers(call))
        case (.post, 1): return (201, try createExternalUser(call))
        case (_, 2): break
        default: throw .notFound
        }
        guard let index = accounts[call.account].externalUsers.firstIndex(where: { $0.name == call.path[1] }) else {
            throw .notFound
        }
        var user = accounts[call.account].externalUsers[index]
        switch call.method {
        case .get: return (200, ["data": user.json])
        case .patch:
            user.isActive = try call.object(.closed([("is_active", .required(.flag))]))["is_active"] == true
        case .delete: user.isActive = false
        default: throw .notFound
        }
        user.updatedAt = call.now
        accounts[call.account].externalUsers[index] = user
        // A bare nil would be the JSON null.
        return call.method == .delete ? (204, JSONValue?.none) : (200, ["data": user.json])
    }

    private func listExternalUsers(_ call: Call) throws(APIError) -> JSONValue {
        let name = call.query.text("user")
        if let name { _ = try Shape.externalUser.read(.string(name), as: "user") }
        let rows = accounts[call.account].externalUsers.filter { user in
            (name ?? user.name) == user.name && (user.isActive || call.query.text("include_inactive") == "true")
        }
        return ["data": .array(try call.page(rows).map(\.json)), "total_count": .count(rows.count)]
    }

    private mutating func createExternalUser(_ call: Call) throws(APIError) -> JSONValue {
        let name = try call.object(.closed([("user", .required(.externalUser))]))["user"]?.string ?? ""
        guard !accounts[call.account].externalUsers.contains(where: { $0.name == name }) else {
            throw APIError(409, "This user is registered")
        }
        let user = ExternalUser(name: name, createdAt: call.now, updatedAt: call.now)
        accounts[call.account].externalUsers.append(user)
        return ["data": user.json]
    }

    /// Adds a member to an account's organization and returns the member's id.
    @discardableResult
    package mutating func addMember(isAdmin: Bool = false, account: Int = 0) -> String {
        let member = Member(id: "user_" + random.hex(24), isAdmin: isAdmin)
        accounts[account].members.append(member)
        return member.id
    }
}

extension Shape {
    /// 1 to 512 characters without NUL and without white space around them.
    fileprivate static let externalUser = rule("must be 1 to 512 characters without white space around them") { text in
        (1...512).contains(text.unicodeScalars.count) && !text.contains("\0") && text.first?.isWhitespace == false
            && text.last?.isWhitespace == false
    }
}
