package import FoundationEssentials
package import HTTP
import JSON
import SandboxWire
import Secrets
import Sodium

extension GitHubSandbox {
    /// What GitHub answers at this time to a request for a path under `/github`.
    package mutating func answer(_ request: HTTPRequest, at now: Date) -> HTTPResponse {
        guard request[header: "user-agent"]?.isEmpty == false else { return Self.withoutUserAgent(at: now) }
        var request = ParsedRequest(request)
        var documentation = "https://docs.github.com/rest"
        var reply: Reply
        do throws(Refusal) {
            reply = try answer(&request, &documentation, at: now)
        } catch {
            let location = error.location.map { [(name: "location", value: $0)] } ?? []
            reply = Reply(status: error.status, json: error.json(documentation: documentation), headers: location)
        }
        reply.headers += headers(for: request, at: now)
        return HTTPResponse(reply.status, reply.json, headers: reply.headers, at: now)
    }

    private mutating func answer(
        _ request: inout ParsedRequest, _ documentation: inout String, at now: Date
    ) throws(Refusal) -> Reply {
        try checkVersion(request.version)
        guard let bearer = request.bearer else { throw .unauthenticated }
        guard let token = tokens[Digest(of: bearer)] else { throw .badCredentials }
        request.token = token
        request.account = Digest(of: bearer).hex
        try spend(request, at: now)
        let (operation, isRenamed) = try operation(request.request.method, request.target.segments)
        documentation = operation.documentation
        if let repository = operation.repository.flatMap({ repository($0) }) {
            guard token.sees(repository) else { throw .notFound }
            if isRenamed { throw redirect(request, to: repository) }
        }
        request.operation = operation
        try checkRights(token, operation)
        return try perform(operation, request, at: now)
    }

    private func checkVersion(_ version: String?) throws(Refusal) {
        guard let version else { return }
        if retiredVersions.contains(version) { throw Refusal(410, "API version \(version) is no longer supported.") }
        guard Self.versions.contains(version) else {
            let list = Self.versions.reversed().map { "\"\($0)\"" }.joined(separator: ", ")
            throw Refusal(
                400,
                """
                Bad Request: The version you specified in the "X-GitHub-API-Version" request header, "\(version)", is \
                not a supported version. The following versions are currently supported: \(list).
                """)
        }
    }

    private func checkRights(_ token: Token, _ operation: Operation) throws(Refusal) {
        if let scopes = token.scopes {
            guard let scope = operation.scope, !scopes.contains(scope) else { return }
            // What everybody may read of a public repository needs no scope.
            if operation.permission == .metadata { return }
            throw Refusal(403, operation.missingScope)
        }
        guard let permission = operation.permission else { return }
        let given = token.permissions?[permission]
        let isCovered = operation.repository.flatMap { repository($0) }.map(token.covers) ?? true
        if permission == .metadata { return }
        guard let given, given >= operation.access, isCovered else { throw Refusal(403, token.refusal) }
    }

    /// A permanent redirect for what can be repeated safely, otherwise one that keeps method and body.
    private func redirect(_ request: ParsedRequest, to repository: Repository) -> Refusal {
        let isPermanent = request.request.method == .get
        var refusal = Refusal(
            isPermanent ? 301 : 307, isPermanent ? "Moved Permanently" : "Temporary Redirect")
        refusal.location = request.base + "/repositories/\(repository.id)" + request.behindRepository
        refusal.documentation =
            "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects"
        return refusal
    }

    static let versions = ["2022-11-28", "2026-03-10"]
    private static let withoutUserAgent = """
        \r\nRequest forbidden by administrative rules. Please make sure your request has a User-Agent header \
        (https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required). \
        Check https://developer.github.com for other possible causes.\r\n
        """

    private static func withoutUserAgent(at now: Date) -> HTTPResponse {
        var response = HTTPResponse(403, nil, headers: [("content-type", "text/html")], at: now)
        response.body = Array(withoutUserAgent.utf8)
        return response
    }
}

/// A request as GitHub reads it.
struct ParsedRequest {
    let request: HTTPRequest
    /// Path and query below the root.
    let target: RequestTarget
    /// The address of the root as the client knows it, for the addresses in answers.
    let base: String
    /// The `X-GitHub-Api-Version`.
    let version: String?
    /// The token, `Bearer X` or `token X`.
    let bearer: Secret?
    /// Whose allowance it uses.
    var account = "anonymous"
    var token: Token?
    var operation: Operation?

    init(_ request: HTTPRequest) {
        self.request = request
        target = RequestTarget(request, dropping: 1)
        version = request[header: "x-github-api-version"]
        let authority = request.url.description.dropFirst("http://".count).prefix { $0 != "/" && $0 != "?" }
        let host = request[header: "host"] ?? String(authority)
        // gh asks this host of the root itself.
        base = host == GitHubSandbox.host ? "http://" + host : "http://" + host + "/github"
        if let bearer = request.bearer {
            self.bearer = bearer
        } else {
            let words = (request[header: "authorization"] ?? "").split(separator: " ", maxSplits: 1)
            let isKnown = words.count == 2 && ["bearer", "token"].contains(words[0].lowercased())
            bearer = isKnown ? Secret(String(words[1])) : nil
        }
    }

    /// Path, still encoded, and query behind `/github/repos/OWNER/NAME`.
    var behindRepository: String {
        let rest = target.path.split(separator: "/").dropFirst(4).map { "/" + $0 }.joined()
        return rest + String(request.url.description.drop { $0 != "?" })
    }

    /// The page asked for and its size, which cannot exceed `limit`.
    func page(size: Int, limit: Int) -> (number: Int, size: Int) {
        let request = target.value("per_page").flatMap(Int.init) ?? size
        return (max(1, target.value("page").flatMap(Int.init) ?? 1), request < 1 ? size : min(request, limit))
    }
}

extension HTTPRequest {
    /// The first field of this name, which is given in lower case.
    subscript(header name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
}

/// The JSON object in a request's body, held against an operation's schema.
struct Body {
    private let object: JSONObject

    init(_ bytes: [UInt8]?) throws(Refusal) {
        guard let bytes, !bytes.isEmpty else {
            object = [:]
            return
        }
        guard let value = try? JSONValue(parsing: bytes) else { throw Refusal(400, "Problems parsing JSON") }
        guard let object = value.object else { throw Refusal(400, "Body should be a JSON object") }
        self.object = object
    }

    subscript(name: String) -> JSONValue? { object[name] }

    /// Refuses a body without these members, with all that are missing in one message.
    func require(_ names: String...) throws(Refusal) {
        let missing = names.filter { object[$0] == nil }
        guard let first = missing.first else { return }
        if missing.count == 1 { throw .invalid("\"\(first)\" wasn't supplied.") }
        throw .invalid(missing.map { "\"\($0)\"" }.joined(separator: ", ") + " weren't supplied.")
    }

    func text(_ name: String) throws(Refusal) -> String? {
        guard let value = object[name] else { return nil }
        guard let text = value.string else {
            throw .invalid("For 'properties/\(name)', \(value.text()) is not a string.")
        }
        return text
    }

    func visibility() throws(Refusal) -> Visibility? {
        guard let text = try text("visibility") else { return nil }
        guard let visibility = Visibility(rawValue: text) else {
            throw .invalid("\(text) is not a member of [\"all\", \"private\", \"selected\"].")
        }
        return visibility
    }

    /// The chosen repositories; Dependabot's may be numbers written as text.
    func repositories(allowingText: Bool) throws(Refusal) -> [Int]? {
        guard let value = object["selected_repository_ids"] else { return nil }
        guard let list = value.array else {
            throw .invalid("For 'properties/selected_repository_ids', \(value.text()) is not an array.")
        }
        var ids: [Int] = []
        for item in list {
            guard let id = item.integer ?? (allowingText ? item.string.flatMap(Int.init) : nil) else {
                throw .invalid("For 'items', \(item.text()) is not an integer.")
            }
            ids.append(id)
        }
        return ids
    }
}

/// A success, before the headers that every answer has.
struct Reply {
    let status: Int
    var json: JSONValue?
    var headers: [(name: String, value: String)] = []

    static let created = Reply(status: 201, json: [:])
    static let noContent = Reply(status: 204)

    init(status: Int = 200, json: JSONValue? = nil, headers: [(name: String, value: String)] = []) {
        self.status = status
        self.json = json
        self.headers = headers
    }
}
