package import FoundationEssentials
package import HTTP
import JSON
import SandboxWire
import Secrets
import Timestamps

extension Sandbox {
    /// What the provider answers at this time to a request for a path under `/api/v1`.
    package mutating func answer(_ request: HTTPRequest, at now: Date) -> HTTPResponse {
        let address = URLComponents(string: request.url.description)
        let path = address?.path ?? ""
        let segments = RequestTarget(request).segments
        var reply: Reply = (404, APIError.notFound.json)
        var headers: [(name: String, value: String)] = []
        if segments.starts(with: Self.root) {
            let call = Call(
                method: request.method, path: Array(segments.dropFirst(Self.root.count)),
                query: Query(address?.queryItems ?? []), body: request.body, bearer: request.bearer,
                region: Region(host: Self.host(of: request)), now: now)
            do throws(APIError) {
                reply = try answer(call)
            } catch {
                let error = call.path == ["oauth", "token"] ? error.asOAuth : error
                reply = (error.status, error.json)
                headers = error.headers
            }
        }
        let query = address?.percentEncodedQuery.map { "?" + $0 } ?? ""
        let root = "/" + Self.root.joined(separator: "/")
        let shown = path.hasPrefix(root + "/") ? String(path.dropFirst(root.count)) : path
        record(
            Exchange(
                at: now, method: request.method, path: Self.withoutKeys(shown + query), status: reply.status,
                credential: credential(of: request.bearer, at: now)))
        return HTTPResponse(reply.status, reply.json, headers: headers, type: "application/json", at: now)
    }

    /// Answers what everybody may ask, and has the rest answered for the account of the management key.
    mutating func serve(_ call: Call) throws(APIError) -> Reply {
        switch (call.method, call.path.joined(separator: "/")) {
        case (.get, "key"): return (200, try currentKey(call))
        case (.post, "chat/completions"): return (200, try complete(call))
        case (.get, "generation"): return (200, try generation(call))
        case (.post, "auth/keys/code"): return (200, try createCode(call))
        case (.post, "auth/keys"): return (200, try exchangeCode(call))
        case (.post, "oauth/token"): return (200, try exchangeToken(call))
        case (.get, "oauth/jwks"): return (200, Self.jwks)
        default:
            var call = call
            call.account = try administrator(call)
            return try administer(call)
        }
    }

    /// Has a call answered by what its path names.
    mutating func administer(_ call: Call) throws(APIError) -> Reply {
        switch call.path.first {
        case "keys": return try answerKeys(call)
        case "guardrails": return try answerGuardrails(call)
        case "byok": return try answerProviderKeys(call)
        case "observability": return try answerDestinations(call)
        case "workspaces": return try answerWorkspaces(call)
        case "organization": return try answerOrganization(call)
        case "external-users": return try answerExternalUsers(call)
        default: break
        }
        switch (call.method, call.path.joined(separator: "/")) {
        case (.get, "credits"): return (200, credits(account: call.account, at: call.now))
        case (.get, "activity"): return (200, try activity(call))
        case (.post, "analytics/query"): return (200, try analytics(call))
        case (.get, "analytics/meta"): return (200, try analyticsMeta())
        default: throw .notFound
        }
    }

    /// The account whose management key asks.
    private func administrator(_ call: Call) throws(APIError) -> Int {
        let key = keys[try accepted(call)]
        guard key.isManagement else { throw .managementOnly }
        return key.account
    }

    /// The key that asks, as the servers that answer inference know it.
    func accepted(_ call: Call) throws(APIError) -> Int {
        guard let bearer = call.bearer else { throw .missingAuthentication }
        guard let index = index(of: bearer, at: call.now) else { throw .unknownUser }
        let key = keys[index]
        guard key.isAccepted(at: call.now, propagation: key.isManagement ? 0 : behaviour.propagation) else {
            throw .unknownUser
        }
        guard !behaviour.refusesAddress else { throw APIError(403, "This IP address is not on the allowlist") }
        guard key.isManagement || key.lives(atMost: behaviour.maximumLifetime) else {
            throw APIError(403, "This API key lives longer than its organization allows")
        }
        return index
    }

    private func credential(of bearer: Secret?, at now: Date) -> Credential {
        guard let bearer else { return .none }
        guard let index = index(of: bearer, at: now) else { return .unknown }
        return keys[index].isManagement ? .management : .key(keys[index].hash)
    }

    /// The name that was asked: all hosts end at the same address here.
    private static func host(of request: HTTPRequest) -> String {
        request.headers.first { $0.name.lowercased() == "host" }?.value ?? request.url.host
    }

    // A client that puts a key into an address has made a mistake that the log must not repeat.
    private static func withoutKeys(_ path: String) -> String {
        path.contains("sk-or-") ? "/<redacted>" : path
    }

    private static let root = ["api", "v1"]
}
