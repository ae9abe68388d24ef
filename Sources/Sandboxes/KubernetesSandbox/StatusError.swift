import HTTP
import JSON

/// A refusal: Kubernetes' `Status` (staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go).
struct StatusError: Error {
    let code: Int
    let reason: String
    let message: String
    var details: JSONObject = [:]
    /// Goes into `Retry-After` too.
    var retryAfter: Int?

    static let unauthorized = StatusError(code: 401, reason: "Unauthorized", message: "Unauthorized")

    static let noRoute = StatusError(
        code: 404, reason: "NotFound", message: "the server could not find the requested resource")

    static let noMethod = StatusError(
        code: 405, reason: "MethodNotAllowed",
        message: "the server does not allow this method on the requested resource")

    static func notFound(_ resource: Resource, _ name: String) -> StatusError {
        StatusError(
            code: 404, reason: "NotFound", message: "\(resource.qualified) \"\(name)\" not found",
            details: about(resource, name))
    }

    static func exists(_ resource: Resource, _ name: String) -> StatusError {
        StatusError(
            code: 409, reason: "AlreadyExists", message: "\(resource.qualified) \"\(name)\" already exists",
            details: about(resource, name))
    }

    static func conflict(_ resource: Resource, _ name: String) -> StatusError {
        StatusError(
            code: 409, reason: "Conflict",
            message: "Operation cannot be fulfilled on \(resource.qualified) \"\(name)\": the object has been modified;"
                + " please apply your changes to the latest version and try again",
            details: about(resource, name))
    }

    static func forbidden(_ resource: Resource, _ name: String, _ why: String, cause: JSONObject? = nil) -> StatusError
    {
        let subject = name.isEmpty ? "\(resource.qualified) is" : "\(resource.qualified) \"\(name)\" is"
        var details = about(resource, name)
        if let cause { details["causes"] = [.object(cause)] }
        return StatusError(code: 403, reason: "Forbidden", message: "\(subject) forbidden: \(why)", details: details)
    }

    /// `problem` as `data: Forbidden: field is immutable`.
    static func invalid(_ resource: Resource, _ name: String, field: String, _ problem: String) -> StatusError {
        var details: JSONObject = ["name": .string(name)]
        if !resource.group.isEmpty { details["group"] = .string(resource.group) }
        details["kind"] = .string(resource.kind)
        details["causes"] = [["reason": "FieldValueInvalid", "message": .string(problem), "field": .string(field)]]
        return StatusError(
            code: 422, reason: "Invalid", message: "\(resource.kind) \"\(name)\" is invalid: \(field): \(problem)",
            details: details)
    }

    static func badRequest(_ message: String) -> StatusError {
        StatusError(code: 400, reason: "BadRequest", message: message)
    }

    static func mediaType(_ accepted: [String]) -> StatusError {
        StatusError(
            code: 415, reason: "UnsupportedMediaType",
            message: "the body of the request was in an unknown format - accepted media types include: "
                + accepted.joined(separator: ", "))
    }

    /// What priority and fairness answers (apiserver/pkg/server/filters/priority-and-fairness.go).
    static let tooMany = StatusError(
        code: 429, reason: "TooManyRequests", message: "Too many requests, please try again later.",
        details: ["retryAfterSeconds": 1], retryAfter: 1)

    private static func about(_ resource: Resource, _ name: String) -> JSONObject {
        var details: JSONObject = [:]
        if !name.isEmpty { details["name"] = .string(name) }
        if !resource.group.isEmpty { details["group"] = .string(resource.group) }
        details["kind"] = .string(resource.rawValue)
        return details
    }

    var json: JSONValue {
        var status: JSONObject = [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure", "message": .string(message),
            "reason": .string(reason),
        ]
        if !details.isEmpty { status["details"] = .object(details) }
        status["code"] = .number(JSONNumber(code))
        return .object(status)
    }
}
