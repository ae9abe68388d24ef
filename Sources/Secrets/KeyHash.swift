/// OpenRouter's own identifier of a key: `hash` in its answers, a path segment in its addresses.
///
/// It is documented to be the SHA-256 of the key in hexadecimal (OAuth page). Nothing here relies on that: see `Digest`.
public struct KeyHash: Hashable, Sendable, CustomStringConvertible {
    /// The hash as OpenRouter writes it.
    public let description: String

    /// Takes 1 to 128 letters, digits, `-` and `_`; `nil` for anything that could be more than one path segment.
    public init?(_ text: String) {
        let isSegment = text.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 95
        }
        guard isSegment, (1...128).contains(text.utf8.count) else { return nil }
        description = text
    }

    /// The hash that a key of this digest has by OpenRouter's documentation.
    public init(documentedFor digest: Digest) { description = digest.hex }

    /// The first characters, enough for people to tell keys apart.
    public var short: String { String(description.prefix(12)) }
}
