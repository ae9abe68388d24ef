import Secrets

/// An id, or the name of a version, as services give them: letters, digits, `_` and `-`. It is safe as one segment of an address.
public struct ServiceID: Hashable, Sendable, CustomStringConvertible {
    /// As the service gave it.
    public let description: String

    /// `nil` for what no id looks like, and for what holds a key, so that none gets into an address.
    public init?(_ text: String?) {
        guard let text, (1...64).contains(text.utf8.count),
            text.utf8.allSatisfy({ $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }),
            !Self.keys.contains(text.utf8)
        else { return nil }
        description = text
    }

    private static let keys = Redactor()
}
