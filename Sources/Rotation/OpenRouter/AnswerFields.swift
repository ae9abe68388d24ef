package import FoundationEssentials
import HTTP
package import JSON
import Secrets
import Timestamps

/// The fields of one object in an answer. A field that is not as documented is an error that names it, nothing else.
struct AnswerFields {
    private let object: JSONObject
    private let status: Int

    private init(_ object: JSONObject, _ status: Int) {
        self.object = object
        self.status = status
    }

    /// Reads the body of an answer, which is always an object.
    init(_ response: HTTPResponse) throws(OpenRouterError) {
        guard let value = try? JSONValue(parsing: response.body), let object = value.object else {
            throw .notJSON(response.status)
        }
        self.init(object, response.status)
    }

    func error(_ name: String) -> OpenRouterError { .field(name, status) }

    func has(_ name: String) -> Bool { object[name] != nil }

    func object(_ name: String) throws(OpenRouterError) -> AnswerFields {
        guard let object = object[name]?.object else { throw error(name) }
        return AnswerFields(object, status)
    }

    func objects(_ name: String) throws(OpenRouterError) -> [AnswerFields] {
        guard let elements = object[name]?.array else { throw error(name) }
        var result: [AnswerFields] = []
        for element in elements {
            guard let object = element.object else { throw error(name) }
            result.append(AnswerFields(object, status))
        }
        return result
    }

    /// How many elements an array has; an absent or null one has none.
    func optionalCount(_ name: String) throws(OpenRouterError) -> Int {
        guard let value = present(name) else { return 0 }
        guard let elements = value.array else { throw error(name) }
        return elements.count
    }

    func string(_ name: String) throws(OpenRouterError) -> String {
        guard let string = object[name]?.string else { throw error(name) }
        return string
    }

    func optionalString(_ name: String) throws(OpenRouterError) -> String? {
        guard has(name), let value = present(name) else { return nil }
        guard let string = value.string else { throw error(name) }
        return string
    }

    func bool(_ name: String) throws(OpenRouterError) -> Bool {
        guard let bool = object[name]?.bool else { throw error(name) }
        return bool
    }

    /// A whole number, also one that arrives as a string, as analytics may send it.
    func integer(_ name: String) throws(OpenRouterError) -> Int {
        let decimal = try number(name).decimal
        guard let decimal, let integer = Int(decimal.description) else { throw error(name) }
        return integer
    }

    /// A number that can be compared, also one that arrives as a string.
    func number(_ name: String) throws(OpenRouterError) -> JSONNumber {
        let value = object[name]
        let number = value?.number ?? value?.string.flatMap { JSONNumber($0) }
        guard let number, number.decimal != nil else { throw error(name) }
        return number
    }

    /// A number or null; the field itself must be there.
    func nullableNumber(_ name: String) throws(OpenRouterError) -> JSONNumber? {
        if object[name] == .null { return nil }
        return try number(name)
    }

    func date(_ name: String) throws(OpenRouterError) -> Date {
        guard let date = Date(rfc3339: try string(name)) else { throw error(name) }
        return date
    }

    func optionalDate(_ name: String) throws(OpenRouterError) -> Date? {
        present(name) == nil ? nil : try date(name)
    }

    func hash(_ name: String) throws(OpenRouterError) -> KeyHash {
        guard let hash = KeyHash(try string(name)) else { throw error(name) }
        return hash
    }

    /// A list of hashes or null; the field itself must be there.
    func nullableHashes(_ name: String) throws(OpenRouterError) -> [KeyHash]? {
        if object[name] == .null { return nil }
        guard let elements = object[name]?.array else { throw error(name) }
        var hashes: [KeyHash] = []
        for element in elements {
            guard let hash = element.string.flatMap({ KeyHash($0) }) else { throw error(name) }
            hashes.append(hash)
        }
        return hashes
    }

    private func present(_ name: String) -> JSONValue? {
        guard let value = object[name], !value.isNull else { return nil }
        return value
    }
}

extension JSONNumber {
    /// The number in decimal, up to 38 digits; `nil` if it is out of range. Money is compared in this form.
    package var decimal: Decimal? { Decimal(string: text) }
}
