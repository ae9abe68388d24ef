/// Reads the numbers of a text that may each stand for a byte: `115`, `163`, `0163`, `0x73`, `01110011`.
struct NumberReader: Sendable {
    /// The letters and digits of the word by now, six bits each.
    private var word: UInt64 = 0
    /// How many these are; negative in a word that is no number.
    private var length = 0
    private var wordStart = 0
    private var end = 0

    private static let longest = 8

    /// Where the number begins in which the text ends.
    var start: Int? { length > 0 ? wordStart : nil }

    /// Takes the next character; whether a number ends before it.
    mutating func read(_ next: LocatedByte) -> Bool {
        let symbol = Symbol.number(next.byte)
        guard symbol != Symbol.none else { return finish() }
        guard length >= 0 else { return false }
        if length == 0 {
            wordStart = next.start
            word = 0
        }
        word = word << 6 | UInt64(symbol)
        length = length < Self.longest && (symbol <= 10 || Self.isPrefixed(word, length + 1)) ? length + 1 : -1
        end = next.end
        return false
    }

    /// Ends the word; whether it is a number.
    mutating func finish() -> Bool {
        defer { length = 0 }
        return length > 0
    }

    func located(_ byte: UInt8) -> LocatedByte { LocatedByte(byte: byte, start: wordStart, end: end) }

    var decimal: UInt8? { value(radix: 10, digits: 1...3) }
    var octal: UInt8? { value(radix: 8, digits: 3...4) }
    var other: UInt8? { value(radix: 2, digits: 8...8) ?? (Self.isPrefixed(word, count) ? hexadecimal : nil) }

    private var count: Int { (64 - word.leadingZeroBitCount + 5) / 6 }

    private func value(radix: UInt64, digits: ClosedRange<Int>) -> UInt8? {
        guard digits.contains(count) else { return nil }
        var value: UInt64 = 0
        for index in (0..<count).reversed() {
            let digit = symbol(index) - 1
            guard digit < radix else { return nil }
            value = value * radix + digit
        }
        return UInt8(exactly: value)
    }

    private var hexadecimal: UInt8? {
        guard count == 4, symbol(0) <= 16, symbol(1) <= 16 else { return nil }
        return UInt8((symbol(1) - 1) << 4 | (symbol(0) - 1))
    }

    /// A symbol of the word, counted from its end.
    private func symbol(_ index: Int) -> UInt64 { word >> UInt64(index * 6) & 63 }

    /// Whether a word of this length begins with `0x`.
    private static func isPrefixed(_ word: UInt64, _ length: Int) -> Bool {
        length >= 2 && length <= 4
            && word >> UInt64((length - 2) * 6) == UInt64(Symbol.number(48)) << 6 | UInt64(Symbol.number(120))
    }
}
