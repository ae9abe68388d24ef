/// A character that gets into a key or a token when it is copied, and that none of them has.
package struct StrayCharacter: Hashable, Sendable, CustomStringConvertible {
    /// What it is and where it stands, without anything else of the text: `a line end at its end`.
    package let description: String

    /// The first one of a text; `nil` if it has none.
    package init?(in text: String) {
        let scalars = Array(text.unicodeScalars)
        guard let index = scalars.firstIndex(where: Self.isStray) else { return nil }
        let place = index == 0 ? "at its beginning" : index == scalars.count - 1 ? "at its end" : "in the middle"
        description = "\(Self.name(scalars[index])) \(place)"
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
        case "\n", "\r": "a line end"
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
