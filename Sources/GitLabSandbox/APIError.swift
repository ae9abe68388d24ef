import HTTP
import JSON

/// A refusal. Most are `{"message": …}`; what Grape and OAuth refuse themselves is `{"error": …}`.
struct APIError: Error {
    let status: Int
    let body: JSONValue?
    /// In the place of a body of JSON.
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

    /// A body that is no JSON object (Grape::Exceptions::InvalidMessageBody).
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
