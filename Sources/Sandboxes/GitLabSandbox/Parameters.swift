import FoundationEssentials
import HTTP
import JSON

/// The parameters of a request, from its query and its body; the body wins. `filter[environment_scope]` is one name,
/// however it was written.
struct Parameters {
    private var values: [String: JSONValue] = [:]
    /// Names that stood in the address.
    private(set) var namesInAddress: Set<String> = []

    /// Only what the address holds, which is read whatever the body is.
    init(addressOf request: HTTPRequest) {
        let query = request.url.description.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard query.count == 2 else { return }
        for (name, value) in Form.fields(query[1]) {
            values[name] = .string(value)
            namesInAddress.insert(name)
        }
    }

    /// Adds what the body holds: JSON, a form, or a form in parts.
    mutating func read(bodyOf request: HTTPRequest) throws(APIError) {
        guard let body = request.body, !body.isEmpty else { return }
        let type = request.header("content-type") ?? "application/x-www-form-urlencoded"
        switch type.prefix(while: { $0 != ";" }).lowercased() {
        case "application/json":
            guard let object = try? JSONValue(parsing: body).object else {
                throw .unreadable
            }
            for (name, value) in object.members { read(name, value) }
        case "application/x-www-form-urlencoded":
            for (name, value) in Form.fields(Substring(String(decoding: body, as: UTF8.self))) {
                values[name] = .string(value)
            }
        case "multipart/form-data":
            guard let fields = Form.parts(body, type) else { throw .parameters(["bad content body"]) }
            for (name, value) in fields { values[name] = .string(value) }
        default:
            throw APIError(415, body: ["error": .string("The provided content-type '\(type)' is not supported.")])
        }
    }

    private mutating func read(_ name: String, _ value: JSONValue) {
        guard let object = value.object else {
            values[name] = value
            return
        }
        values[name] = value
        for (inner, value) in object.members { values["\(name)[\(inner)]"] = value }
    }

    /// Whether the parameter is there, alone or with something in brackets behind it.
    func has(_ name: String) -> Bool { values.keys.contains { $0 == name || $0.hasPrefix(name + "[") } }

    /// A text as Grape takes it: numbers and truth values become texts.
    func text(_ name: String) -> String? {
        switch values[name] {
        case .string(let text)?: text
        case .number(let number)?: number.text
        case .bool(let flag)?: flag ? "true" : "false"
        default: nil
        }
    }

    /// A truth value as Grape takes it; `nil` for what is none and for what is not there.
    func flag(_ name: String) -> Bool? {
        if case .bool(let flag)? = values[name] { return flag }
        let text = text(name) ?? ""
        if ["1", "on", "On", "ON", "t", "true", "True", "TRUE", "T", "y", "yes", "Yes", "YES", "Y"].contains(text) {
            return true
        }
        if ["0", "off", "Off", "OFF", "f", "false", "False", "FALSE", "F", "n", "no", "No", "NO", "N"].contains(text) {
            return false
        }
        return nil
    }

    /// Whether it is there and something else than nothing (`null` in JSON, an empty text in a form).
    func holds(_ name: String) -> Bool { values[name] != nil && values[name] != .null && values[name] != "" }

    /// Whether it is there and neither a text, a number nor a truth value.
    func isStructured(_ name: String) -> Bool { holds(name) && text(name) == nil }
}

extension HTTPRequest {
    /// The first field of this name; case is ignored.
    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
}
