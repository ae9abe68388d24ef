import JSON

extension HandoffSource {
    /// The file with its text or its bytes changed, whatever stands in it.
    func changingText(_ mutation: HandoffMutation, _ random: inout some RandomNumberGenerator) -> [UInt8]? {
        switch mutation {
        case .otherEncoding, .byteOrderMark: return encoded(mutation, &random)
        case .invalidUTF8: return inserting(Self.invalid.randomElement(using: &random) ?? [], inTextUsing: &random)
        case .loneSurrogate:
            let halves = [#"\ud800"#, #"\udfff"#, #"\ud83d\u0041"#, #"\ude00\ud83d"#]
            return inserting(Array((halves.randomElement(using: &random) ?? "").utf8), inTextUsing: &random)
        case .rawControlCharacter:
            return inserting([[0, 1, 9, 10, 13, 27, 31].randomElement(using: &random) ?? 0], inTextUsing: &random)
        case .carriageReturns: return bytes.flatMap { $0 == 0x0A ? [0x0D, 0x0A] : [$0] }
        case .escapedText: return escaped(&random)
        case .keyTwice: return insertingMember(repeating: true, [], &random)
        case .oddNumber:
            let numbers = [
                "1e400", "1.0", "-0.0", "1E2", "9007199254740993", "-9007199254740993", "0x1", "01", "+1", ".5",
                "NaN", "Infinity", "1_000", String(repeating: "9", count: 400),
            ]
            return insertingMember(repeating: false, Array((numbers.randomElement(using: &random) ?? "").utf8), &random)
        case .deeplyNested:
            let depth = [64, 500, 100_000].randomElement(using: &random) ?? 64
            let isObject = Bool.random(using: &random)
            let (open, close) = isObject ? (#"{"a":"#, "}") : ("[", "]")
            let text = String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
            return insertingMember(repeating: false, Array(text.utf8), &random)
        case .trailingBytes:
            let tails: [[UInt8]] = [[0], [0x7D], Array("null".utf8), [0x2C], [0xFF], Array("// end".utf8), [0x1A]]
            return bytes + (tails.randomElement(using: &random) ?? [])
        case .twoDocuments: return Bool.random(using: &random) ? bytes + bytes : bytes + other
        case .noDocument:
            let texts = ["", "\n", "null", "[]", "{}", "\"ork-handoff/1\"", "ork-handoff/1", "<!DOCTYPE html>", "7"]
            return Array((texts.randomElement(using: &random) ?? "").utf8)
        case .bitFlipped:
            var flipped = bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                flipped[Int.random(in: flipped.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
            return flipped
        case .bytesRemoved:
            var rest = bytes
            let start = Int.random(in: 0..<(bytes.count - 100), using: &random)
            rest.removeSubrange(start..<(start + Int.random(in: 1...100, using: &random)))
            return rest
        case .bytesMoved:
            var rest = bytes
            let start = Int.random(in: 0..<(bytes.count - 100), using: &random)
            let moved = rest[start..<(start + Int.random(in: 1...100, using: &random))]
            rest.removeSubrange(start..<(start + moved.count))
            rest.insert(contentsOf: moved, at: Int.random(in: rest.indices, using: &random))
            return rest
        case .truncated: return Array(bytes.prefix(Int.random(in: 0..<(bytes.count - 2), using: &random)))
        default: return nil
        }
    }

    /// Stray, overlong and cut sequences, a surrogate, and a value beyond Unicode's.
    private static let invalid: [[UInt8]] = [
        [0x80], [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC3], [0xFF], [0xFE],
    ]

    private func encoded(_ mutation: HandoffMutation, _ random: inout some RandomNumberGenerator) -> [UInt8] {
        let text = String(decoding: bytes, as: UTF8.self)
        let isMarked = mutation == .byteOrderMark
        switch Int.random(in: 0..<3, using: &random) {
        case 0: return (isMarked ? [0xFF, 0xFE] : []) + text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        case 1: return (isMarked ? [0xFE, 0xFF] : []) + text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        default: return isMarked ? [0xEF, 0xBB, 0xBF] + bytes : text.utf8.flatMap { [0, 0, 0, $0] }
        }
    }

    /// The same JSON, some of its letters in strings written as escapes.
    private func escaped(_ random: inout some RandomNumberGenerator) -> [UInt8] {
        var result: [UInt8] = []
        var isInside = false
        var isEscaped = false
        for byte in bytes {
            if isInside, !isEscaped, (97...122).contains(byte), Int.random(in: 0..<8, using: &random) == 0 {
                let digits = String(byte, radix: 16)
                result += Array((#"\u00"# + (Bool.random(using: &random) ? digits.uppercased() : digits)).utf8)
                continue
            }
            result.append(byte)
            if byte == UInt8(ascii: "\""), !isEscaped { isInside.toggle() }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
        return result
    }

    /// The bytes put behind the opening quote of some string.
    private func inserting(_ inserted: [UInt8], inTextUsing random: inout some RandomNumberGenerator) -> [UInt8]? {
        let starts = bytes.indices.dropLast().filter {
            bytes[$0] == UInt8(ascii: "\"") && (97...122).contains(bytes[$0 + 1])
        }
        guard let start = starts.randomElement(using: &random) else { return nil }
        return bytes[...start] + inserted + bytes[(start + 1)...]
    }

    /// A member put before another one: with the same key, or with one of its own.
    private func insertingMember(
        repeating: Bool, _ value: [UInt8], _ random: inout some RandomNumberGenerator
    ) -> [UInt8]? {
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        let members = lines.indices.filter { lines[$0].contains(UInt8(ascii: ":")) && lines[$0].contains(0x22) }
            .filter { lines[$0].drop { $0 == 0x20 }.first == 0x22 }
        guard let index = members.randomElement(using: &random) else { return nil }
        let line = lines[index].drop { $0 == 0x20 }
        let key = repeating ? Array(line.dropFirst().prefix { $0 != 0x22 }) : Array("extra".utf8)
        let member = [0x22] + key + [0x22, 0x3A] + (repeating ? Array("null".utf8) : value) + [0x2C]
        return Array((lines[..<index] + [member[...]] + lines[index...]).joined(separator: [0x0A]))
    }
}
