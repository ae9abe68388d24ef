import JSON

/// An answer in the documented error form `{"error": {"code", "message"}}`.
struct APIError: Error {
    let status: Int
    let message: String
    /// The code of RFC 6749 §5.2 by which `/oauth/token` names it.
    var oauth: String?
    /// Seconds to wait, where they are told.
    var retryAfter: Int?

    init(_ status: Int, _ message: String, oauth: String? = nil) {
        self.status = status
        self.message = message
        self.oauth = oauth
    }

    static let missingAuthentication = APIError(401, "Missing Authentication header")
    static let unknownUser = APIError(401, "User not found.")
    static let managementOnly = APIError(403, "Only management keys can perform this operation")
    static let notFound = APIError(404, "Resource not found")
    static let noUpdate = APIError(400, "No update fields provided")

    /// 400 for one field; the value is not quoted.
    static func invalid(_ field: String, _ rule: String) -> APIError { APIError(400, "\(field): \(rule)") }

    var json: JSONValue {
        if let oauth { return ["error": .string(oauth), "error_description": .string(message)] }
        return ["error": ["code": .number(JSONNumber(status)), "message": .string(message)]]
    }

    /// The same as `/oauth/token` answers it.
    var asOAuth: APIError {
        let code = [429: "invalid_request", 500: "server_error", 503: "temporarily_unavailable"][status]
        var error = self
        error.oauth = oauth ?? code ?? "invalid_request"
        return error
    }

    var headers: [(name: String, value: String)] { retryAfter.map { [("retry-after", String($0))] } ?? [] }
}
