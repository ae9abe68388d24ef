package import FoundationEssentials
package import HTTP
import JSON
import SandboxWire
import Secrets

extension Sandbox {
    /// What the provider answers at this time to a request for a path under `/api/v1`.
    package mutating func answer(_ request: HTTPRequest, at now: Date) -> HTTPResponse {
        let address = URLComponents(string: request.url.description)
        let path = address?.path ?? ""
        var status = 404
        var body = APIError.notFound.json
        if path.hasPrefix(Self.root) {
            let segments = path.dropFirst(Self.root.count).split(separator: "/").map(String.init)
            do throws(APIError) {
                (status, body) = try answer(
                    request.method, segments, Query(address?.queryItems ?? []), request, at: now)
            } catch {
                (status, body) = (error.status, error.json)
            }
        }
        let query = address?.percentEncodedQuery.map { "?" + $0 } ?? ""
        let shown = path.hasPrefix(Self.root) ? String(path.dropFirst(Self.root.count - 1)) : path
        record(
            Exchange(
                at: now, method: request.method, path: Self.withoutKeys(shown + query), status: status,
                credential: credential(of: request.bearer)))
        return HTTPResponse(status, body, type: "application/json", at: now)
    }

    private mutating func answer(
        _ method: HTTPRequest.Method, _ segments: [String], _ query: Query, _ request: HTTPRequest, at now: Date
    ) throws(APIError) -> (Int, JSONValue) {
        switch (method, segments.first, segments.count) {
        case (.get, "key", 1): return (200, try currentKey(request.bearer, at: now))
        case (.post, "chat", 2) where segments[1] == "completions":
            return (200, try complete(request.body, bearer: request.bearer, at: now))
        default: break
        }
        let account = try administrator(request.bearer)
        switch (method, segments.joined(separator: "/")) {
        case (.get, "keys"): return (200, try listKeys(query, account: account, at: now))
        case (.post, "keys"): return (201, try createKey(request.body, account: account, at: now))
        case (.get, "credits"): return (200, credits(account: account, at: now))
        case (.get, "activity"): return (200, try activity(query, account: account, at: now))
        case (.post, "analytics/query"): return (200, try analytics(request.body, account: account, at: now))
        case (.get, "workspaces"): return (200, try listWorkspaces(query, account: account))
        case (.post, "workspaces"): return (201, try createWorkspace(request.body, account: account, at: now))
        case (.get, "guardrails"): return (200, try page(accounts[account].guardrails, query, account: account))
        case (.get, "guardrails/assignments/keys"):
            return (200, try page(accounts[account].assignments, query, account: account))
        case (.get, "byok"): return (200, try page(accounts[account].providerKeys, query, account: account))
        case (.get, "observability/destinations"):
            return (200, try page(accounts[account].destinations, query, account: account))
        default: break
        }
        guard segments.first == "keys", segments.count == 2 else { throw .notFound }
        let index = try administered(segments[1], account: account)
        switch method {
        case .get: return (200, ["data": keys[index].json(at: now, behaviour)])
        case .patch: return (200, try updateKey(index, request.body, at: now))
        case .delete:
            keys[index].delete(at: now)
            return (200, ["deleted": true])
        default: throw .notFound
        }
    }

    /// The account whose management key asks.
    private func administrator(_ bearer: Secret?) throws(APIError) -> Int {
        guard let bearer else { throw .missingAuthentication }
        guard let index = index(of: bearer), keys[index].deletedAt == nil, !keys[index].disabled else {
            throw .unknownUser
        }
        guard keys[index].isManagement else { throw .managementOnly }
        return keys[index].account
    }

    /// The key of this hash, if it is one that this account may administer.
    private func administered(_ hash: String, account: Int) throws(APIError) -> Int {
        guard let index = index(ofHash: hash), keys[index].account == account, keys[index].deletedAt == nil,
            !keys[index].isManagement
        else { throw .notFound }
        return index
    }

    private func credential(of bearer: Secret?) -> Credential {
        guard let bearer else { return .none }
        guard let index = index(of: bearer) else { return .unknown }
        return keys[index].isManagement ? .management : .key(keys[index].hash)
    }

    // A client that puts a key into an address has made a mistake that the log must not repeat.
    private static func withoutKeys(_ path: String) -> String {
        path.contains("sk-or-") ? "/<redacted>" : path
    }

    private static let root = "/api/v1/"
}
