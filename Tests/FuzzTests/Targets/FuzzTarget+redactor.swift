import Secrets
import TestSupport

extension FuzzTarget {
    /// The redactor. In an input, a byte 1 and the one behind it are the key, in the encoding of that number; a byte 2 is where
    /// the stream is cut.
    static let redactor = FuzzTarget(
        name: "redactor",
        words: [
            "\u{1}\u{0}", "\u{1}\u{10}", "\u{1} ", "\u{1}@", "\u{2}", "%", "\\u00", "&#", "=\r\n", "\\x", "<redacted>",
        ]
    ) { bytes in
        try RedactedText(bytes).hold()
        try plainReference(bytes)
    }

    /// For a short secret, which is found as it is only: equal to the obvious way to do it.
    private static func plainReference(_ bytes: [UInt8]) throws {
        let text = bytes.prefix(400).map { UInt8(ascii: "a") + $0 % 3 }
        for secret in ["ab", "aba", "cc"].map({ Array($0.utf8) }) {
            var isSecret = [Bool](repeating: false, count: text.count)
            for start in text.indices where text[start...].starts(with: secret) {
                for index in start..<(start + secret.count) { isSecret[index] = true }
            }
            var expected: [UInt8] = []
            for index in text.indices {
                if !isSecret[index] {
                    expected.append(text[index])
                } else if index == 0 || !isSecret[index - 1] {
                    expected += Redactor.placeholder.utf8
                }
            }
            let output = Redactor(only: Secret(secret)).redacting(String(decoding: text, as: UTF8.self))
            try require(Array(output.utf8) == expected, "it is what searching and replacing gives")
        }
    }
}

/// A text in which the key stands in some encodings.
private struct RedactedText {
    private static let key = Array(SampleKeys.text(SampleKeys.successor).utf8)
    private static let fresh = Redactor([SampleKeys.successor])
    /// Longer texts are cut.
    private static let limit = 16 << 10
    private static let encoded = Encoding.all.map { $0.apply(key) }

    private var text: [UInt8] = []
    private var cuts: [Int] = []
    /// Where the key stands, in which encoding.
    private var keys: [(range: Range<Int>, name: String)] = []

    init(_ input: [UInt8]) {
        var bytes = input[...]
        while text.count < Self.limit, let byte = bytes.popFirst() {
            if byte == 1, let number = bytes.popFirst() {
                let index = Int(number) % Self.encoded.count
                keys.append((text.count..<(text.count + Self.encoded[index].count), Encoding.all[index].name))
                text += Self.encoded[index]
            } else if byte == 2 {
                cuts.append(text.count)
            } else {
                text.append(byte)
            }
        }
    }

    func hold() throws {
        let whole = redacted(at: [])
        try require(Self.fresh.contains(text) || keys.isEmpty, "a key is seen: \(keys.map(\.name))")
        // A cut behind white space lets through what begins a line.
        let isSpace = { (byte: UInt8) in byte == 32 || 9...13 ~= byte }
        let quiet = cuts.filter { $0 > 0 && $0 < text.count && !isSpace(text[$0 - 1]) }
        try require(redacted(at: quiet) == whole, "a stream gives what the whole text gives")
        let output = redacted(at: cuts)
        for (range, name) in keys {
            try require(output.firstRange(of: text[range]) == nil, "nothing is left of the key: \(name)")
        }
        try holdDigits(output)
        try holdRest(whole)
    }

    private func redacted(at cuts: [Int]) -> [UInt8] {
        var redactor = Self.fresh
        var output: [UInt8] = []
        var start = 0
        for cut in cuts + [text.count] {
            output += redactor.redact(text[start..<cut])
            start = cut
        }
        return output + redactor.flush()
    }

    /// No sixteen digits of the key stand in what is given back, as they are or in the commonest forms.
    private func holdDigits(_ output: [UInt8]) throws {
        for (length, windows) in Self.windows where output.count >= length {
            for start in 0...(output.count - length) where windows.contains(Array(output[start..<(start + length)])) {
                throw BrokenProperty(description: "16 digits of the key are left")
            }
        }
    }

    private static let windows: [Int: Set<[UInt8]>] = {
        let digits = Array(key.dropFirst(9))
        let runs = (0...(digits.count - 16)).map { Array(digits[$0..<($0 + 16)]) }
        let forms = [Encoding("plain") { $0 }, .hexadecimal, .reversed, .urlBase64]
        let all = forms.flatMap { form in runs.map { form.apply($0) } }
        return Dictionary(grouping: all, by: \.count).mapValues { Set($0) }
    }()

    /// What is given back is the text with some stretches replaced.
    private func holdRest(_ output: [UInt8]) throws {
        let placeholder = Array(Redactor.placeholder.utf8)
        guard text.firstRange(of: placeholder) == nil else { return }
        var rest = text[...]
        let pieces = output.split(separator: placeholder)
        for piece in pieces where !piece.isEmpty {
            guard let range = rest.firstRange(of: piece) else {
                throw BrokenProperty(description: "what is not replaced stays as it is")
            }
            rest = rest[range.upperBound...]
        }
        if !Self.fresh.contains(text) { try require(output == text, "a text without a key passes unchanged") }
    }
}
