import TestSupport

/// Makes inputs of the examples: the same seed makes the same ones.
struct Mutator {
    private var random: SplitMix64
    private let examples: [[UInt8]]
    private let words: [[UInt8]]

    /// Longer inputs are cut.
    private static let limit = 16 << 10

    init(seed: UInt64, _ examples: [[UInt8]], words: [String]) {
        random = SplitMix64(seed: seed)
        self.examples = examples.isEmpty ? [[]] : examples
        self.words = (words + Self.words).map { Array($0.utf8) }
    }

    /// Numbers at the edges of their types, and what ends or opens something in most formats.
    private static let words = [
        "0", "-1", "255", "2147483648", "9007199254740993", "9223372036854775807", "-9223372036854775808", "1e400",
        "1e9999999999", "0.1", "NaN", "null", "true", "\"\"", "{}", "[]", "\u{0}", "\u{FEFF}", "\u{2028}", "e\u{301}",
        "\r\n",
        "\n\n", "\t", " ", "\\", "'", "\"", "#", "%", "\u{1F511}", "sk-or-v1-", SampleKeys.text(SampleKeys.foreign),
    ]

    /// The next input.
    mutating func next() -> [UInt8] {
        var bytes = pick(examples)
        for _ in 0...below(4) {
            mutate(&bytes)
            bytes = Array(bytes.prefix(Self.limit))
        }
        return bytes
    }

    private mutating func mutate(_ bytes: inout [UInt8]) {
        let range = range(in: bytes)
        switch below(12) {
        case 0: if let index = index(in: bytes) { bytes[index] ^= 1 << UInt8(below(8)) }
        case 1: if let index = index(in: bytes) { bytes[index] = UInt8(below(256)) }
        case 2, 3: bytes.replaceSubrange(range.lowerBound..<range.lowerBound, with: pick(words))
        case 4: bytes.replaceSubrange(range, with: pick(words))
        case 5: bytes.removeSubrange(range)
        case 6: bytes.insert(contentsOf: Array(bytes[range]), at: below(bytes.count + 1))
        case 7: bytes.removeSubrange(range.lowerBound...)
        case 8: bytes.replaceSubrange(range.lowerBound..<range.lowerBound, with: repeated(Array(bytes[range])))
        case 9: replaceNumber(&bytes)
        case 10:
            // A stretch of one example in the place of a stretch of another.
            let other = pick(examples)
            bytes.replaceSubrange(range, with: other[self.range(in: other)])
        default:
            let part = Array(bytes[range])
            bytes.removeSubrange(range)
            bytes.insert(contentsOf: part, at: below(bytes.count + 1))
        }
    }

    private mutating func repeated(_ bytes: [UInt8]) -> [UInt8] {
        Array(repeatElement(bytes.prefix(64), count: 1 << below(8)).joined())
    }

    private mutating func replaceNumber(_ bytes: inout [UInt8]) {
        guard let start = index(in: bytes) else { return }
        guard let first = bytes[start...].firstIndex(where: { 48...57 ~= $0 }) else { return }
        let end = bytes[first...].firstIndex { !(48...57 ~= $0) } ?? bytes.endIndex
        bytes.replaceSubrange(first..<end, with: Array(pick(Self.words.prefix(12).map { $0 }).utf8))
    }

    /// A stretch: most are short.
    private mutating func range(in bytes: [UInt8]) -> Range<Int> {
        let start = below(bytes.count + 1)
        let length = below(2) == 0 ? below(9) : below(bytes.count + 1)
        return start..<min(bytes.count, start + length)
    }

    private mutating func index(in bytes: [UInt8]) -> Int? { bytes.isEmpty ? nil : below(bytes.count) }
    private mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }
    private mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }
}
