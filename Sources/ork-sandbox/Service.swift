import FoundationEssentials
import HTTP
import JSON
import Sandbox
import Secrets
import SystemPackage
import Timestamps

/// The one world that all connections share, and the log of what was asked of it.
actor Service {
    private var sandbox: Sandbox
    private let log: FileDescriptor?

    init(_ sandbox: Sandbox, log: FileDescriptor?) {
        self.sandbox = sandbox
        self.log = log
    }

    func answer(_ request: HTTPRequest) throws -> HTTPResponse {
        let response = sandbox.answer(request, at: Date())
        if let log, let exchange = sandbox.log.last { try log.writeAll(exchange.json.bytes() + [0x0A]) }
        return response
    }

    /// Another administrator's hand: reads and changes the world past the API. `path` begins below `/sandbox`.
    func control(_ request: HTTPRequest, _ path: Substring) -> HTTPResponse {
        let segments = path.split(separator: "/")
        switch (request.method, segments.first, segments.count) {
        case (.get, "keys", 1): return HTTPResponse(json: .array(sandbox.keys.map(\.truth)))
        case (.get, "log", 1): return HTTPResponse(json: .array(sandbox.log.map(\.json)))
        case (.post, "accounts", 1):
            let key = sandbox.addAccount(at: Date())
            return HTTPResponse(json: ["management_key": .string(key.revealed() ?? "")])
        case (.post, "keys", 2): return change(String(segments[1]), request.body ?? [])
        default: return HTTPResponse(status: 404, problem: "no such control")
        }
    }

    private func change(_ hash: String, _ body: [UInt8]) -> HTTPResponse {
        let now = Date()
        guard let wish = try? JSONValue(parsing: body).object else {
            return HTTPResponse(status: 400, problem: "the body is no JSON object")
        }
        guard sandbox.key(hash) != nil else { return HTTPResponse(status: 404, problem: "no such key") }
        for (name, value) in wish.members {
            switch (name, value) {
            case ("disabled", .bool(let disabled)): sandbox.setDisabled(hash, disabled, at: now)
            case ("limit", .null): sandbox.setLimit(hash, nil, at: now)
            case ("limit", .number(let number)): sandbox.setLimit(hash, Money(number.text), at: now)
            case ("expires_at", .null): sandbox.setExpiry(hash, nil)
            case ("expires_at", .string(let text)):
                guard let date = Date(rfc3339: text) else {
                    return HTTPResponse(status: 400, problem: "expires_at is no time")
                }
                sandbox.setExpiry(hash, date)
            default: return HTTPResponse(status: 400, problem: "only disabled, limit and expires_at can be set")
            }
        }
        return HTTPResponse(json: sandbox.key(hash)?.truth ?? nil)
    }
}

extension HTTPResponse {
    fileprivate init(status: Int = 200, json: JSONValue) {
        self.init(status: status, headers: [("content-type", "application/json")], body: json.bytes())
    }

    fileprivate init(status: Int, problem: String) {
        self.init(status: status, json: ["error": ["code": .number(JSONNumber(status)), "message": .string(problem)]])
    }
}

extension Key {
    fileprivate var truth: JSONValue {
        func text(_ date: Date?) -> JSONValue { date.map { .string($0.rfc3339) } ?? nil }
        return [
            "name": .string(name), "hash": .string(hash), "management": .bool(isManagement),
            "workspace_id": .string(workspace), "disabled": .bool(disabled), "limit": limit?.json ?? nil,
            "usage": uses.reduce(0) { $0 + $1.cost }.json, "calls": .number(JSONNumber(uses.count)),
            "last_used_at": text(uses.last?.at), "created_at": text(createdAt), "expires_at": text(expiresAt),
            "deleted_at": text(deletedAt),
        ]
    }
}

extension Sandbox.Exchange {
    fileprivate var json: JSONValue {
        let who =
            switch credential {
            case .none: "none"
            case .unknown: "unknown"
            case .management: "management"
            case .key(let hash): hash
            }
        return [
            "at": .string(at.rfc3339), "method": .string(method.rawValue), "path": .string(path),
            "status": .number(JSONNumber(status)), "credential": .string(who),
        ]
    }
}
