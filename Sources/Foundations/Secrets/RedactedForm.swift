/// One form that a secret can take in a text: characters, each of which may be written plainly or encoded.
struct RedactedForm: Sendable {
    /// One character of the form.
    struct Character: Sendable {
        /// The bytes of its UTF-8 form: one of each set, plain or as `%41`.
        var bytes: [ByteSet]
        /// Its UTF-16 form for `\u0041`, where it is not ASCII.
        var units: [UInt16] = []
    }

    let characters: [Character]
    /// Whether a line break may stand between the characters, as in the output of `base64`.
    let isWrapped: Bool
    /// The bytes that it can begin with.
    let starts: ByteSet

    init?(_ characters: [Character], isWrapped: Bool = false) {
        guard let first = characters.first?.bytes.first else { return nil }
        self.characters = characters
        self.isWrapped = isWrapped
        var starts = first
        starts.formUnion([UInt8(ascii: "%"), UInt8(ascii: "\\")])
        self.starts = starts
    }

    /// The furthest end of the form if it begins at `start`, and whether it could still go on where `bytes` end.
    func match(_ bytes: [UInt8], at start: Int) -> (end: Int?, isOpen: Bool) {
        var reader = FormReader(bytes)
        var places = [start]
        for (number, character) in characters.enumerated() {
            var next: [Int] = []
            for place in places {
                let place = isWrapped && number > 0 ? reader.skipLineBreaks(place) : place
                for end in reader.ends(of: character, at: place) where !next.contains(end) { next.append(end) }
            }
            if next.isEmpty { return (nil, reader.isOpen) }
            places = next
        }
        return (places.max(), reader.isOpen)
    }
}

/// Reads characters of a form from bytes, and notes when it came to the end of them with the outcome still open.
private struct FormReader {
    let bytes: [UInt8]
    var isOpen = false

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Where the character can end if it begins at `place`: it can be read in more than one way.
    mutating func ends(of character: RedactedForm.Character, at place: Int) -> [Int] {
        guard let first = byte(place) else { return [] }
        var ends: [Int] = []
        if let end = plain(character.bytes, at: place) { ends.append(end) }
        if first == UInt8(ascii: "\\") { ends += escaped(character, at: place) }
        return ends
    }

    mutating func skipLineBreaks(_ place: Int) -> Int {
        var place = place
        if byte(place) == 13 { place += 1 }
        if byte(place) == 10 { place += 1 }
        return place
    }

    private mutating func byte(_ place: Int) -> UInt8? {
        guard place < bytes.count else {
            isOpen = true
            return nil
        }
        return bytes[place]
    }

    private mutating func plain(_ sets: [ByteSet], at place: Int) -> Int? {
        var place = place
        for set in sets {
            guard let byte = byte(place) else { return nil }
            if set.contains(byte) {
                place += 1
            } else if byte == UInt8(ascii: "%"), let value = hexadecimal(place + 1, 2), set.contains(UInt8(value)) {
                place += 3
            } else {
                return nil
            }
        }
        return place
    }

    /// `\u0041`, `\x41`, `\/`, `\n`; with several backslashes where JSON stands inside JSON.
    private mutating func escaped(_ character: RedactedForm.Character, at place: Int) -> [Int] {
        var ends: [Int] = []
        var place = place
        while byte(place) == UInt8(ascii: "\\") {
            place += 1
            if let byte = byte(place), let end = afterBackslash(byte, character, at: place) { ends.append(end) }
        }
        return ends
    }

    private mutating func afterBackslash(
        _ byte: UInt8, _ character: RedactedForm.Character, at place: Int
    ) -> Int? {
        guard character.units.isEmpty, let set = character.bytes.first else {
            return byte == UInt8(ascii: "u") ? surrogates(character.units, at: place) : nil
        }
        switch byte {
        case UInt8(ascii: "u"):
            if let value = hexadecimal(place + 1, 4), value < 256, set.contains(UInt8(value)) { return place + 5 }
        case UInt8(ascii: "x"):
            if let value = hexadecimal(place + 1, 2), set.contains(UInt8(value)) { return place + 3 }
        case UInt8(ascii: "n") where set.contains(10), UInt8(ascii: "r") where set.contains(13),
            UInt8(ascii: "t") where set.contains(9), UInt8(ascii: "b") where set.contains(8),
            UInt8(ascii: "f") where set.contains(12):
            return place + 1
        default:
            break
        }
        return !byte.isASCIILetter && set.contains(byte) ? place + 1 : nil
    }

    private mutating func surrogates(_ units: [UInt16], at start: Int) -> Int? {
        var place = start
        for (number, unit) in units.enumerated() {
            if number > 0 {
                while byte(place) == UInt8(ascii: "\\") { place += 1 }
            }
            guard byte(place) == UInt8(ascii: "u"), hexadecimal(place + 1, 4) == Int(unit) else { return nil }
            place += 5
        }
        return place
    }

    private mutating func hexadecimal(_ place: Int, _ count: Int) -> Int? {
        var value = 0
        for offset in 0..<count {
            guard let byte = byte(place + offset), let digit = byte.hexDigitValue else { return nil }
            value = value << 4 | digit
        }
        return value
    }
}

extension RedactedForm {
    /// Shorter encoded forms are left out: they would be found by chance in ordinary text.
    private static let shortest = 8
    private static let keyPrefix = Array("sk-or-v1-".utf8)
    private static let keyDigits = 64

    /// Whatever looks like a key of OpenRouter.
    static var anyKey: [RedactedForm] {
        let digit = ByteSet("0123456789abcdefABCDEF".utf8)
        let prefix = keyPrefix.map { Character(bytes: [anyCase($0)]) }
        let digits = [Character](repeating: Character(bytes: [digit]), count: keyDigits)
        return [RedactedForm(prefix + digits)].compactMap { $0 }
    }

    /// Every form of one secret that is looked for.
    static func all(_ secret: Secret) -> [RedactedForm] {
        let bytes = secret.copyBytes()
        var forms = encoded(bytes) { characters($0) }
        // The digits carry all of the secret, with or without what stands before them.
        let digits = Array(bytes.dropFirst(keyPrefix.count))
        if bytes.starts(with: keyPrefix), digits.count == keyDigits {
            for digits in [digits, digits.map(uppercase)] {
                forms += encoded(digits) { $0.map { Character(bytes: [anyCase($0)]) } }
            }
        }
        return forms.compactMap { $0 }
    }

    private static func encoded(_ bytes: [UInt8], plain: ([UInt8]) -> [Character]) -> [RedactedForm?] {
        let plain = plain(bytes)
        var forms = [RedactedForm(plain)]
        guard bytes.count >= shortest / 2 else { return forms }
        let digits = Array("0123456789abcdef".utf8)
        let hexadecimal = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        forms.append(RedactedForm(hexadecimal.map { Character(bytes: [anyCase($0)]) }, isWrapped: true))
        guard bytes.count >= shortest else { return forms }
        forms.append(RedactedForm(plain.reversed()))
        return forms + base64(bytes)
    }

    /// The characters of the base64 forms that do not depend on what stands before and after (RFC 4648 §4, §5).
    private static func base64(_ bytes: [UInt8]) -> [RedactedForm?] {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        return (0..<3).map { shift in
            let shifted = [UInt8](repeating: 0, count: shift) + bytes
            // 0, 1 and 2 bytes before it fill or touch 0, 2 and 3 characters.
            let first = (shift * 8 + 5) / 6
            let characters = (first..<shifted.count * 8 / 6).map { index in
                let bit = index * 6
                let high = UInt16(shifted[bit / 8]) << 8
                let low = bit / 8 + 1 < shifted.count ? UInt16(shifted[bit / 8 + 1]) : 0
                let value = Int((high | low) >> UInt16(10 - bit % 8) & 63)
                switch value {
                case 62: return Character(bytes: [[UInt8(ascii: "+"), UInt8(ascii: "-")]])
                case 63: return Character(bytes: [[UInt8(ascii: "/"), UInt8(ascii: "_")]])
                default: return Character(bytes: [[letters[value]]])
                }
            }
            return characters.count < shortest ? nil : RedactedForm(characters, isWrapped: true)
        }
    }

    private static func characters(_ bytes: [UInt8]) -> [Character] {
        guard let text = String(validating: bytes, as: UTF8.self) else { return bytes.map { Character(bytes: [[$0]]) } }
        return text.unicodeScalars.map { scalar in
            Character(
                bytes: String(scalar).utf8.map { [$0] },
                units: scalar.isASCII ? [] : Array(String(scalar).utf16))
        }
    }

    private static func anyCase(_ byte: UInt8) -> ByteSet {
        byte.isASCIILetter ? [byte | 0x20, byte & 0xDF] : [byte]
    }

    private static func uppercase(_ byte: UInt8) -> UInt8 { byte.isASCIILowercase ? byte & 0xDF : byte }
}
