public import JSON
public import Secrets

/// A digest that a service shows in place of a value. Few services say of which function it is.
public struct ShownDigest: Hashable, Sendable {
    /// As the service shows it.
    public let text: String

    /// `nil` for what no digest looks like: nothing, more than 256 characters, or others than visible ASCII.
    public init?(_ text: String) {
        guard (1...256).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        self.text = text
    }

    /// The SHA-256 that it is, if it is one: 64 hexadecimal digits.
    public var sha256: Digest? {
        let digits = text.lowercased()
        return Digest(hex: digits.hasPrefix("sha256:") ? String(digits.dropFirst(7)) : digits)
    }

    /// What a receipt keeps: the digest that the service shows since it was given the key of `request`.
    public func receipt(of request: PublisherRequest) -> JSONObject {
        [Self.shown: .string(text), Self.key: .string(request.digest.description)]
    }

    fileprivate static let shown = "shown"
    fileprivate static let key = "shown_for"
}

extension PublisherRequest {
    /// Whether the target may be written, by the digest that its service shows; `nil` where that does not tell.
    ///
    /// A digest that is the SHA-256 of a key which the request knows is one of that key, whatever the service says. Any
    /// other tells only where it is the one that the receipt has of the same key, or where `isSHA256` is certain.
    public func compare(shown: ShownDigest, isSHA256: Bool = false) -> Comparison? {
        if let held = shown.sha256 {
            let isKnown = held == digest || expect?.contains(held) == true
            if isSHA256 || isKnown { return compare(held: held) }
        }
        return shownForKey == shown.text ? compare(held: digest) : nil
    }

    /// Whether the receipt has the digest that the service showed for the key of this request.
    public var hasShownDigest: Bool { shownForKey != nil }

    private var shownForKey: String? {
        guard receipt?[ShownDigest.key]?.string == digest.description else { return nil }
        return receipt?[ShownDigest.shown]?.string
    }
}
