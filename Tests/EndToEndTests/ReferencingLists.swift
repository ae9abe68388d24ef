import HTTP
import JSON
import TestSupport

/// A guardrail, a provider key and a destination that name the predecessor and a neighbour.
struct ReferencingLists: Sendable {
    private let guardrail: String
    /// The paths of the provider key and of the destination, and the member with their hashes.
    private let lists: [(path: String, member: String)]
    private let neighbour: String
    /// The hash of a key that another hand adds to the two lists.
    private let latecomer: String

    init(_ sandbox: SandboxProcess) throws {
        func make(_ path: String, _ body: JSONValue, _ member: String) throws -> String {
            guard let value = try Self.send(.post, path, body, sandbox)["data"]?[member]?.string else {
                throw Complaint("\(path) made nothing")
            }
            return value
        }
        neighbour = try make("/keys", ["name": "neighbour"], "hash")
        latecomer = try make("/keys", ["name": "latecomer"], "hash")
        let hashes: JSONValue = [.string(sandbox.predecessor.hash), .string(neighbour)]
        guardrail = try make("/guardrails", ["name": "spend"], "id")
        _ = try Self.send(.post, "/guardrails/\(guardrail)/assignments/keys", ["key_hashes": hashes], sandbox)
        let providerKey = try make(
            "/byok", ["provider": "openai", "key": "k", "allowed_api_key_hashes": hashes], "id")
        let destination = try make(
            "/observability/destinations",
            [
                "type": "webhook", "name": "traces", "config": ["method": "POST", "url": "https://example.com/"],
                "api_key_hashes": hashes,
            ], "id")
        lists = [
            ("/byok/\(providerKey)", "allowed_api_key_hashes"),
            ("/observability/destinations/\(destination)", "api_key_hashes"),
        ]
    }

    private static func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil, _ sandbox: SandboxProcess
    ) throws -> JSONValue {
        let answer = try sandbox.send(method, path, as: sandbox.managementKey, body)
        guard (200...299).contains(answer.status) else { throw Complaint("\(path) answered \(answer.status)") }
        return try JSONValue(parsing: answer.body)
    }

    private func hashes(_ list: (path: String, member: String), _ sandbox: SandboxProcess) throws -> [String] {
        let row = try Self.send(.get, list.path, nil, sandbox)
        return row["data"]?[list.member]?.array?.compactMap(\.string) ?? []
    }

    /// Another hand adds a key of its own to both lists. OpenRouter takes no list with a deleted key: that one goes.
    func join(_ sandbox: SandboxProcess) throws {
        for list in lists {
            let live = try hashes(list, sandbox).filter { try sandbox.key($0)?["deleted_at"] == .null }
            let all = live + [latecomer]
            _ = try Self.send(.patch, list.path, [list.member: .array(all.map { .string($0) })], sandbox)
        }
    }

    /// Each names the key that is left, once, and what was never a rotation's: the neighbour and the latecomer.
    func check(_ left: String, _ sandbox: SandboxProcess) throws {
        for list in lists {
            let hashes = try hashes(list, sandbox)
            guard hashes.sorted() == [left, neighbour, latecomer].sorted() else {
                throw Complaint("\(list.path) names \(hashes), and not \([left, neighbour, latecomer])")
            }
        }
        let rows = try Self.send(.get, "/guardrails/assignments/keys", nil, sandbox)["data"]?.array ?? []
        let assigned = rows.filter { $0["guardrail_id"]?.string == guardrail }.compactMap { $0["key_hash"]?.string }
        guard assigned.sorted() == [left, neighbour].sorted() else {
            throw Complaint("the guardrail holds for \(assigned), and not for \([left, neighbour])")
        }
    }
}
