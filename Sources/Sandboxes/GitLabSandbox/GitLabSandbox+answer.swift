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

    /// A job's token in `JOB-TOKEN` is looked at by no route here, so it counts for nothing.
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

/// The two kinds of HTML forms.
enum Form {
    /// The fields of `a=1&b=2` (application/x-www-form-urlencoded).
    static func fields(_ text: Substring) -> [(name: String, value: String)] {
        text.split(separator: "&").map { field in
            let sides = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (decode(sides[0]), sides.count == 2 ? decode(sides[1]) : "")
        }
    }

    private static func decode(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The fields of a form in parts (RFC 7578); `nil` if it is none.
    static func parts(_ body: [UInt8], _ type: String) -> [(name: String, value: String)]? {
        guard let boundary = parameter("boundary", in: type) else { return nil }
        let text = String(decoding: body, as: UTF8.self)
        var fields: [(name: String, value: String)] = []
        for part in text.split(separator: "--" + boundary, omittingEmptySubsequences: false).dropFirst() {
            if part.hasPrefix("--") { return fields }
            guard let end = part.firstRange(of: "\r\n\r\n"), part.hasSuffix("\r\n") else { return nil }
            let disposition = part[..<end.lowerBound].split(separator: "\r\n").first {
                $0.lowercased().hasPrefix("content-disposition:")
            }
            guard let disposition, let name = parameter("name", in: String(disposition)) else { return nil }
            // A line end is one character to Swift.
            fields.append((name, String(part[end.upperBound...].dropLast())))
        }
        return nil
    }

    private static func parameter(_ name: String, in field: String) -> String? {
        for parameter in field.split(separator: ";").dropFirst() {
            let sides = parameter.split(separator: "=", maxSplits: 1)
            guard sides.count == 2, sides[0].trimmed == name else { continue }
            let value = sides[1].trimmed
            let isQuoted = value.count >= 2 && value.hasPrefix("\"") && value.hasSuffix("\"")
            return isQuoted ? String(value.dropFirst().dropLast()) : value
        }
        return nil
    }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

/// Which part of a list is asked for (lib/gitlab/pagination/offset_header_builder.rb).
struct Page {
    private let number: Int
    private let size: Int
    private let total: Int

    init(_ parameters: Parameters, of total: Int) throws(APIError) {
        var problems: [String] = []
        func count(_ name: String, _ otherwise: Int) -> Int {
            guard parameters.holds(name) else { return otherwise }
            guard let count = Int(parameters.text(name) ?? "") else {
                problems.append(name + " is invalid")
                return otherwise
            }
            return count
        }
        number = max(1, count("page", 1))
        let size = count("per_page", 20)
        self.size = size < 1 ? 20 : min(size, 100)
        self.total = total
        guard problems.isEmpty else { throw .parameters(problems) }
    }

    var range: Range<Int> {
        let start = min(total, (number - 1) * size)
        return start..<min(total, start + size)
    }

    /// The fields of a list at an address that has this in its query besides the page.
    func headers(_ address: String, _ query: [(String, String)]) -> [(name: String, value: String)] {
        let last = max(1, (total + size - 1) / size)
        let next = number < last ? number + 1 : nil
        let previous = number > 1 ? number - 1 : nil
        func link(_ page: Int, _ relation: String) -> String {
            let fields = query + [("page", String(page)), ("per_page", String(size))]
            let text = fields.map { $0 + "=" + HTTPURL.encode($1) }.joined(separator: "&")
            return "<\(address)?\(text)>; rel=\"\(relation)\""
        }
        let links = [
            previous.map { link($0, "prev") }, next.map { link($0, "next") }, link(1, "first"), link(last, "last"),
        ]
        func text(_ page: Int?) -> String { page.map(String.init) ?? "" }
        return [
            ("link", links.compactMap { $0 }.joined(separator: ", ")), ("x-next-page", text(next)),
            ("x-page", String(number)), ("x-per-page", String(size)), ("x-prev-page", text(previous)),
            ("x-total", String(total)), ("x-total-pages", String(last)),
        ]
    }
}
