import FoundationEssentials

/// How a program may print a secret.
enum Form: String, CaseIterable {
    case plain, reversed, hexadecimal, base64, wrappedBase64, urlBase64, percent, partlyPercent, json, everyJSON
    case nestedJSON, base64InJSON

    func spellings(of secret: String) -> [String] {
        let bytes = Array(secret.utf8)
        switch self {
        case .plain: return [secret]
        case .reversed: return [String(String.UnicodeScalarView(secret.unicodeScalars.reversed()))]
        case .hexadecimal:
            let text = bytes.map { Self.hexadecimal($0) }.joined()
            return [text, text.uppercased()]
        case .base64: return Self.base64(bytes)
        case .wrappedBase64:
            return Self.base64(bytes).flatMap { text in
                ["\n", "\r\n"].map { text.prefix(20) + $0 + text.dropFirst(20) }
            }
        case .urlBase64:
            return Self.base64(bytes).map { text in
                String(text.compactMap { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 == "=" ? nil : $0 })
            }
        case .percent:
            let text = bytes.map { "%" + Self.hexadecimal($0) }.joined()
            return [text, text.uppercased()]
        case .partlyPercent:
            return [
                bytes.enumerated().map { index, byte in
                    index % 3 > 0 && byte < 128 && byte != UInt8(ascii: "\\")
                        ? String(Unicode.Scalar(byte)) : "%" + Self.hexadecimal(byte)
                }.joined()
            ]
        case .json: return [Self.escape(secret), Self.escape(secret).split(separator: "/").joined(separator: "\\/")]
        case .everyJSON:
            let text = secret.utf16.map { "\\u" + Self.hexadecimal(UInt8($0 >> 8)) + Self.hexadecimal(UInt8($0 & 255)) }
            return [text.joined()]
        case .nestedJSON: return [Self.escape(Self.escape(secret))]
        case .base64InJSON: return Self.base64(bytes).map { $0.split(separator: "/").joined(separator: "\\/") }
        }
    }

    /// At the three alignments, among other bytes and alone.
    private static func base64(_ bytes: [UInt8]) -> [String] {
        [[], [7], [7, 8]].flatMap { before in
            [[], [9], [9, 10]].map { Data(before + bytes + $0).base64EncodedString() }
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    private static func escape(_ text: String) -> String {
        text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
    }
}
