package import FoundationEssentials
package import HTTP
import JSON
import SandboxWire
import Secrets
import Sodium

extension GitLabSandbox {
    /// What GitLab answers at this time to a request for a path under `/gitlab/api/v4`.
    package mutating func answer(_ request: HTTPRequest, at now: Date) -> HTTPResponse {
        var headers: [(name: String, value: String)] = []
        do throws(APIError) {
            let target = RequestTarget(request, dropping: 3)
            let parameters = Parameters(addressOf: request)
            note(parameters)
            headers += try count(request, parameters, at: now)
            let answer = try answer(request, target, parameters, at: now)
            return response(answer.status, answer.body, headers: headers + answer.headers, at: now)
        } catch {
            return response(error.status, error.body, text: error.text, headers: headers + error.headers, at: now)
        }
    }

    /// A body and what belongs to it.
    struct Answer {
        let status: Int
        let body: JSONValue?
        var headers: [(name: String, value: String)] = []
    }

    /// One request on its way, with the one who asks.
    struct Question {
        let request: HTTPRequest
        let target: RequestTarget
        var parameters: Parameters
        let token: Token
        let now: Date
    }

    private mutating func answer(
        _ request: HTTPRequest, _ target: RequestTarget, _ parameters: Parameters, at now: Date
    ) throws(APIError) -> Answer {
        let path = target.segments
        let token: Token
        switch (path.first, path.count) {
        case ("version", 1), ("metadata", 1), ("user", 1):
            token = try bearer(request, parameters, scopes: ["api", "read_api", "read_user"], at: now)
        case ("personal_access_tokens", 2) where path[1] == "self":
            token = try bearer(request, parameters, scopes: nil, at: now)
        case ("projects", 2...4), ("groups", 2...4), ("admin", 3...4):
            let scopes: Set<String> = request.method == .get ? ["api", "read_api"] : ["api"]
            token = try bearer(request, parameters, scopes: scopes, at: now)
        default: throw .noRoute
        }
        let question = Question(request: request, target: target, parameters: parameters, token: token, now: now)
        switch (path[0], path.count) {
        case ("version", _), ("metadata", _), ("user", _), ("personal_access_tokens", _):
            guard request.method == .get else { throw .noMethod(["GET"]) }
            return try about(question)
        case ("projects", 2), ("groups", 2):
            guard request.method == .get else { throw .noMethod(["GET"]) }
            return Answer(status: 200, body: container(try index(question), for: token, request))
        case ("projects", 3...4) where path[2] == "variables", ("groups", 3...4) where path[2] == "variables":
            return try variables(try index(question), key: path.count == 4 ? path[3] : nil, question)
        case ("admin", 3...4) where path[1] == "ci" && path[2] == "variables":
            guard token.isAdministrator else { throw .forbidden }
            return try variables(0, key: path.count == 4 ? path[3] : nil, question)
        default: throw .noRoute
        }
    }

    /// Who asks, if the token is known, valid and reaches. A job's token does not: no route here allows it
    /// (`job_token_allowed`, lib/gitlab/auth/auth_finders.rb).
    private func bearer(
        _ request: HTTPRequest, _ parameters: Parameters, scopes: Set<String>?, at now: Date
    ) throws(APIError) -> Token {
        guard let secret = secret(of: request, parameters), let token = tokens[Digest(of: secret)],
            token.kind != .job
        else { throw .unauthorized }
        // AccessTokenValidationService looks at the expiry first, then at the revocation, then at the scopes.
        if token.isExpired(at: now) {
            throw .invalidToken("Token is expired. You can either do re-authorization or token refresh.")
        }
        if token.isRevoked { throw .invalidToken("Token was revoked. You have to re-authorize from the user.") }
        if let scopes, scopes.isDisjoint(with: token.scopes) { throw .insufficientScope }
        return token
    }

    /// A job's token in `JOB-TOKEN` is looked at by no route here, so that it is as good as none.
    private func secret(of request: HTTPRequest, _ parameters: Parameters) -> Secret? {
        if let text = parameters.text("private_token") ?? request.header("private-token"), !text.isEmpty {
            return Secret(text)
        }
        if let bearer = request.bearer { return bearer }
        guard let field = request.header("authorization"), field.hasPrefix("Bearer ") else { return nil }
        return Secret(String(field.dropFirst("Bearer ".count)))
    }

    private mutating func note(_ parameters: Parameters) {
        if parameters.namesInAddress.contains("value") { leaks.values += 1 }
        if !parameters.namesInAddress.isDisjoint(with: ["private_token", "access_token", "job_token"]) {
            leaks.tokens += 1
        }
    }

    /// Counts a request of a bearer in its minute (lib/gitlab/rack_attack.rb; on gitlab.com every answer carries the
    /// fields, elsewhere only the 429).
    private mutating func count(
        _ request: HTTPRequest, _ parameters: Parameters, at now: Date
    ) throws(APIError) -> [(name: String, value: String)] {
        let secret = secret(of: request, parameters).map { Digest(of: $0) }
        let isKnown = secret.map { tokens[$0] != nil } ?? false
        let bearer = isKnown ? secret?.hex ?? "" : ""
        let second = Int(now.timeIntervalSince1970.rounded(.down))
        let start = second - second % 60
        var window = windows[bearer] ?? (start, 0)
        if window.start != start { window = (start, 0) }
        window.count += 1
        windows[bearer] = window
        let limit = requestLimit ?? 2000
        let reset = Date(timeIntervalSince1970: Double(start + 60))
        var headers = [
            (name: "ratelimit-limit", value: String(limit)),
            (name: "ratelimit-name", value: isKnown ? "throttle_authenticated_api" : "throttle_unauthenticated_api"),
            (name: "ratelimit-observed", value: String(window.count)),
            (name: "ratelimit-remaining", value: String(max(0, limit - window.count))),
            (name: "ratelimit-reset", value: String(start + 60)),
        ]
        guard requestLimit != nil, window.count > limit else { return headers }
        headers += [("ratelimit-resettime", reset.httpDate), ("retry-after", String(start + 60 - second))]
        throw APIError(429, body: nil, text: "Retry later\n", headers: headers)
    }

    private mutating func response(
        _ status: Int, _ body: JSONValue?, text: String? = nil, headers: [(name: String, value: String)], at now: Date
    ) -> HTTPResponse {
        // The Date field knows no fractions of a second (RFC 9110 §5.6.7).
        let date = Date(timeIntervalSince1970: now.timeIntervalSince1970.rounded(.down))
        let id = random.hex(26).uppercased()
        let type = text != nil ? "text/plain" : body != nil ? "application/json" : nil
        var fields: [(name: String, value: String)] = type.map { [("content-type", $0)] } ?? []
        fields += [
            ("date", date.httpDate), ("cache-control", "max-age=0, private, must-revalidate"), ("vary", "Origin"),
            ("x-content-type-options", "nosniff"), ("x-frame-options", "SAMEORIGIN"),
            ("x-gitlab-meta", "{\"correlation_id\":\"\(id)\",\"version\":\"1\"}"), ("x-request-id", id),
        ]
        let bytes = text.map { Array($0.utf8) } ?? body?.bytes() ?? []
        return HTTPResponse(status: status, headers: fields + headers, body: bytes, date: date)
    }
}

extension APIError {
    /// A route that exists, with other methods (Grape::Exceptions::MethodNotAllowed).
    static func noMethod(_ allowed: [String]) -> APIError {
        APIError(
            405, body: ["error": "405 Not Allowed"],
            headers: [("allow", (["OPTIONS"] + allowed).joined(separator: ", "))])
    }
}
