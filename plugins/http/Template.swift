import JSON
import PublisherKit

/// What placeholders stand for, by name.
struct Values: Sendable {
    private var texts: [String: String] = [:]

    /// The texts, numbers and flags among the settings.
    init(_ with: JSONObject = [:]) {
        for (key, value) in with.members {
            texts[key] = value.string ?? value.integer.map(String.init) ?? value.bool.map(String.init)
        }
    }

    subscript(name: String) -> String? {
        get { texts[name] }
        set { texts[name] = newValue }
    }

    /// The same with one more.
    func adding(_ name: String, _ text: String) -> Values {
        var values = self
        values[name] = text
        return values
    }
}

/// A text with placeholders: `{name}` stands for a value, `{name?}` for one that may be missing, and then nothing is said
/// at all. Any other brace stands for itself.
struct Template: Sendable {
    private enum Part {
        case literal(String)
        case value(String, isOptional: Bool)
    }

    private let parts: [Part]

    init(_ text: String) {
        var parts: [Part] = []
        var rest = text[...]
        while let brace = rest.firstIndex(of: "{") {
            let inside = rest[rest.index(after: brace)...].prefix { $0 != "}" && $0 != "{" }
            let isOptional = inside.hasSuffix("?")
            let name = isOptional ? inside.dropLast() : inside
            guard inside.endIndex < rest.endIndex, rest[inside.endIndex] == "}", Self.isName(name) else {
                parts.append(.literal(String(rest[...brace])))
                rest = rest[rest.index(after: brace)...]
                continue
            }
            parts.append(.literal(String(rest[..<brace])))
            parts.append(.value(String(name), isOptional: isOptional))
            rest = rest[rest.index(after: inside.endIndex)...]
        }
        self.parts = parts + [.literal(String(rest))]
    }

    /// The names of its placeholders.
    var names: [String] {
        parts.compactMap { if case .value(let name, _) = $0 { name } else { nil } }
    }

    /// The text with its values; `nil` where one is missing that may be.
    func text(_ values: Values) throws(PublisherError) -> String? {
        var text = ""
        for part in parts {
            switch part {
            case .literal(let literal): text += literal
            case .value(let name, let isOptional):
                guard let value = values[name] else {
                    if isOptional { return nil }
                    throw Settings.error(name, "'\(name)' is missing, and {\(name)} stands for it")
                }
                text += value
            }
        }
        return text
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }
    }
}

extension JSONValue {
    /// The names of the placeholders in its texts and keys.
    var placeholders: [String] {
        switch self {
        case .string(let text): Template(text).names
        case .array(let elements): elements.flatMap(\.placeholders)
        case .object(let object): object.members.flatMap { Template($0.key).names + $0.value.placeholders }
        default: []
        }
    }

    /// The same with values in place of placeholders; `nil` where one is missing that may be: its member goes.
    func filled(_ values: Values) throws(PublisherError) -> JSONValue? {
        switch self {
        case .string(let text): return try Template(text).text(values).map(JSONValue.string)
        case .array(let elements):
            var filled: [JSONValue] = []
            for element in elements { if let value = try element.filled(values) { filled.append(value) } }
            return .array(filled)
        case .object(let object):
            var filled = JSONObject()
            for (key, value) in object.members {
                if let key = try Template(key).text(values) { filled[key] = try value.filled(values) }
            }
            return .object(filled)
        default: return self
        }
    }
}
