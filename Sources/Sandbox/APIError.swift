import JSON

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
