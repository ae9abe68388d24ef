import FoundationEssentials
import JSON
import Timestamps

/// The JSON object in a request's body, read by documented types. Unknown members are ignored.
struct Body {
    private let object: JSONObject

    init(_ bytes: [UInt8]?) throws(APIError) {
        guard let bytes, let value = try? JSONValue(parsing: bytes), let object = value.object else {
            throw APIError(400, "Invalid request parameters")
        }
        self.object = object
    }

    /// Whether the member is there, `null` or not.
    func has(_ name: String) -> Bool { object[name] != nil }

    subscript(name: String) -> JSONValue? { object[name] }

    /// A text of at least one character; `nil` if the member is missing.
    func text(_ name: String) throws(APIError) -> String? {
        guard let value = object[name] else { return nil }
        guard let text = value.string, !text.isEmpty else { throw .invalid(name, "must be a text that is not empty") }
        return text
    }

    /// As `text`, and `null` is taken for missing.
    func optionalText(_ name: String) throws(APIError) -> String? {
        object[name] == .null ? nil : try text(name)
    }

    func flag(_ name: String) throws(APIError) -> Bool? {
        guard let value = object[name] else { return nil }
        guard let flag = value.bool else { throw .invalid(name, "must be true or false") }
        return flag
    }

    /// An amount of zero or more; `nil` if the member is missing or `null`.
    func money(_ name: String) throws(APIError) -> Money? {
        guard let value = object[name], value != .null else { return nil }
        guard let number = value.number, number.double >= 0 else { throw .invalid(name, "must be zero or more") }
        return Money(number)
    }

    func period(_ name: String) throws(APIError) -> Period? {
        guard let value = object[name], value != .null else { return nil }
        guard let period = value.string.flatMap(Period.init) else {
            throw .invalid(name, "must be daily, weekly, monthly or null")
        }
        return period
    }

    /// A time in UTC with seconds; `nil` if the member is missing or `null`.
    func time(_ name: String) throws(APIError) -> Date? {
        guard let value = object[name], value != .null else { return nil }
        guard let text = value.string, let time = Self.time(text) else {
            throw .invalid(name, "must be a UTC time with seconds")
        }
        return time
    }

    static func time(_ text: String) -> Date? {
        var text = text
        if text.hasSuffix("+00:00") { text = text.dropLast(6) + "Z" }
        guard text.hasSuffix("Z") else { return nil }
        return Date(rfc3339: text)
    }
}
