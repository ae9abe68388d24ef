public import JSON

/// A target's `with`, read by type. Errors are of code `configuration` and name the field.
///
/// Flags on the command line give texts, so `"true"` and `"8"` are taken for what they mean.
public struct Settings: Sendable {
    private let with: JSONObject

    /// The setting that every publisher has which can make its target: whether it does.
    public static let create = "create"

    /// The settings of one target.
    public init(_ with: JSONObject) { self.with = with }

    /// A text that is not empty; `nil` without the key.
    public func text(_ key: String) throws(PublisherError) -> String? {
        guard let value = with[key] else { return nil }
        guard let text = value.string, !text.isEmpty else { throw Self.error(key, "'\(key)' is not a text") }
        return text
    }

    /// A text, or the text of a whole number: for what a service knows by its name and by its number.
    public func nameOrNumber(_ key: String) throws(PublisherError) -> String? {
        if let number = with[key]?.integer { return String(number) }
        return try text(key)
    }

    /// A text that has to be there; `hint` says what it is.
    public func required(_ key: String, hint: String) throws(PublisherError) -> String {
        guard let text = try text(key) else { throw Self.error(key, "'\(key)' is missing", hint: hint) }
        return text
    }

    /// `true` or `false`; `nil` without the key.
    public func flag(_ key: String) throws(PublisherError) -> Bool? {
        switch with[key] {
        case nil: return nil
        case .bool(let flag): return flag
        case .string("true"): return true
        case .string("false"): return false
        default: throw Self.error(key, "'\(key)' is neither true nor false")
        }
    }

    /// A whole number within bounds; `nil` without the key.
    public func count(_ key: String, in bounds: ClosedRange<Int>) throws(PublisherError) -> Int? {
        guard let value = with[key] else { return nil }
        guard let count = value.integer ?? value.string.flatMap({ Int($0) }), bounds.contains(count) else {
            throw Self.error(key, "'\(key)' is no whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
        }
        return count
    }

    /// One of the words of a type; `nil` without the key.
    public func choice<Word: RawRepresentable<String> & CaseIterable>(
        _ key: String, _ type: Word.Type = Word.self
    ) throws(PublisherError) -> Word? {
        guard let text = try text(key) else { return nil }
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
        throw Self.error(key, "'\(key)' is not one of its words", hint: "take one of \(words)")
    }

    /// A list of texts, or one text with commas between them; `nil` without the key.
    public func texts(_ key: String) throws(PublisherError) -> [String]? {
        guard let value = with[key] else { return nil }
        let texts =
            value.strings ?? value.string?.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard let texts, texts.allSatisfy({ !$0.isEmpty }) else {
            throw Self.error(key, "'\(key)' is not a list of texts")
        }
        return texts
    }

    /// Whether the key is there.
    public func has(_ key: String) -> Bool { with[key] != nil }

    /// An error about one setting.
    public static func error(_ key: String, _ message: String, hint: String? = nil) -> PublisherError {
        PublisherError(.configuration, message, hint: hint, field: "with.\(key)")
    }
}
