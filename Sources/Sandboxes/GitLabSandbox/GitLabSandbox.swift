import FoundationEssentials
import HTTP
import JSON
package import SandboxWire
package import Secrets
import Sodium

/// The part of GitLab's API that holds the variables of pipelines, as a value: copying it copies the world.
/// It answers as GitLab 18 does (lib/api/ci/variables.rb, group_variables.rb, admin/ci/variables.rb and what they
/// call).
package struct GitLabSandbox: Sendable {
    /// An administrator's token with the scope `api`.
    package let token: Secret
    /// How many requests a token may send in a minute; `nil` for no limit.
    package var requestLimit: Int?
    /// Whether the groups have a Premium subscription. Without it GitLab drops the environment scope of a group's
    /// variable silently (ee/lib/ee/api/helpers/variables_helpers.rb).
    package var premium = true
    /// GitLab's version; hidden variables exist since 17.4.
    package var version = "18.5.1"
    /// How many variables one place may hold (application limits of a project, a group and the instance).
    package var variableLimits = (project: 8000, group: 30000, instance: 25)
    /// How many requests held a value or a token in their address, where it ends in logs.
    package internal(set) var leaks = (values: 0, tokens: 0)

    // The first is the instance itself.
    var containers: [Container]
    var tokens: [Digest: Token] = [:]
    var windows: [String: (start: Int, count: Int)] = [:]
    var random: Randomness
    private var lastID = 0

    /// A world with an administrator and nothing else.
    package init(_ randomness: Randomness = .seeded(0)) {
        random = randomness
        containers = [Container(id: 0, kind: .instance, path: "", createdAt: .distantPast)]
        token = Secret("glpat-" + random.hex(20))
        let id = nextID()
        tokens[Digest(of: token)] = Token(
            id: id, kind: .personal, scopes: ["api"], roles: [:], isAdministrator: true, createdAt: Self.start)
    }

    mutating func nextID() -> Int {
        lastID += 1
        return lastID
    }

    /// When things were made that were there before the first request.
    static let start = Date(timeIntervalSince1970: 1_767_225_600)
}

/// What holds variables: the instance, a group or a project.
struct Container: Sendable {
    enum Kind: Sendable { case instance, group, project }

    let id: Int
    let kind: Kind
    /// `acme/platform/web`
    var path: String
    let createdAt: Date
    /// Where it was before, newest last.
    var formerPaths: [String] = []
    var variables: [Variable] = []

    /// The last segment of the path.
    var slug: String { String(path.split(separator: "/").last ?? "") }
    /// The path of the group that it lies in, empty for a group at the top.
    var parent: String { path.split(separator: "/").dropLast().joined(separator: "/") }

    /// Whether this is the path; GitLab ignores case.
    func isAt(_ path: String) -> Bool { self.path.lowercased() == path.lowercased() }

    /// What GitLab calls a variable of it in its messages.
    var nounOfVariable: String {
        switch kind {
        case .instance: "InstanceVariable"
        case .group: "GroupVariable"
        case .project: "Variable"
        }
    }
}

/// Whose variables are meant.
package enum VariableOwner: Hashable, Sendable {
    /// The project at a path.
    case project(String)
    /// The group at a path.
    case group(String)
    /// The whole instance.
    case instance
}

/// A refusal. Most are `{"message": …}`; what Grape and OAuth refuse themselves is `{"error": …}`.
struct APIError: Error {
    let status: Int
    let body: JSONValue?
    /// Instead of a JSON body.
    var text: String?
    var headers: [(name: String, value: String)] = []

    /// `{"message": …}`
    init(_ status: Int, _ message: JSONValue) {
        self.status = status
        body = ["message": message]
    }

    init(_ status: Int, body: JSONValue?, text: String? = nil, headers: [(name: String, value: String)] = []) {
        self.status = status
        self.body = body
        self.text = text
        self.headers = headers
    }

    static let unauthorized = APIError(401, "401 Unauthorized")
    static let forbidden = APIError(403, "403 Forbidden")

    static func notFound(_ noun: String) -> APIError { APIError(404, .string("404 \(noun) Not Found")) }

    /// No such route (the last route of lib/api/api.rb).
    static let noRoute = APIError(404, body: ["error": "404 Not Found"])

    static let severalMatch = APIError(
        409, "There are multiple variables with provided parameters. Please use 'filter[environment_scope]'")

    /// Parameters that are not of the declared kind (Grape::Exceptions::ValidationErrors).
    static func parameters(_ problems: [String]) -> APIError {
        APIError(400, body: ["error": .string(problems.joined(separator: ", "))])
    }

    /// A body that is not a JSON object (Grape::Exceptions::InvalidMessageBody).
    static let unreadable = APIError(
        400,
        body: [
            "error": .string(
                "\nProblem:\n  message body does not match declared format\nResolution:\n  when specifying "
                    + "application/json as content-type, you must pass valid application/json in the request's 'body' ")
        ])

    /// The token's scopes do not reach. GitLab sends no `WWW-Authenticate` here (lib/api/api_guard.rb).
    static let insufficientScope = APIError(
        403,
        body: [
            "error": "insufficient_scope",
            "error_description": "The request requires higher privileges than provided by the access token.",
            "scope": "api read_api",
        ])

    /// A token that was valid once.
    static func invalidToken(_ description: String) -> APIError {
        let challenge =
            "Bearer realm=\"Protected by OAuth 2.0\", error=\"invalid_token\", error_description=\"\(description)\""
        return APIError(
            401, body: ["error": "invalid_token", "error_description": .string(description)],
            headers: [("www-authenticate", challenge)])
    }
}
