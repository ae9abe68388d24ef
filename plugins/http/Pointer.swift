import JSON
import PublisherKit

/// A place in a document of JSON (RFC 6901), as `/data/variables/{name}`: a placeholder stands within one step of it.
struct Pointer: Sendable {
    private let steps: [Template]

    /// `nil` for what is neither empty nor begins with a slash, and for a `~` that is no `~0` or `~1`.
    init?(_ text: String) {
        guard text.isEmpty || text.hasPrefix("/") else { return nil }
        var steps: [Template] = []
        for step in text.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            guard let unescaped = Self.unescaped(step) else { return nil }
            steps.append(Template(unescaped))
        }
        self.steps = steps
    }

    /// The document itself.
    static let whole = Pointer(steps: [])

    private init(steps: [Template]) { self.steps = steps }

    /// What stands there; `nil` for nothing and for `null`.
    func value(in document: JSONValue, _ values: Values) throws(PublisherError) -> JSONValue? {
        var found = document
        for step in steps {
            guard let name = try step.text(values), let next = Self.member(name, of: found) else { return nil }
            found = next
        }
        guard !found.isNull else { return nil }
        return found
    }

    private static func member(_ name: String, of value: JSONValue) -> JSONValue? {
        guard let elements = value.array else { return value.object?[name] }
        // An index has no sign and no leading zero (RFC 6901 §4).
        guard let index = Int(name), String(index) == name, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    private static func unescaped(_ step: Substring) -> String? {
        var text = ""
        var rest = step[...]
        while let character = rest.popFirst() {
            guard character == "~" else {
                text.append(character)
                continue
            }
            switch rest.popFirst() {
            case "0": text += "~"
            case "1": text += "/"
            default: return nil
            }
        }
        return text
    }
}
