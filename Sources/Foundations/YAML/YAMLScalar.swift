/// A single value as it is written, and as the core schema of YAML 1.2 reads it (§10.3).
package struct YAMLScalar: Hashable, Sendable {
    /// How a scalar is written.
    package enum Style: Sendable {
        case plain, singleQuoted, doubleQuoted, literal, folded
    }

    /// What the core schema makes of a scalar.
    package enum Value: Hashable, Sendable {
        case null
        case bool(Bool)
        case integer(Int)
        /// Fractions, and whole numbers that do not fit `Int`; `text` has all digits.
        case float(Double)
        case string(String)
    }

    /// The text after quotes, escapes and line folding are undone.
    package let text: String
    /// How it is written.
    package let style: Style
    /// What it means.
    package let value: Value

    /// `nil` if the tag is none of the core schema's or does not fit the text.
    init?(text: String, style: Style, tag: String?) {
        self.text = text
        self.style = style
        let plain = Self.resolve(text)
        switch tag {
        case nil: value = style == .plain ? plain : .string(text)
        case "!", Self.core + "str": value = .string(text)
        case Self.core + "null" where plain == .null: value = .null
        case Self.core + "bool":
            guard case .bool = plain else { return nil }
            value = plain
        case Self.core + "int":
            guard case .integer = plain else { return nil }
            value = plain
        case Self.core + "float":
            switch plain {
            case .float: value = plain
            case .integer(let whole): value = .float(Double(whole))
            default: return nil
            }
        default: return nil
        }
    }

    /// A scalar with a tag that only its owner knows: its text.
    init(text: String, style: Style) {
        self.text = text
        self.style = style
        value = .string(text)
    }

    /// The prefix that `!!` stands for.
    static let core = "tag:yaml.org,2002:"

    private static func resolve(_ text: String) -> Value {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        case ".nan", ".NaN", ".NAN": return .float(.nan)
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .float(.infinity)
        case "-.inf", "-.Inf", "-.INF": return .float(-.infinity)
        default: return number(text) ?? .string(text)
        }
    }

    private static func number(_ text: String) -> Value? {
        for (prefix, radix) in [("0o", 8), ("0x", 16)] where text.hasPrefix(prefix) {
            let digits = text.dropFirst(2)
            let areDigits = digits.utf8.allSatisfy {
                Character(Unicode.Scalar($0)).hexDigitValue.map { $0 < radix } ?? false
            }
            guard areDigits, !digits.isEmpty else { return nil }
            return Int(digits, radix: radix).map { .integer($0) } ?? .float(.infinity)
        }
        // [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
        var rest = Array(text.utf8)[...]
        func digits() -> Int {
            let count = rest.prefix { (48...57).contains($0) }.count
            rest = rest.dropFirst(count)
            return count
        }
        func take(_ bytes: String) -> Bool {
            guard let first = rest.first, bytes.utf8.contains(first) else { return false }
            rest = rest.dropFirst()
            return true
        }
        _ = take("+-")
        let whole = digits()
        var isInteger = true
        if take(".") {
            isInteger = false
            guard digits() > 0 || whole > 0 else { return nil }
        } else if whole == 0 {
            return nil
        }
        if take("eE") {
            isInteger = false
            _ = take("+-")
            guard digits() > 0 else { return nil }
        }
        guard rest.isEmpty else { return nil }
        if isInteger, let integer = Int(text) { return .integer(integer) }
        return .float(Double(text) ?? Double(text + "0") ?? .nan)
    }
}
