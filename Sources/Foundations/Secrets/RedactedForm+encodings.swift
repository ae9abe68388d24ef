/// Characters that stand for the values from 0 on.
struct Alphabet: Sendable {
    let characters: [UInt8]
    /// How many bits one of them stands for.
    let bits: Int

    private static let upper = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
    private static let lower = Array("abcdefghijklmnopqrstuvwxyz".utf8)
    private static let digits = Array("0123456789".utf8)

    static let hexadecimal = Alphabet(characters: Array("0123456789abcdef".utf8), bits: 4)
    static let upperHexadecimal = Alphabet(characters: Array("0123456789ABCDEF".utf8), bits: 4)
    /// RFC 4648 §6 and §7.
    static let base32 = Alphabet(characters: upper + Array("234567".utf8), bits: 5)
    static let base32hex = Alphabet(characters: digits + upper.prefix(22), bits: 5)
    /// RFC 4648 §4 and §5.
    static let base64 = Alphabet(characters: upper + lower + digits + Array("+/".utf8), bits: 6)
    static let urlBase64 = Alphabet(characters: upper + lower + digits + Array("-_".utf8), bits: 6)
    /// POSIX uuencode, with a grave accent for zero.
    static let uuencode = Alphabet(characters: [96] + Array(33...95), bits: 6)

    /// Adobe's and btoa's, Git's and Python's (RFC 1924), ZeroMQ's: four bytes are five characters.
    static let base85: [[UInt8]] = [
        Array(33...117),
        digits + upper + lower + Array("!#$%&()*+-;<=>?@^_`{|}~".utf8),
        digits + lower + upper + Array(".-:+=^!/*?&<>()[]{}@%$#".utf8),
    ]
}

extension RedactedForm {
    /// Lends the encodings that are common enough to be encoded once more.
    borrowing func withCommonEncodings(_ use: (borrowing RedactedForm) -> Void) {
        use(reversed())
        use(written(in: .hexadecimal))
        use(written(in: .upperHexadecimal))
        use(wide())
        for skipped in 0..<3 {
            let form = written(in: .base64, after: skipped)
            use(form)
            if form.contains(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "/") }) {
                use(written(in: .urlBase64, after: skipped))
            }
        }
        for skipped in 0..<5 { use(written(in: .base32, after: skipped)) }
    }

    /// Lends the others.
    borrowing func withRareEncodings(_ use: (borrowing RedactedForm) -> Void) {
        for skipped in 0..<5 { use(written(in: .base32hex, after: skipped)) }
        for skipped in 0..<3 { use(written(in: .uuencode, after: skipped)) }
        for alphabet in Alphabet.base85 {
            for skipped in 0..<4 { use(inBase85(alphabet, after: skipped)) }
        }
        for skipped in 0..<2 { use(swapped(after: skipped).written(in: .hexadecimal)) }
        // ROT13 and ROT47.
        use(mapped { byte in byte.isASCIILetter ? (byte & 0x20 | 0x41) + ((byte | 0x20) - 97 + 13) % 26 : byte })
        use(mapped { byte in (33...126).contains(byte) ? 33 + (byte - 33 + 47) % 94 : byte })
    }

    /// Lends what an encoded form is found by, once it is encoded again.
    borrowing func withSecondEncodings(_ use: (borrowing RedactedForm) -> Void) {
        use(reversed())
        use(written(in: .hexadecimal))
        for skipped in 0..<3 { use(written(in: .base64, after: skipped)) }
    }

    borrowing func mapped(_ transform: (UInt8) -> UInt8) -> RedactedForm {
        var form = RedactedForm(capacity: count)
        for index in 0..<count {
            form.append(Letter(byte: transform(self[index].byte), origin: self[index].origin))
        }
        return form
    }

    /// From the last character to the first.
    borrowing func reversed() -> RedactedForm {
        var form = RedactedForm(capacity: count)
        var end = count
        while end > 0 {
            // The bytes of a character outside ASCII stay in their order.
            var start = end - 1
            while start > 0, end - start < 4, self[start].byte & 0xC0 == 0x80 { start -= 1 }
            for index in start..<end { form.append(self[index]) }
            end = start
        }
        return form
    }

    /// In UTF-16, where each other byte of ASCII is NUL.
    private borrowing func wide() -> RedactedForm {
        var form = RedactedForm(capacity: 2 * count)
        for index in 0..<count {
            form.append(self[index])
            form.append(Letter(byte: 0, origin: self[index].origin))
        }
        return form
    }

    /// With the bytes of each word of two exchanged, as `od -x` shows them.
    private borrowing func swapped(after skipped: Int) -> RedactedForm {
        var form = RedactedForm(capacity: count)
        for index in stride(from: skipped, to: count - 1, by: 2) {
            form.append(self[index + 1])
            form.append(self[index])
        }
        return form
    }

    /// The characters that tell of this text alone, if so many bytes stand before it.
    borrowing func written(in alphabet: Alphabet, after skipped: Int = 0) -> RedactedForm {
        let bits = alphabet.bits
        let range = (skipped * 8 + bits - 1) / bits..<max((skipped + count) * 8 / bits, (skipped * 8 + bits - 1) / bits)
        var form = RedactedForm(capacity: range.count)
        for index in range {
            let bit = index * bits - skipped * 8
            let first = self[bit / 8]
            let last = self[(bit + bits - 1) / 8]
            let word = UInt16(first.byte) << 8 | UInt16(last.byte)
            let value = Int(word >> UInt16(16 - bits - bit % 8)) & ((1 << bits) - 1)
            form.append(
                Letter(byte: alphabet.characters[value], origin: Self.union(first.origin, last.origin)))
        }
        return form
    }

    private borrowing func inBase85(_ alphabet: [UInt8], after skipped: Int) -> RedactedForm {
        var form = RedactedForm(capacity: count / 4 * 5 + 5)
        for index in stride(from: (4 - skipped) % 4, through: count - 4, by: 4) {
            let value = (0..<4).reduce(0) { $0 << 8 | Int(self[index + $1].byte) }
            let origin = Self.union(self[index].origin, self[index + 3].origin)
            for divisor in [52_200_625, 614_125, 7_225, 85, 1] {
                form.append(Letter(byte: alphabet[value / divisor % 85], origin: origin))
            }
        }
        return form
    }

    private static func union(_ a: (first: Int32, end: Int32), _ b: (first: Int32, end: Int32)) -> (Int32, Int32) {
        (min(a.first, b.first), max(a.end, b.end))
    }
}
