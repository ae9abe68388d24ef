/// A character that gets into a key or a token when it is copied, and that none of them has.
package struct StrayCharacter: Hashable, Sendable, CustomStringConvertible {
    /// What the text does, without anything else of it: `ends with a line break`.
    package let description: String

    /// The first one of a text; `nil` if it has none.
    package init?(in text: String) {
        let scalars = Array(text.unicodeScalars)
        guard let index = scalars.firstIndex(where: Self.isStray) else { return nil }
        let name = Self.name(scalars[index])
        description =
            index == 0
            ? "begins with \(name)" : index == scalars.count - 1 ? "ends with \(name)" : "has \(name) in the middle"
    }

    // Printable ASCII without quotes.
    private static func isStray(_ scalar: Unicode.Scalar) -> Bool {
        !(0x21...0x7E).contains(scalar.value) || "\"'`".unicodeScalars.contains(scalar)
    }

    private static func name(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"", "'", "`", "\u{201C}", "\u{201D}", "\u{2018}", "\u{2019}": "a quote"
        case " ": "a space"
        case "\t": "a tab"
        case "\n", "\r": "a line break"
        case "\u{A0}": "a non-breaking space (U+00A0)"
        case "\u{FEFF}": "a byte order mark (U+FEFF)"
        default: "the character U+\(hexadecimal(scalar))"
        }
    }

    private static func hexadecimal(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
