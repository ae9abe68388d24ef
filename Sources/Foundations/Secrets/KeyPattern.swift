/// Follows what stands behind an encoded `sk-or-v1-` as long as it encodes digits, to find keys that nobody knows.
struct KeyPattern: Sendable {
    static let prefix = "sk-or-v1-"
    /// How many letters and digits it has.
    static let prefixSymbols = 6
    /// So many consecutive digits of a key's 64 are a disclosure; the seven in OpenRouter's labels are none.
    static let run = 16
    static let digits = 64

    /// The encodings, and how many bytes stand before the key where that matters. The first one is the text itself.
    static let encodings: [(alphabet: Alphabet?, skipped: Int)] =
        [(nil, 0), (.hexadecimal, 0)] + (0..<3).map { (.base64, $0) } + (0..<5).map { (.base32, $0) }

    /// Where the prefix begins, and where the last digit ends.
    let start: Int
    private(set) var end: Int
    private let number: Int
    private var value: UInt32 = 0
    private var bits: Int
    private var found = 0

    /// Begins behind the last character that tells of the prefix alone.
    init(_ number: Int, _ prefix: Range<Int>) {
        self.number = number
        start = prefix.lowerBound
        end = prefix.upperBound
        let encoding = Self.encodings[number]
        // The next character begins with these bits of the prefix.
        bits = encoding.alphabet.map { -((encoding.skipped + Self.prefix.utf8.count) * 8 % $0.bits) } ?? 0
    }

    var isFound: Bool { found >= Self.run }

    /// Takes the next letter or digit; whether it still fits.
    mutating func read(_ next: LocatedByte) -> Bool {
        let character = next.byte
        guard let alphabet = Self.encodings[number].alphabet else {
            // The dots in a label end it, a line break or the NUL of UTF-16 does not.
            return (found == 0 || next.start - end <= 2) && read(digit: character, next.end)
        }
        let folded = alphabet.bits == 6 ? character : alphabet.bits == 5 ? character & 0xDF : character | 0x20
        guard
            let symbol = alphabet.characters.firstIndex(of: folded) ?? alphabet.characters.firstIndex(of: character)
        else { return false }
        value = value << UInt32(alphabet.bits) | UInt32(symbol)
        bits += alphabet.bits
        guard bits >= 8 else { return true }
        bits -= 8
        return read(digit: UInt8(truncatingIfNeeded: value >> UInt32(bits)), next.end)
    }

    private mutating func read(digit: UInt8, _ end: Int) -> Bool {
        guard digit.hexDigitValue != nil, found < Self.digits else { return false }
        found += 1
        self.end = end
        return true
    }
}
