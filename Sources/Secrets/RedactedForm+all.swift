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
        (65...90).contains(byte & 0xDF) ? [byte | 0x20, byte & 0xDF] : [byte]
    }

    private static func uppercase(_ byte: UInt8) -> UInt8 { (97...122).contains(byte) ? byte & 0xDF : byte }
}
