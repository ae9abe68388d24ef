package import FoundationEssentials

/// When a rotation began, which its id tells: a ULID has 48 bits of milliseconds in front, in Crockford's base32.
package struct RotationTime {
    /// The whole id.
    package let text: String
    package let beginning: Date

    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// `nil` for anything but a ULID.
    package init?(_ text: String) {
        guard text.utf8.count == 26, text.utf8.allSatisfy(Self.alphabet.contains) else { return nil }
        self.text = text
        let milliseconds = text.utf8.prefix(10).reduce(0) { total, digit in
            total * 32 + (Self.alphabet.firstIndex(of: digit) ?? 0)
        }
        beginning = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
    }

    /// Whether it certainly began later. Of two that began in the same moment nobody knows.
    package func isLater(than other: RotationTime) -> Bool { beginning > other.beginning }
}
