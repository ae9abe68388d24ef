extension JSONValue {
    /// How a value is written.
    public enum Form: Sendable {
        /// One line, members in their order.
        case compact
        /// Two spaces a level, members in their order, for people and for diffs.
        case pretty
        /// One line, members sorted by their UTF-16 code units: RFC 8785, for values whose numbers are whole.
        case canonical
    }

    /// The UTF-8 text of the value.
    public func bytes(_ form: Form = .compact) -> [UInt8] { Array(text(form).utf8) }

    /// The text of the value.
    public func text(_ form: Form = .compact) -> String {
        var text = ""
        write(to: &text, form, indent: 0)
        return text
    }

    private func write(to text: inout String, _ form: Form, indent: Int) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .number(let number): text += number.text
        case .string(let string): Self.write(string, to: &text)
        case .array(let elements):
            Self.writeList(elements, "[", "]", to: &text, form, indent) { element, text in
                element.write(to: &text, form, indent: indent + 1)
            }
        case .object(let object):
            var members = object.members
            if form == .canonical {
                members.sort { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
            }
            Self.writeList(members, "{", "}", to: &text, form, indent) { member, text in
                Self.write(member.key, to: &text)
                text += form == .pretty ? ": " : ":"
                member.value.write(to: &text, form, indent: indent + 1)
            }
        }
    }

    private static func writeList<Element>(
        _ elements: [Element], _ open: String, _ close: String, to text: inout String, _ form: Form, _ indent: Int,
        write: (Element, inout String) -> Void
    ) {
        text += open
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            if form == .pretty { text += "\n" + String(repeating: "  ", count: indent + 1) }
            write(element, &text)
        }
        if form == .pretty, !elements.isEmpty { text += "\n" + String(repeating: "  ", count: indent) }
        text += close
    }

    /// Escapes as RFC 8785 §3.2.2.2 has it: the short forms, and `\u00xx` for the other control characters.
    private static func write(_ string: String, to text: inout String) {
        text += "\""
        defer { text += "\"" }
        // Most texts have nothing to escape, and are written at once.
        let escaped = string.utf8.contains { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
        guard escaped else {
            text += string
            return
        }
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\u{08}": text += "\\b"
            case "\u{0C}": text += "\\f"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{00}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}
