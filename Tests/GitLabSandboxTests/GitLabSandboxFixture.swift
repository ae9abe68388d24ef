import FoundationEssentials
import GitLabSandbox
import HTTP
import JSON
import Secrets
import Testing

/// What came back, read.
struct Answer {
    let response: HTTPResponse

    var status: Int { response.status }
    var json: JSONValue? { try? JSONValue(parsing: response.body) }
    var message: JSONValue? { json?["message"] }
    var text: String { String(decoding: response.body, as: UTF8.self) }
    /// The keys in a list, in its order.
    var keys: [String] { json?.array?.compactMap { $0["key"]?.string } ?? [] }
}

/// A GitLab with the projects `acme/web` (2) and `acme/platform/api`, hence the groups `acme` and `acme/platform`.
struct GitLabSandboxFixture {
    var gitlab = GitLabSandbox()
    var now = Date(timeIntervalSince1970: 1_790_000_000.25)
    let web: Int

    init() {
        web = gitlab.addProject("acme/web", at: now)
        gitlab.addProject("acme/platform/api", at: now)
    }

    /// Asks for a path below `/gitlab/api/v4`, with the token that may do everything or with another.
    @discardableResult
    mutating func ask(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil, as token: Secret? = nil
    ) throws -> Answer {
        try ask(
            method, path, body: body.map { $0.bytes() },
            headers: [
                ("private-token", (token ?? gitlab.token).revealed() ?? ""), ("content-type", "application/json"),
            ])
    }

    /// Asks with exactly these header fields and this body.
    mutating func ask(
        _ method: HTTPRequest.Method, _ path: String, body: [UInt8]?, headers: [(name: String, value: String)]
    ) throws -> Answer {
        let url = try HTTPURL("http://127.0.0.1:8899/gitlab/api/v4" + path)
        return Answer(response: gitlab.answer(HTTPRequest(method, url, headers: headers, body: body), at: now))
    }

    /// Asks for a path below `/sandbox/gitlab`.
    mutating func control(_ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil) throws -> Answer {
        let url = try HTTPURL("http://127.0.0.1:8899/sandbox/gitlab/" + path)
        return Answer(response: gitlab.control(HTTPRequest(method, url, body: body?.bytes()), at: now))
    }
}

/// One of the three places where variables live.
enum Place: String, CaseIterable, CustomTestStringConvertible {
    case project = "/projects/acme%2Fweb"
    case group = "/groups/acme%2Fplatform"
    case instance = "/admin/ci"

    var list: String { rawValue + "/variables" }
    var testDescription: String { "\(self)" }

    var owner: VariableOwner {
        switch self {
        case .project: .project("acme/web")
        case .group: .group("acme/platform")
        case .instance: .instance
        }
    }

    /// What GitLab calls a variable of it.
    var noun: String {
        switch self {
        case .project: "Variable"
        case .group: "GroupVariable"
        case .instance: "InstanceVariable"
        }
    }
}
