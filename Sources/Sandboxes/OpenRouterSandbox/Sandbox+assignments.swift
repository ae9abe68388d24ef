import FoundationEssentials
import HTTP
import JSON
import SandboxWire
import Timestamps

/// The tie between a guardrail and a key, or a member of the organization. Each of those has one at most.
package struct Assignment: Sendable {
    let id: String
    /// The guardrail's id.
    package let guardrail: String
    /// The key's hash, or the member's id.
    package let subject: String
    let createdAt: Date
}

/// `/guardrails/assignments` for the whole account, and `/guardrails/{id}/assignments`.
extension Sandbox {
    mutating func answerAssignments(_ call: Call) throws(APIError) -> Reply {
        let isWhole = call.path.count == 3 && call.path[1] == "assignments"
        guard isWhole || (4...5).contains(call.path.count) && call.path[2] == "assignments" else { throw .notFound }
        let guardrail = isWhole ? nil : try assignable(call)
        let end = call.path.dropFirst(isWhole ? 2 : 3).joined(separator: "/")
        switch (call.method, end, guardrail) {
        case (.get, "keys", _): return (200, try listKeyAssignments(call, of: guardrail?.id))
        case (.get, "members", _): return (200, try listMemberAssignments(call, of: guardrail?.id))
        case (.post, "keys", let guardrail?): return (200, try assignKeys(call, to: guardrail))
        case (.post, "members", let guardrail?): return (200, try assignMembers(call, to: guardrail))
        case (.post, "keys/remove", let guardrail?): return (200, try unassignKeys(call, from: guardrail))
        case (.post, "members/remove", let guardrail?): return (200, try unassignMembers(call, from: guardrail))
        default: throw .notFound
        }
    }

    private func assignable(_ call: Call) throws(APIError) -> Record {
        let rows = accounts[call.account].guardrails
        guard let row = rows.first(where: { $0.id == call.path[1].lowercased() }) else {
            // A default guardrail that nobody has written yet is in force, and cannot be assigned either.
            let isDefault = accounts[call.account].workspaces.contains { $0.guardrail == call.path[1].lowercased() }
            throw isDefault && call.method == .post ? Self.defaultGuardrail : .notFound
        }
        return row
    }

    private static let defaultGuardrail = APIError(400, "Default guardrails cannot be assigned")

    /// Rows of deleted keys are left out of the page that they stand on: it is shorter, and the total counts them.
    private func listKeyAssignments(_ call: Call, of guardrail: String?) throws(APIError) -> JSONValue {
        let rows = accounts[call.account].keyAssignments.filter { guardrail == nil || $0.guardrail == guardrail }
        let user = accounts[call.account].user
        let shown: [JSONValue] = try call.page(rows, refuses: guardrail == nil).compactMap { row in
            guard let key = key(row.subject), key.deletedAt == nil else { return nil }
            return [
                "assigned_by": .string(user), "created_at": .date(row.createdAt),
                "guardrail_id": .string(row.guardrail),
                "id": .string(row.id), "key_hash": .string(row.subject), "key_label": .string(key.label),
                "key_name": .string(key.name),
            ]
        }
        return ["data": .array(shown), "total_count": .count(rows.count)]
    }

    private func listMemberAssignments(_ call: Call, of guardrail: String?) throws(APIError) -> JSONValue {
        let rows = accounts[call.account].memberAssignments.filter { guardrail == nil || $0.guardrail == guardrail }
        let owner = accounts[call.account]
        let shown: [JSONValue] = try call.page(rows, refuses: guardrail == nil).map { row in
            [
                "assigned_by": .string(owner.user), "created_at": .date(row.createdAt),
                "guardrail_id": .string(row.guardrail), "id": .string(row.id),
                "organization_id": .string(owner.organization), "user_id": .string(row.subject),
            ]
        }
        return ["data": .array(shown), "total_count": .count(rows.count)]
    }

    /// Assigns the keys that there are and is silent about the others.
    private mutating func assignKeys(_ call: Call, to guardrail: Record) throws(APIError) -> JSONValue {
        let hashes = try Self.subjects("key_hashes", call)
        guard !isDefault(guardrail, account: call.account) else { throw Self.defaultGuardrail }
        let found = hashes.filter { isAdministered($0, account: call.account) }
        if let workspace = guardrail.workspace {
            guard found.allSatisfy({ key($0)?.workspace == workspace }) else {
                throw .invalid("key_hashes", "must be of keys in the guardrail's workspace")
            }
        }
        var count = 0
        for hash in found {
            let isNew = assign(hash, to: guardrail.id, account: call.account, at: call.now)
            if isNew || behaviour.countsReassignments { count += 1 }
        }
        return ["assigned_count": .count(count)]
    }

    private mutating func assignMembers(_ call: Call, to guardrail: Record) throws(APIError) -> JSONValue {
        let ids = try Self.subjects("member_user_ids", call)
        guard !isDefault(guardrail, account: call.account) else { throw Self.defaultGuardrail }
        let members = accounts[call.account].members.map(\.id)
        let found = ids.filter(members.contains)
        for id in found {
            accounts[call.account].memberAssignments.removeAll { $0.subject == id }
            let row = Assignment(id: random.uuid(), guardrail: guardrail.id, subject: id, createdAt: call.now)
            accounts[call.account].memberAssignments.append(row)
        }
        return ["assigned_count": .count(found.count)]
    }

    /// Ends assignments to this guardrail only; a key that is gone or has another one is not counted.
    private mutating func unassignKeys(_ call: Call, from guardrail: Record) throws(APIError) -> JSONValue {
        let hashes = try Self.subjects("key_hashes", call).filter { isAdministered($0, account: call.account) }
        let before = accounts[call.account].keyAssignments.count
        accounts[call.account].keyAssignments.removeAll { row in
            row.guardrail == guardrail.id && hashes.contains(row.subject)
        }
        return ["unassigned_count": .count(before - accounts[call.account].keyAssignments.count)]
    }

    private mutating func unassignMembers(_ call: Call, from guardrail: Record) throws(APIError) -> JSONValue {
        let ids = try Self.subjects("member_user_ids", call)
        let before = accounts[call.account].memberAssignments.count
        accounts[call.account].memberAssignments.removeAll { row in
            row.guardrail == guardrail.id && ids.contains(row.subject)
        }
        return ["unassigned_count": .count(before - accounts[call.account].memberAssignments.count)]
    }

    /// Gives a key this guardrail instead of the one it has; says whether that was another one or none.
    @discardableResult
    mutating func assign(_ hash: String, to guardrail: String, account: Int, at now: Date) -> Bool {
        let rows = accounts[account].keyAssignments
        guard !rows.contains(where: { $0.subject == hash && $0.guardrail == guardrail }) else { return false }
        accounts[account].keyAssignments.removeAll { $0.subject == hash }
        accounts[account].keyAssignments.append(
            Assignment(id: random.uuid(), guardrail: guardrail, subject: hash, createdAt: now))
        return true
    }

    private func isDefault(_ guardrail: Record, account: Int) -> Bool {
        accounts[account].workspaces.contains { $0.guardrail == guardrail.id }
    }

    private static func subjects(_ name: String, _ call: Call) throws(APIError) -> [String] {
        let wish = try call.object(.object([(name, .required(.list(.someText, 1...Int.max)))]))
        var seen: Set<String> = []
        return (wish[name]?.strings ?? []).filter { seen.insert($0).inserted }
    }
}
