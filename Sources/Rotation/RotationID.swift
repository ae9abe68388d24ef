package import FoundationEssentials
import Sodium

/// The id of a rotation: a ULID (48 bits of milliseconds, 80 random bits, Crockford's base32), so that ids sort by age.
package struct RotationID: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// Reads 26 characters of Crockford's base32; `nil` for anything else.
    package init?(_ text: String) {
        guard text.utf8.count == 26, text.utf8.allSatisfy(Self.alphabet.contains) else { return nil }
        description = text
    }

    /// A new id that nobody else has.
    package init(at now: Date) {
        var milliseconds = UInt64(max(0, now.timeIntervalSince1970) * 1000)
        var digits: [UInt8] = []
        for _ in 0..<10 {
            digits.append(Self.alphabet[Int(milliseconds & 31)])
            milliseconds >>= 5
        }
        digits.reverse()
        digits += RandomBytes.bytes(16).map { Self.alphabet[Int($0 & 31)] }
        description = String(decoding: digits, as: UTF8.self)
    }
}
