import FoundationEssentials
import JSON
import SandboxWire

extension GitHubSandbox {
    /// Counts a request, and refuses it when the hour's allowance is used up.
    mutating func spend(_ request: ParsedRequest, at now: Date) throws(Refusal) {
        guard request.target.segments != ["rate_limit"] else { return }
        var spending = spending(of: request.account, at: now)
        guard spending.used < primaryLimit else {
            spent[request.account] = spending
            var refusal = Refusal(403, "API rate limit exceeded for user ID 1.")
            refusal.documentation =
                "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"
            throw refusal
        }
        spending.used += 1
        spent[request.account] = spending
    }

    private func spending(of account: String, at now: Date) -> Spending {
        if let spending = spent[account], spending.end > now { return spending }
        return Spending(end: now.addingTimeInterval(3600))
    }

    /// `GET /rate_limit`, which costs nothing.
    func rateLimits(_ request: ParsedRequest, at now: Date) -> JSONValue {
        let spending = spending(of: request.account, at: now)
        let core: JSONValue = [
            "limit": .number(JSONNumber(primaryLimit)), "used": .number(JSONNumber(spending.used)),
            "remaining": .number(JSONNumber(max(0, primaryLimit - spending.used))),
            "reset": .number(JSONNumber(Int(spending.end.timeIntervalSince1970))),
        ]
        let resources: JSONValue = ["core": core, "search": core, "graphql": core]
        // The later version of the API has no `rate`.
        return request.version == "2026-03-10" ? ["resources": resources] : ["resources": resources, "rate": core]
    }

    /// What every answer carries.
    mutating func headers(for request: ParsedRequest, at now: Date) -> [(name: String, value: String)] {
        let spending = spending(of: request.account, at: now)
        let limit = request.token == nil ? 60 : primaryLimit
        var headers: [(name: String, value: String)] = [
            ("server", "github.com"), ("x-github-media-type", "github.v3; format=json"),
            ("x-github-request-id", requestID()), ("x-ratelimit-limit", String(limit)),
            ("x-ratelimit-remaining", String(max(0, limit - spending.used))),
            ("x-ratelimit-used", String(spending.used)),
            ("x-ratelimit-reset", String(Int(spending.end.timeIntervalSince1970))),
            ("x-ratelimit-resource", request.target.segments.first == "graphql" ? "graphql" : "core"),
        ]
        if let version = request.version, Self.versions.contains(version) {
            headers.append(("x-github-api-version-selected", version))
        }
        if let scopes = request.token?.scopes {
            headers.append(("x-oauth-scopes", scopes.sorted().joined(separator: ", ")))
            headers.append(("x-accepted-oauth-scopes", request.operation?.scope ?? ""))
        } else if let operation = request.operation, let permission = operation.permission {
            headers.append(("x-accepted-github-permissions", "\(permission.rawValue)=\(operation.access.rawValue)"))
        }
        return headers
    }

    private mutating func requestID() -> String {
        let digits = random.hex(28).uppercased()
        return "\(digits.prefix(4)):\(digits.dropFirst(4).prefix(6)):\(digits.dropFirst(10).prefix(8)):"
            + "\(digits.dropFirst(18).prefix(2)):\(digits.suffix(8))"
    }
}

/// An unsuccessful status, in GitHub's error format.
struct Refusal: Error {
    let status: Int
    let message: String
    /// What an error of validation lists beside its message.
    var errors: [JSONValue] = []
    /// Where a repository went that was renamed.
    var location: String?
    /// The documentation, where it is not that of the operation.
    var documentation: String?

    init(_ status: Int, _ message: String) {
        self.status = status
        self.message = message
    }

    static let notFound = Refusal(404, "Not Found")
    static let badCredentials = Refusal(401, "Bad credentials")
    static let unauthenticated = Refusal(401, "Requires authentication")
    /// The same for a box that another key sealed and for one that no key did.
    static let doesNotOpen = Refusal(422, "Bad request - validation failed due to an improperly encrypted secret")
    static let variableExists = Refusal(409, "Already exists - Variable already exists")

    /// A body that breaks the operation's schema.
    static func invalid(_ problem: String) -> Refusal { Refusal(422, "Invalid request.\n\n" + problem) }

    func json(documentation operation: String) -> JSONValue {
        var object: JSONObject = ["message": .string(message)]
        if let location { object["url"] = .string(location) }
        if !errors.isEmpty { object["errors"] = .array(errors) }
        object["documentation_url"] = .string(documentation ?? operation)
        object["status"] = .string(String(status))
        return .object(object)
    }
}
