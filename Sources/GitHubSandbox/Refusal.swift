import JSON

/// A status that is no success, in GitHub's form of errors.
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
