/// A character of a text as one level of decoding gives it, and where it stands in the text.
struct LocatedByte: Sendable {
    var byte: UInt8
    var start: Int
    var end: Int
}

/// Replaces escapes by what they stand for, one character after the other: `%41`, `\x41`, `\u0041`, `\101`, `\n`,
/// `&#65;`, `&#x41;`, `&amp;`, and `=41` and `=` at the end of a line as in quoted-printable.
struct EscapeDecoder: Sendable {
    /// Longer ones are no escapes: `\uD83D\uDE00` has as many.
    private static let longest = 12

    /// What may be the beginning of an escape.
    private var held: [LocatedByte] = []

    /// Where that begins which is held back.
    var heldStart: Int? { held.first?.start }

    static func isIntroducer(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "%") || byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "&")
            || byte == UInt8(ascii: "=")
    }

    var isIdle: Bool { held.isEmpty }

    /// Whether this character is no part of an escape.
    func passes(_ byte: UInt8) -> Bool { held.isEmpty && !Self.isIntroducer(byte) }

    /// Takes a character and gives out what is decided by it.
    mutating func read(_ next: LocatedByte) -> [LocatedByte] {
        held.append(next)
        guard held.count > 1 else { return [] }
        var decoded: [LocatedByte] = []
        while let first = held.first {
            guard Self.isIntroducer(first.byte) else {
                decoded.append(held.removeFirst())
                continue
            }
            switch Escape(held) {
            case .open where held.count < Self.longest: return decoded
            case .open, .none: decoded.append(held.removeFirst())
            case .escape(let length, let bytes):
                let end = held[length - 1].end
                for byte in bytes { decoded.append(LocatedByte(byte: byte, start: first.start, end: end)) }
                held.removeFirst(length)
            }
        }
        return decoded
    }

    /// Gives out what was held back: the text ends here.
    mutating func finish() -> [LocatedByte] {
        defer { held = [] }
        return held
    }
}

/// What some bytes are the beginning of.
private enum Escape {
    case none
    /// More bytes decide.
    case open
    /// An escape of so many of the bytes, and what it stands for.
    case escape(Int, [UInt8])

    init(_ held: [LocatedByte]) {
        let bytes = held.map(\.byte)
        let reader = EscapeReader(bytes: bytes)
        switch bytes[0] {
        case UInt8(ascii: "%"):
            self = bytes.dropFirst().first == UInt8(ascii: "u") ? reader.scalar(2..<6) : reader.byte(1..<3)
        case UInt8(ascii: "="): self = reader.quotedPrintable()
        case UInt8(ascii: "&"): self = reader.entity()
        case UInt8(ascii: "\\"): self = reader.backslash()
        default: self = .none
        }
    }
}

private struct EscapeReader {
    let bytes: [UInt8]

    private static let controls: [UInt8: UInt8] = Dictionary(
        uniqueKeysWithValues: zip("abtnvfre".utf8, [7, 8, 9, 10, 11, 12, 13, 27]))
    private static let entities = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'"]

    func quotedPrintable() -> Escape {
        guard bytes.count > 1 else { return .open }
        switch bytes[1] {
        case 10: return .escape(2, [])
        case 13: return bytes.count > 2 ? .escape(bytes[2] == 10 ? 3 : 2, []) : .open
        default: return byte(1..<3)
        }
    }

    func backslash() -> Escape {
        guard bytes.count > 1 else { return .open }
        let next = bytes[1]
        let isBraced = bytes.count > 2 && bytes[2] == UInt8(ascii: "{")
        switch next {
        case UInt8(ascii: "u") where isBraced, UInt8(ascii: "x") where isBraced:
            return terminated(by: UInt8(ascii: "}"), from: 3, radix: 16)
        case UInt8(ascii: "u"): return surrogates() ?? scalar(2..<6)
        case UInt8(ascii: "U"): return scalar(2..<10)
        case UInt8(ascii: "x"): return byte(2..<4)
        case 48...55: return octal()
        case 10: return .escape(2, [])
        default: break
        }
        if let control = Self.controls[next] { return .escape(2, [control]) }
        return next.isASCIILetter ? .none : .escape(2, [next])
    }

    func entity() -> Escape {
        guard bytes.count > 2 else { return .open }
        if bytes[1] == UInt8(ascii: "#") {
            let isHexadecimal = bytes[2] | 0x20 == UInt8(ascii: "x")
            return terminated(
                by: UInt8(ascii: ";"), from: isHexadecimal ? 3 : 2, radix: isHexadecimal ? 16 : 10)
        }
        let name = bytes.dropFirst().prefix { $0.isASCIIAlphanumeric }
        guard name.endIndex < bytes.count else { return .open }
        guard !name.isEmpty, bytes[name.endIndex] == UInt8(ascii: ";") else { return .none }
        // No name stands for a letter or a digit of ASCII.
        let character = Self.entities[String(decoding: name, as: UTF8.self)] ?? "&"
        return .escape(name.endIndex + 1, Array(character.utf8))
    }

    func byte(_ range: Range<Int>) -> Escape {
        number(range, radix: 16) { $0 < 256 ? [UInt8($0)] : nil }
    }

    func scalar(_ range: Range<Int>) -> Escape {
        number(range, radix: 16) { Unicode.Scalar($0).map { Array(String($0).utf8) } ?? [] }
    }

    private func octal() -> Escape {
        let end = bytes.dropFirst().prefix(3).firstIndex { !(48...55).contains($0) } ?? min(4, bytes.count)
        guard end < bytes.count || end == 4 else { return .open }
        return number(1..<end, radix: 8) { [UInt8(truncatingIfNeeded: $0)] }
    }

    /// Two escapes for a character beyond U+FFFF; `nil` if it is another one.
    private func surrogates() -> Escape? {
        guard let high = value(2..<6, radix: 16), 0xD800..<0xDC00 ~= high,
            zip(bytes.dropFirst(6), "\\u".utf8).allSatisfy(==)
        else { return nil }
        return number(8..<12, radix: 16) { low in
            guard 0xDC00..<0xE000 ~= low else { return nil }
            return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)).map { Array(String($0).utf8) }
        }
    }

    private func terminated(by end: UInt8, from start: Int, radix: UInt32) -> Escape {
        guard let place = bytes[min(start, bytes.count)...].firstIndex(where: { Self.digit($0, radix) == nil }) else {
            return .open
        }
        guard place > start, bytes[place] == end, let value = value(start..<place, radix: radix) else { return .none }
        return .escape(place + 1, Unicode.Scalar(value).map { Array(String($0).utf8) } ?? [])
    }

    private func number(_ range: Range<Int>, radix: UInt32, _ convert: (UInt32) -> [UInt8]?) -> Escape {
        guard
            bytes[min(range.lowerBound, bytes.count)...].prefix(range.count).allSatisfy({ Self.digit($0, radix) != nil }
            )
        else { return .none }
        guard let value = value(range, radix: radix) else { return .open }
        return convert(value).map { .escape(range.upperBound, $0) } ?? .none
    }

    private func value(_ range: Range<Int>, radix: UInt32) -> UInt32? {
        guard range.upperBound <= bytes.count else { return nil }
        return bytes[range].reduce(0) { value, byte in
            value.flatMap { value in Self.digit(byte, radix).map { value &* radix &+ $0 } }
        }
    }

    private static func digit(_ byte: UInt8, _ radix: UInt32) -> UInt32? {
        byte.hexDigitValue.map { UInt32($0) }.flatMap { $0 < radix ? $0 : nil }
    }
}
