package import FoundationEssentials
import Sodium

/// The id of a rotation: a ULID (48 bits of milliseconds, 80 random bits, Crockford's base32), so that ids sort by age.
package struct RotationID: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

    /// Reads 26 characters of Crockford's base32; `nil` for anything else.
    package init?(_ text: String) {
        guard text.utf8.count == 26, text.allSatisfy({ Self.alphabet.contains($0) }) else { return nil }
        description = text
    }

    /// A new id that nobody else has.
    package init(at now: Date) {
        var milliseconds = UInt64(max(0, now.timeIntervalSince1970) * 1000)
        var characters: [Character] = []
        for _ in 0..<10 {
            characters.append(Self.alphabet[Int(milliseconds & 31)])
            milliseconds >>= 5
        }
        characters.reverse()
        characters += RandomBytes.bytes(16).map { Self.alphabet[Int($0 & 31)] }
        description = String(characters)
    }
}
