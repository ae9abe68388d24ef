import FoundationEssentials
import Testing

/// A way to write a text, spelt out by other means than the redactor's, so that one mistake cannot hide the other.
package struct Encoding: Sendable, CustomTestStringConvertible {
    package let name: String
    package let apply: @Sendable ([UInt8]) -> [UInt8]

    package var testDescription: String { name }

    package init(_ name: String, _ apply: @escaping @Sendable ([UInt8]) -> [UInt8]) {
        self.name = name
        self.apply = apply
    }

    /// Of each byte a text, and something between these.
    package init(_ name: String, each separator: String, _ apply: @escaping @Sendable (UInt8) -> String) {
        self.init(name) { bytes in Array(bytes.map(apply).joined(separator: separator).utf8) }
    }

    /// In pieces of so many bytes.
    package init(_ name: String, pieces length: Int, _ separator: String) {
        self.init(name) { bytes in Self.pieces(bytes, length, separator) }
    }

    package func of(_ inner: Encoding) -> Encoding {
        Encoding("\(name) of \(inner.name)") { apply(inner.apply($0)) }
    }

    /// Those that can be encoded again.
    package static let common = [
        reversed, hexadecimal, Encoding("HEX", each: "") { hex($0).uppercased() }, base64, urlBase64,
        Encoding("base64, second alignment") { base64.apply([7] + $0) },
        Encoding("base64, third alignment") { base64.apply([7, 8] + $0 + [9]) },
        base32, Encoding("base32, third alignment") { base32.apply([7, 8] + $0) },
        Encoding("UTF-16LE") { $0.flatMap { [$0, 0] } },
    ]

    /// Those that are found when they are encoded as well.
    package static let outer = [reversed, hexadecimal, base64, urlBase64] + escapes + layouts

    /// Escapes of some or all characters.
    package static let escapes = [
        Encoding("percent", each: "") { "%" + hex($0) }, Encoding("PERCENT", each: "") { "%" + hex($0).uppercased() },
        Encoding("%u", each: "") { "%u00" + hex($0) },
        Encoding("quoted-printable", each: "") { "=" + hex($0).uppercased() },
        Encoding("HTML, decimal", each: "") { "&#\($0);" },
        Encoding("HTML, hexadecimal", each: "") { "&#x\(hex($0));" },
        Encoding("JSON", each: "") { "\\u00" + hex($0) }, Encoding("\\u{}", each: "") { "\\u{\(hex($0))}" },
        Encoding("\\U", each: "") { "\\U000000" + hex($0) }, Encoding("\\x", each: "") { "\\x" + hex($0) },
        Encoding("\\x{}", each: "") { "\\x{\(hex($0))}" }, Encoding("octal escapes", each: "") { "\\" + octal($0) },
    ].flatMap { [$0, partly($0)] }

    /// The characters themselves, with something between them.
    package static let layouts = [
        Encoding("spaced", pieces: 1, " "), Encoding("one on each line", pieces: 1, "\r\n"),
        Encoding("wrapped", pieces: 20, "\n"), Encoding("wrapped and indented", pieces: 8, "\n        "),
        Encoding("wrapped in JSON", pieces: 16, "\\n"), Encoding("quoted-printable lines", pieces: 30, "=\r\n"),
        Encoding("continued lines", pieces: 12, "\\\n"), Encoding("concatenated", pieces: 16, "\" + \""),
        Encoding("array of pieces", pieces: 4, "\",\n\""), Encoding("groups", pieces: 4, "-"),
        Encoding("zero-width spaces", pieces: 3, "\u{200B}"), Encoding("HTML breaks", pieces: 20, "&nbsp;&#10;"),
        Encoding("UTF-16LE with mark") { [0xFF, 0xFE] + $0.flatMap { [$0, 0] } },
        Encoding("UTF-16BE") { $0.flatMap { [0, $0] } }, Encoding("UTF-32BE") { $0.flatMap { [0, 0, 0, $0] } },
    ]

    package static let all =
        common + escapes + layouts + [
            Encoding("plain") { $0 }, Encoding("upper case", each: "") { text($0).uppercased() },
            Encoding("alternating case") { $0.enumerated().map { $0 % 2 == 0 ? upper($1) : $1 } },
            Encoding("rot13", each: "") { rot13($0) },
            Encoding("rot47") { $0.map { 33...126 ~= $0 ? ($0 + 14) % 94 + 33 : $0 } },
            Encoding("spaced hexadecimal", each: " ", hex), Encoding("hexadecimal with colons", each: ":", hex),
            Encoding("mixed hexadecimal") { bytes in
                Array(bytes.enumerated().map { $0 % 2 == 0 ? hex($1) : hex($1).uppercased() }.joined().utf8)
            },
            Encoding("C bytes", each: ", ") { "0x" + hex($0) },
            Encoding("xxd -p") { pieces(hexadecimal.apply($0), 60, "\n") },
            Encoding("xxd") { pieces(hexadecimal.apply($0), 4, " ") },
            Encoding("od -x") { bytes in
                let words = stride(from: 0, to: bytes.count - 1, by: 2).map { hex(bytes[$0 + 1]) + hex(bytes[$0]) }
                return Array(words.joined(separator: " ").utf8)
            },
            Encoding("JSON array of bytes", each: ",") { "\($0)" }, Encoding("decimal", each: " ") { "\($0)" },
            Encoding("three digits each", each: ",") { pad("\($0)", 3) }, Encoding("octal", each: " ", octal),
            Encoding("C octal", each: ",") { "0" + octal($0) },
            Encoding("binary", each: " ") { pad(String($0, radix: 2), 8) },
            Encoding("unpadded base64") { Array(base64.apply($0).filter { $0 != UInt8(ascii: "=") }) },
            Encoding("base64 in lines") { pieces(base64.apply($0), 24, "\r\n") },
            Encoding("base64 in a query") { percentReserved(base64.apply($0)) },
            Encoding("base64 in JSON") { bytes in
                Array(text(base64.apply(bytes)).split(separator: "/").joined(separator: "\\/").utf8)
            },
            Encoding("base32 in lower case") { Array(text(base32.apply($0)).lowercased().utf8) },
            Encoding("base32hex") { bitwise($0, 5, "0123456789ABCDEFGHIJKLMNOPQRSTUV") },
            Encoding("uuencode") { bitwise($0, 6, String(decoding: [96] + Array(33...95), as: UTF8.self)) },
            Encoding("ascii85") { base85($0, Array(33...117)) }, Encoding("base85 of RFC 1924") { base85($0, rfc1924) },
            Encoding("Z85") { base85($0, z85) },
        ]

    /// Those of bytes that are no text.
    package static let ofNumbers = all.filter { encoding in
        ["base32", "base64", "base85", "ascii85", "Z85", "uuencode", "hexadecimal", "HEX", "xxd"].contains {
            encoding.name.hasPrefix($0)
        }
    }

    package static let reversed = Encoding("reversed") { Array(text($0).reversed().map(String.init).joined().utf8) }
    package static let hexadecimal = Encoding("hexadecimal", each: "", hex)
    package static let base64 = Encoding("base64") { Array(Data($0).base64EncodedString().utf8) }
    package static let urlBase64 = Encoding("base64url") { bytes in
        base64.apply(bytes).compactMap {
            switch $0 {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            case UInt8(ascii: "="): nil
            default: $0
            }
        }
    }
    package static let base32 = Encoding("base32") { bitwise($0, 5, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") }

    private static let rfc1924 = Array(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~".utf8)
    private static let z85 = Array(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8)
}

extension Encoding {
    /// Every third character is escaped.
    private static func partly(_ encoding: Encoding) -> Encoding {
        Encoding("\(encoding.name), partly") { bytes in
            bytes.enumerated().flatMap { index, byte in
                index % 3 > 0 && byte < 128 && !"\\%&=".utf8.contains(byte) ? [byte] : encoding.apply([byte])
            }
        }
    }

    package static func pieces(_ bytes: [UInt8], _ length: Int, _ separator: String) -> [UInt8] {
        let starts = stride(from: 0, to: bytes.count, by: length)
        return Array(starts.map { bytes[$0..<min($0 + length, bytes.count)] }.joined(separator: Array(separator.utf8)))
    }

    private static func bitwise(_ bytes: [UInt8], _ width: Int, _ alphabet: String) -> [UInt8] {
        let bits = Array(bytes.map { pad(String($0, radix: 2), 8) }.joined())
        let characters = Array(alphabet.utf8)
        return stride(from: 0, to: bits.count, by: width).map { start in
            let group = String(bits[start..<min(start + width, bits.count)])
            let value = Int(group + String(repeating: "0", count: width - group.count), radix: 2)
            return value.map { characters[$0] } ?? 0
        }
    }

    private static func base85(_ bytes: [UInt8], _ alphabet: [UInt8]) -> [UInt8] {
        let padded = bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
        return stride(from: 0, to: padded.count, by: 4).flatMap { start in
            var value = padded[start..<start + 4].reduce(0) { $0 * 256 + Int($1) }
            var group: [UInt8] = []
            for _ in 0..<5 {
                group.insert(alphabet[value % 85], at: 0)
                value /= 85
            }
            return group
        }
    }

    private static func percentReserved(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { "+/=".utf8.contains($0) ? Array("%\(hex($0))".utf8) : [$0] }
    }

    private static func rot13(_ byte: UInt8) -> String {
        let from = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        let to = "nopqrstuvwxyzabcdefghijklmNOPQRSTUVWXYZABCDEFGHIJKLM"
        let scalar = Character(Unicode.Scalar(byte))
        return zip(from, to).first { $0.0 == scalar }.map { String($0.1) } ?? String(scalar)
    }

    private static func upper(_ byte: UInt8) -> UInt8 { 97...122 ~= byte ? byte - 32 : byte }
    private static func hex(_ byte: UInt8) -> String { pad(String(byte, radix: 16), 2) }
    private static func octal(_ byte: UInt8) -> String { pad(String(byte, radix: 8), 3) }
    private static func text(_ byte: UInt8) -> String { String(Unicode.Scalar(byte)) }
    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func pad(_ text: String, _ width: Int) -> String {
        String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}
