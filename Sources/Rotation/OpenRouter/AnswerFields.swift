package import FoundationEssentials
import HTTP
package import JSON
import Secrets
import Timestamps

/// The fields of one object in an answer. A field that is not as documented is an error that names it, nothing else.
typealias AnswerFields = JSONFields<OpenRouterError>

extension JSONFields<OpenRouterError> {
    /// Reads the body of an answer, which is always an object.
    init(_ response: HTTPResponse) throws(OpenRouterError) {
        let status = response.status
        guard let object = (try? JSONValue(parsing: response.body))?.object else { throw .notJSON(status) }
        self.init(object, name: "the answer") { .field($0.key, status) }
    }

    /// Whether the field is there, if only as null.
    func has(_ name: String) -> Bool { self[name] != nil }

    /// A number that can be compared, also one that arrives as a string, as analytics may send it.
    func number(_ name: String) throws(OpenRouterError) -> JSONNumber {
        try required(name, \.comparableNumber, "a number")
    }

    /// A number or null; the field itself must be there.
    func nullableNumber(_ name: String) throws(OpenRouterError) -> JSONNumber? {
        self[name] == .null ? nil : try number(name)
    }

    /// A whole number, also one that arrives as a string.
    func count(_ name: String) throws(OpenRouterError) -> Int {
        let decimal = try number(name).decimal
        guard let decimal, let integer = Int(decimal.description) else { throw error(name) }
        return integer
    }

    func date(_ name: String) throws(OpenRouterError) -> Date { try required(name, \.date, "a date") }

    func optionalDate(_ name: String) throws(OpenRouterError) -> Date? { try optional(name, \.date, "a date") }

    func hash(_ name: String) throws(OpenRouterError) -> KeyHash { try required(name, \.keyHash, "a hash") }

    /// OpenRouter's name for something, as one segment of a path.
    func identifier(_ name: String) throws(OpenRouterError) -> String {
        try required(name, \.keyHash, "an identifier").description
    }

    /// A list of hashes or null; the field itself must be there.
    func nullableHashes(_ name: String) throws(OpenRouterError) -> [KeyHash]? {
        guard has(name) else { throw error(name) }
        return try optional(name, { $0.elements(\.keyHash) }, "a list of hashes")
    }
}

extension JSONValue {
    fileprivate var comparableNumber: JSONNumber? {
        let number = number ?? string.flatMap { JSONNumber($0) }
        return number?.decimal == nil ? nil : number
    }

    fileprivate var date: Date? { string.flatMap { Date(rfc3339: $0) } }

    fileprivate var keyHash: KeyHash? { string.flatMap { KeyHash($0) } }
}

extension JSONNumber {
    /// The number in decimal, up to 38 digits; `nil` if it is out of range. Money is compared in this form.
    package var decimal: Decimal? { Decimal(string: text) }
}
