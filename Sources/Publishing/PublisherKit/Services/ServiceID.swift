import Secrets

/// An id, or the name of a version, as services give them: letters, digits, `_` and `-`. It is safe as one segment of an address.
public struct ServiceID: Hashable, Sendable, CustomStringConvertible {
    /// As the service gave it.
    public let description: String

    /// `nil` for what no id looks like, and for what may hold a key or a part of one, so that none gets into an address.
    public init?(_ text: String?) {
        guard let text, (1...64).contains(text.utf8.count),
            text.utf8.allSatisfy({ $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }),
            !Self.keys.contains(text.utf8), !Self.hasManyDigits(text)
        else { return nil }
        description = text
    }

    private static let keys = Redactor()

    /// Whether it has 16 hexadecimal digits in a row, small letters among them, as a part of a key has. An id of letters and
    /// digits hardly ever has so many.
    private static func hasManyDigits(_ text: String) -> Bool {
        var run = 0
        var hasLetter = false
        return text.utf8.contains { byte in
            let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            let isInRun = isLetter || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            run = isInRun ? run + 1 : 0
            hasLetter = isInRun && (hasLetter || isLetter)
            return run >= 16 && hasLetter
        }
    }
}
