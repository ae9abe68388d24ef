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
        var asked = Asked(request)
        var documentation = "https://docs.github.com/rest"
        var reply: Reply
        do throws(Refusal) {
            reply = try answer(&asked, &documentation, at: now)
        } catch {
            let location = error.location.map { [(name: "location", value: $0)] } ?? []
            reply = Reply(status: error.status, json: error.json(documentation: documentation), headers: location)
        }
        reply.headers += headers(for: asked, at: now)
        return HTTPResponse(reply.status, reply.json, headers: reply.headers, at: now)
    }

    private mutating func answer(
        _ asked: inout Asked, _ documentation: inout String, at now: Date
    ) throws(Refusal) -> Reply {
        try checkVersion(asked.version)
        guard let bearer = asked.bearer else { throw .unauthenticated }
        guard let token = tokens[Digest(of: bearer)] else { throw .badCredentials }
        asked.token = token
        asked.account = Digest(of: bearer).hex
        try spend(asked, at: now)
        let (operation, isRenamed) = try operation(asked.request.method, asked.target.segments)
        documentation = operation.documentation
        if let repository = operation.repository.flatMap({ repository($0) }) {
            guard token.sees(repository) else { throw .notFound }
            if isRenamed { throw redirect(asked, to: repository) }
        }
        asked.operation = operation
        try checkRights(token, operation)
        return try perform(operation, asked, at: now)
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

    /// A permanent redirect for what can be asked for again without care, else one that keeps method and body.
    private func redirect(_ asked: Asked, to repository: Repository) -> Refusal {
        let isPermanent = asked.request.method == .get
        var refusal = Refusal(
            isPermanent ? 301 : 307, isPermanent ? "Moved Permanently" : "Temporary Redirect")
        refusal.location = asked.base + "/repositories/\(repository.id)" + asked.behindRepository
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
