/// The letters and digits of ASCII as numbers, without regard to case.
enum Symbol {
    /// The number of everything else.
    static let none: UInt8 = 0

    static func number(_ byte: UInt8) -> UInt8 {
        if byte >= 48 && byte <= 57 { return byte - 47 }
        let upper = byte & 0xDF
        return upper >= 65 && upper <= 90 ? upper - 54 : none
    }
}

/// The last eight symbols of a text: letters and digits without regard to case, or bytes.
struct SymbolWindow: Sendable {
    static let length = 8
    static let letters = SymbolWindow(width: 6)
    static let bytes = SymbolWindow(width: 8)

    private let width: UInt64
    private let mask: UInt64
    /// The symbols, the last one in the low bits; none is 0.
    private(set) var value: UInt64 = 0

    private init(width: UInt64) {
        self.width = width
        mask = ~0 >> (64 - UInt64(Self.length) * width)
    }

    mutating func append(_ symbol: UInt64) { value = (value << width | symbol) & mask }

    mutating func removeAll() { value = 0 }

    var isOfLetters: Bool { width == 6 }

    /// How many symbols there are, at most eight.
    var count: Int { (64 - value.leadingZeroBitCount + Int(width) - 1) / Int(width) }
    var isFull: Bool { count == Self.length }

    /// What stands in a table for a text of these bytes that is shorter than a window, and for one that begins so.
    var short: UInt64? { count < Self.length ? tagged(count, 0) : nil }
    var beginning: UInt64? { count < Self.length ? tagged(count, 0x10) : nil }

    /// The last `count` of the symbols.
    func suffix(_ count: Int) -> SymbolWindow {
        var suffix = self
        suffix.value &= ~0 >> (64 - UInt64(count) * width)
        return suffix
    }

    private func tagged(_ count: Int, _ kind: UInt64) -> UInt64 { value | (kind + UInt64(count)) << 56 }
}
