/// A SHA-256, of a key's plaintext for the most part, written `sha256:` and 64 lowercase hexadecimal digits.
public struct Digest: Hashable, Sendable, CustomStringConvertible {
    /// The whole text, prefix included.
    public let description: String

    /// The 64 digits without the prefix; OpenRouter documents a key's `hash` to be the same ones (OAuth page).
    public var hex: String { String(description.dropFirst(Self.prefix.count)) }

    /// Takes `sha256:` and 64 lowercase hexadecimal digits; `nil` for anything else.
    public init?(_ text: String) {
        guard text.hasPrefix(Self.prefix), Self.areDigits(text.dropFirst(Self.prefix.count)) else { return nil }
        description = text
    }

    /// Takes 64 lowercase hexadecimal digits; `nil` for anything else.
    public init?(hex: String) {
        guard Self.areDigits(hex[...]) else { return nil }
        description = Self.prefix + hex
    }

    /// Takes what is known to be 64 lowercase hexadecimal digits: a hash function's own output.
    package init(trustedHex hex: String) {
        description = Self.prefix + hex
    }

    private static let prefix = "sha256:"

    private static func areDigits(_ text: Substring) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { $0.isLowercaseHexDigit }
    }
}

/// OpenRouter's own identifier of a key: `hash` in its answers, a path segment in its addresses.
///
/// It is documented to be the SHA-256 of the key in hexadecimal (OAuth page). Nothing here relies on that: see `Digest`.
public struct KeyHash: Hashable, Sendable, CustomStringConvertible {
    /// The hash as OpenRouter writes it.
    public let description: String

    /// Takes 1 to 128 letters, digits, `-` and `_`; `nil` for anything that could be more than one path segment.
    public init?(_ text: String) {
        let isSegment = text.utf8.allSatisfy {
            $0.isASCIIAlphanumeric || $0 == 45 || $0 == 95
        }
        guard isSegment, (1...128).contains(text.utf8.count) else { return nil }
        description = text
    }

    /// The hash that a key of this digest has by OpenRouter's documentation.
    public init(documentedFor digest: Digest) { description = digest.hex }

    /// The first characters, enough for people to tell keys apart.
    public var short: String { String(description.prefix(12)) }
}
