/// Replaces secrets in a stream of bytes by `<redacted>`, however the stream is cut into chunks.
///
/// Found are the text itself, reversed, in hexadecimal and in base64 at any alignment; each also with some or all
/// characters percent-encoded or escaped as in JSON. Of a key of OpenRouter the digits alone are found as well, and
/// whatever looks like such a key is, known or not. The searched forms stay in memory until the redactor goes.
public struct Redactor: Sendable {
    /// What stands in the place of a secret.
    public static let placeholder = "<redacted>"
    /// At the end of a stream, this many bytes of an unfinished form are taken for a secret that was cut off.
    static let cutLength = 16

    private let forms: [RedactedForm]
    private let starts: ByteSet
    private var pending: [UInt8] = []

    /// A redactor of these secrets, empty ones left out, and of everything that looks like a key of OpenRouter.
    public init(_ secrets: [Secret] = []) {
        forms = RedactedForm.anyKey + secrets.flatMap(RedactedForm.all)
        starts = forms.reduce(into: ByteSet()) { $0.formUnion($1.starts) }
    }

    /// A redactor of this secret and of nothing else, for a text in which other keys may stand.
    public init(only secret: Secret) {
        forms = RedactedForm.all(secret)
        starts = forms.reduce(into: ByteSet()) { $0.formUnion($1.starts) }
    }

    /// Takes the next bytes and gives back what is certainly no part of a secret, in order.
    ///
    /// Bytes that may begin one are held back until it is clear, or until `flush`.
    public mutating func redact(_ chunk: some Collection<UInt8>) -> [UInt8] {
        pending += chunk
        var output: [UInt8] = []
        let end = scan(pending, isLast: false, into: &output)
        pending.removeSubrange(..<end)
        return output
    }

    /// Gives back what was held back; the stream ends here and another one may begin.
    public mutating func flush() -> [UInt8] {
        var output: [UInt8] = []
        _ = scan(pending, isLast: true, into: &output)
        pending = []
        return output
    }

    /// The text with every secret replaced.
    public func redacting(_ text: String) -> String {
        var output: [UInt8] = []
        _ = scan(Array(text.utf8), isLast: true, into: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// Whether the bytes carry a secret in any of the forms.
    public func contains(_ bytes: some Collection<UInt8>) -> Bool {
        let bytes = Array(bytes)
        return bytes.indices.contains { longestMatch(in: bytes, at: $0).end != nil }
    }

    /// Copies `bytes` to `output` with the secrets replaced and returns how far it came.
    private func scan(_ bytes: [UInt8], isLast: Bool, into output: inout [UInt8]) -> Int {
        var index = 0
        while index < bytes.count {
            let match = longestMatch(in: bytes, at: index)
            if match.isOpen && !isLast { return index }
            if let end = match.end {
                output += Self.placeholder.utf8
                index = end
            } else if match.isOpen && bytes.count - index >= Self.cutLength {
                output += Self.placeholder.utf8
                index = bytes.count
            } else {
                output.append(bytes[index])
                index += 1
            }
        }
        return index
    }

    /// The end of the longest secret that begins at `start`, and whether more bytes could make another one there.
    private func longestMatch(in bytes: [UInt8], at start: Int) -> (end: Int?, isOpen: Bool) {
        guard starts.contains(bytes[start]) else { return (nil, false) }
        var longest: Int?
        var isOpen = false
        for form in forms where form.starts.contains(bytes[start]) {
            let match = form.match(bytes, at: start)
            if let end = match.end { longest = max(end, longest ?? end) }
            isOpen = isOpen || match.isOpen
        }
        return (longest, isOpen)
    }
}

/// A set of bytes.
struct ByteSet: Sendable, ExpressibleByArrayLiteral {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    init() {}

    init(arrayLiteral elements: UInt8...) { for byte in elements { insert(byte) } }

    init(_ bytes: some Sequence<UInt8>) { for byte in bytes { insert(byte) } }

    func contains(_ byte: UInt8) -> Bool {
        let word =
            switch byte >> 6 {
            case 0: words.0
            case 1: words.1
            case 2: words.2
            default: words.3
            }
        return word >> UInt64(byte & 63) & 1 == 1
    }

    mutating func insert(_ byte: UInt8) {
        let bit: UInt64 = 1 << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: words.0 |= bit
        case 1: words.1 |= bit
        case 2: words.2 |= bit
        default: words.3 |= bit
        }
    }

    mutating func formUnion(_ other: ByteSet) {
        words.0 |= other.words.0
        words.1 |= other.words.1
        words.2 |= other.words.2
        words.3 |= other.words.3
    }
}
