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
        let call = Call(
            method: method, path: segments, query: query, body: request.body, account: account, now: now)
        return try answer(call)
    }

    /// Has a call answered by what its path names.
    mutating func route(_ call: Call) throws(APIError) -> Reply {
        switch (call.method, call.path.joined(separator: "/")) {
        case (.get, "credits"): return (200, credits(account: call.account, at: call.now))
        case (.get, "activity"): return (200, try activity(call.query, account: call.account, at: call.now))
        case (.post, "analytics/query"):
            return (200, try analytics(call.body, account: call.account, at: call.now))
        case (.get, "workspaces"): return (200, try listWorkspaces(call))
        case (.post, "workspaces"):
            return (201, try createWorkspace(call.body, account: call.account, at: call.now))
        default: break
        }
        switch call.path.first {
        case "keys": return try answerKeys(call)
        case "guardrails": return try answerGuardrails(call)
        case "byok": return try answerProviderKeys(call)
        case "observability": return try answerDestinations(call)
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

/// The query of a request: names and values, decoded.
struct Query {
    private let items: [URLQueryItem]

    init(_ items: [URLQueryItem]) { self.items = items }

    /// The first value of a name.
    func text(_ name: String) -> String? { items.first { $0.name == name }?.value }

    /// A whole number within bounds, `nil` if there is none.
    func count(_ name: String, _ bounds: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let text = text(name) else { return nil }
        guard let count = Int(text), bounds.contains(count) else {
            throw .invalid(name, "must be a whole number within its bounds")
        }
        return count
    }

    /// `true` or `false`; false if there is none.
    func flag(_ name: String) throws(APIError) -> Bool {
        switch text(name) {
        case nil, "false": return false
        case "true": return true
        default: throw .invalid(name, "must be true or false")
        }
    }
}

/// The JSON object in a request's body, read by documented types. Unknown members are ignored.
struct Body {
    private let object: JSONObject

    init(_ bytes: [UInt8]?) throws(APIError) {
        guard let bytes, let value = try? JSONValue(parsing: bytes), let object = value.object else {
            throw APIError(400, "Invalid request parameters")
        }
        self.object = object
    }

    /// Whether the member is there, `null` or not.
    func has(_ name: String) -> Bool { object[name] != nil }

    subscript(name: String) -> JSONValue? { object[name] }

    /// A text of at least one character; `nil` if the member is missing.
    func text(_ name: String) throws(APIError) -> String? {
        guard let value = object[name] else { return nil }
        guard let text = value.string, !text.isEmpty else { throw .invalid(name, "must be a text that is not empty") }
        return text
    }

    /// As `text`, and `null` is taken for missing.
    func optionalText(_ name: String) throws(APIError) -> String? {
        object[name] == .null ? nil : try text(name)
    }

    func flag(_ name: String) throws(APIError) -> Bool? {
        guard let value = object[name] else { return nil }
        guard let flag = value.bool else { throw .invalid(name, "must be true or false") }
        return flag
    }

    /// An amount of zero or more; `nil` if the member is missing or `null`.
    func money(_ name: String) throws(APIError) -> Money? {
        guard let value = object[name], value != .null else { return nil }
        guard let number = value.number, number.double >= 0 else { throw .invalid(name, "must be zero or more") }
        return Money(number)
    }

    func period(_ name: String) throws(APIError) -> Period? {
        guard let value = object[name], value != .null else { return nil }
        guard let period = value.string.flatMap(Period.init) else {
            throw .invalid(name, "must be daily, weekly, monthly or null")
        }
        return period
    }

    /// A time in UTC with seconds; `nil` if the member is missing or `null`.
    func time(_ name: String) throws(APIError) -> Date? {
        guard let value = object[name], value != .null else { return nil }
        guard let text = value.string, let time = Self.time(text) else {
            throw .invalid(name, "must be a UTC time with seconds")
        }
        return time
    }

    static func time(_ text: String) -> Date? {
        var text = text
        if text.hasSuffix("+00:00") { text = text.dropLast(6) + "Z" }
        guard text.hasSuffix("Z") else { return nil }
        return Date(rfc3339: text)
    }
}

/// An answer in the documented error form `{"error": {"code", "message"}}`.
struct APIError: Error {
    let status: Int
    let message: String

    init(_ status: Int, _ message: String) {
        self.status = status
        self.message = message
    }

    static let missingAuthentication = APIError(401, "Missing Authentication header")
    static let unknownUser = APIError(401, "User not found.")
    static let managementOnly = APIError(403, "Only management keys can perform this operation")
    static let notFound = APIError(404, "Resource not found")
    static let noUpdate = APIError(400, "No update fields provided")

    /// 400 for one field; the value is not quoted.
    static func invalid(_ field: String, _ rule: String) -> APIError { APIError(400, "\(field): \(rule)") }

    var json: JSONValue { ["error": ["code": .number(JSONNumber(status)), "message": .string(message)]] }
}
