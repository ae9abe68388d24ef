package import FoundationEssentials

/// An id that sorts by age: 48 bits of milliseconds, then 80 random bits, in Crockford's base32
/// (github.com/ulid/spec).
package struct ULID: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// Reads 26 characters of the alphabet; `nil` for anything else.
    package init?(_ text: String) {
        guard text.utf8.count == 26, text.utf8.allSatisfy(Self.alphabet.contains) else { return nil }
        description = text
    }

    /// An id of this moment. Of each of the 16 `random` bytes five bits count.
    package init(at now: Date, random: [UInt8]) {
        precondition(random.count == 16, "a ULID has 16 random digits")
        var milliseconds = UInt64(max(0, now.timeIntervalSince1970) * 1000)
        var digits: [UInt8] = []
        for _ in 0..<10 {
            digits.append(Self.alphabet[Int(milliseconds & 31)])
            milliseconds >>= 5
        }
        digits.reverse()
        digits += random.map { Self.alphabet[Int($0 & 31)] }
        description = String(decoding: digits, as: UTF8.self)
    }

    /// The moment in it.
    package var date: Date {
        let milliseconds = description.utf8.prefix(10).reduce(0) { total, digit in
            total * 32 + (Self.alphabet.firstIndex(of: digit) ?? 0)
        }
        return Date(timeIntervalSince1970: Double(milliseconds) / 1000)
    }
}
