import FoundationEssentials
import GitHubSandbox
import GitLabSandbox
import HTTP
import JSON
import KubernetesSandbox
import OpenRouterSandbox
import SandboxWire
import Secrets
import SystemPackage
import Timestamps
import VercelSandbox

/// The one world that all connections share: OpenRouter and the services that keep its keys; and the log of what was
/// asked of them.
actor Service {
    private var sandbox: Sandbox
    private var github: GitHubSandbox
    private var gitlab: GitLabSandbox
    private var kubernetes: KubernetesSandbox
    private var vercel: VercelSandbox
    /// What was asked of each but OpenRouter, by the first segment of its address.
    private var exchanges: [String: [ServiceExchange]] = [:]
    private let log: FileDescriptor?
    private var state: StateFile?

    init(
        _ sandbox: Sandbox, _ github: GitHubSandbox, _ gitlab: GitLabSandbox, _ kubernetes: KubernetesSandbox,
        _ vercel: VercelSandbox, log: FileDescriptor?
    ) {
        self.sandbox = sandbox
        self.github = github
        self.gitlab = gitlab
        self.kubernetes = kubernetes
        self.vercel = vercel
        self.log = log
    }

    /// Takes OpenRouter's account to where it was, and keeps it there from now on.
    func restore(_ state: StateFile) {
        for (request, date) in state.requests {
            let isControl = RequestTarget(request).segments.first == "sandbox"
            _ = isControl ? control(request, at: date) : sandbox.answer(request, at: date)
        }
        self.state = state
    }

    func answer(_ request: HTTPRequest) throws -> HTTPResponse {
        let now = StateFile.moment(Date())
        if let state, StateFile.keeps(request) { try state.keep(request, at: now) }
        let name = RequestTarget(request).segments.first ?? ""
        let response: HTTPResponse
        switch name {
        case "sandbox": return control(request, at: now)
        case "github": response = github.answer(request, at: now)
        case "gitlab": response = gitlab.answer(request, at: now)
        case "kubernetes": response = kubernetes.answer(request, at: now)
        case "vercel": response = vercel.answer(request, at: now)
        default:
            let response = sandbox.answer(request, at: now)
            try write(sandbox.log.last?.json)
            return response
        }
        let exchange = ServiceExchange(request, response, at: now)
        exchanges[name, default: []].append(exchange)
        try write(exchange.json)
        return response
    }

    private func write(_ line: JSONValue?) throws {
        if let log, let line { try log.writeAll(line.bytes() + [0x0A]) }
    }

    /// Administration: reads and changes the world past the API.
    private func control(_ request: HTTPRequest, at now: Date) -> HTTPResponse {
        let segments = RequestTarget(request, dropping: 1).segments
        switch (request.method, segments.joined(separator: "/")) {
        case (.get, "keys"): return HTTPResponse(json: .array(sandbox.keys.map(\.truth)))
        case (.get, "log"): return HTTPResponse(json: .array(sandbox.log.map(\.json)))
        case (.get, "github/log"), (.get, "gitlab/log"), (.get, "kubernetes/log"), (.get, "vercel/log"):
            return HTTPResponse(json: .array((exchanges[segments[0]] ?? []).map(\.json)))
        case (.post, "accounts"):
            let key = sandbox.addAccount(at: now)
            return HTTPResponse(json: ["management_key": .string(key.revealed() ?? "")])
        case (.post, "faults"):
            guard let wish = try? JSONValue(parsing: request.body ?? []), let fault = SandboxFault(wish) else {
                return HTTPResponse(status: 400, problem: "a fault needs method, path, effect and what goes with it")
            }
            sandbox.add(fault)
            return HTTPResponse(json: [:])
        case (.post, "policies"):
            guard let wish = try? JSONValue(parsing: request.body ?? []), let policy = sandbox.addPolicy(wish) else {
                return HTTPResponse(status: 400, problem: "a policy needs a subject")
            }
            return HTTPResponse(json: policy)
        case (.post, "subject-tokens"):
            guard let wish = try? JSONValue(parsing: request.body ?? []),
                let token = sandbox.subjectToken(wish, at: now)
            else { return HTTPResponse(status: 400, problem: "no such policy") }
            return HTTPResponse(json: token)
        case (.post, "behaviour"):
            guard let wish = try? JSONValue(parsing: request.body ?? []).object, sandbox.behaviour.change(wish) else {
                return HTTPResponse(status: 400, problem: "no such behaviour")
            }
            return HTTPResponse(json: [:])
        default: break
        }
        switch (request.method, segments.first, segments.count) {
        case (.post, "keys", 1): return add(request.body ?? [], at: now)
        case (.post, "keys", 2): return change(segments[1], request.body ?? [], at: now)
        case (_, "github", _): return github.control(request, at: now)
        case (_, "gitlab", _): return gitlab.control(request, at: now)
        case (_, "kubernetes", _): return kubernetes.control(request, at: now)
        case (_, "vercel", _): return vercel.control(request, at: now)
        default: return HTTPResponse(status: 404, problem: "no such control")
        }
    }

    /// Makes a key as it was in another sandbox: its plaintext, its moments, what it has cost.
    private func add(_ body: [UInt8], at now: Date) -> HTTPResponse {
        guard let wish = try? JSONValue(parsing: body), let key = wish["key"]?.string, let name = wish["name"]?.string,
            let createdAt = wish["created_at"]?.string.flatMap({ Date(rfc3339: $0) })
        else { return HTTPResponse(status: 400, problem: "a key needs key, name and created_at") }
        let workspace = wish["workspace_id"]?.string
        if let workspace, !sandbox.accounts[0].workspaces.contains(where: { $0.id == workspace }) {
            sandbox.addWorkspace("Restored", id: workspace, at: createdAt)
        }
        let made = sandbox.addKey(
            name: name, limit: wish["limit"]?.number.map { Money($0.text) }, workspace: workspace,
            plaintext: Secret(key), at: createdAt)
        if let used = wish["last_used_at"]?.string.flatMap({ Date(rfc3339: $0) }) {
            sandbox.use(made.hash, cost: Money(wish["usage"]?.number?.text ?? "0"), at: used)
        }
        if wish["disabled"] == true { sandbox.setDisabled(made.hash, at: now) }
        if let deletedAt = wish["deleted_at"]?.string.flatMap({ Date(rfc3339: $0) }) {
            sandbox.delete(made.hash, at: deletedAt)
        }
        return HTTPResponse(json: sandbox.key(made.hash)?.truth ?? nil)
    }

    private func change(_ hash: String, _ body: [UInt8], at now: Date) -> HTTPResponse {
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
