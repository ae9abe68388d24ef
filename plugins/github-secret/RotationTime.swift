import FoundationEssentials

/// When a rotation began, which its id tells: a ULID has 48 bits of milliseconds in front, in Crockford's base32.
/// Of two ids the smaller text is the older one.
struct RotationTime: Comparable {
    let text: String

    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// `nil` for anything but a ULID.
    init?(_ text: String) {
        guard text.utf8.count == 26, text.utf8.allSatisfy(Self.alphabet.contains) else { return nil }
        self.text = text
    }

    var beginning: Date {
        let milliseconds = text.utf8.prefix(10).reduce(0) { total, digit in
            total * 32 + (Self.alphabet.firstIndex(of: digit) ?? 0)
        }
        return Date(timeIntervalSince1970: Double(milliseconds) / 1000)
    }

    static func < (left: Self, right: Self) -> Bool { left.text < right.text }
}
