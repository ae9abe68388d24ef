import Secrets
import YAML

/// Single-line scalars that readers of YAML 1.1 and of 1.2 take for the same string.
enum YAMLText {
    /// The text in the given style if it fits, else in double quotes.
    static func scalar(_ text: String, like style: YAMLScalar.Style) -> String {
        switch style {
        case .plain where isPlain(text): text
        case .singleQuoted where isPrintable(text):
            "'"
                + text.split(separator: "'", omittingEmptySubsequences: false)
                .joined(separator: "''") + "'"
        default: doubleQuoted(text)
        }
    }

    /// Begins with a letter, holds nothing that is a sign in either version, and is no word of YAML 1.1.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, first.isASCIIAlphanumeric, !first.isASCIIDigit else { return false }
        let words = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
        return !words.contains(text.lowercased())
            && text.utf8.allSatisfy { $0.isASCIIAlphanumeric || "_./+@-".utf8.contains($0) }
    }

    /// Whether a quoted scalar may hold it as it is; the line ends of YAML 1.1 are none in 1.2.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E, 0xA1...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }

    private static func isPrintable(_ text: String) -> Bool { text.unicodeScalars.allSatisfy(isPrintable) }

    private static func doubleQuoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\t": result += "\\t"
            case _ where isPrintable(scalar): result.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                result += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            }
        }
        return result + "\""
    }
}
