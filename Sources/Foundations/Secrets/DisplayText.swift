/// Text that others have written, such as the name of a key or the answer of a service, made safe to show to people.
///
/// All forms are one line. They hold nothing that moves the cursor, hides or reorders text or cannot be seen, and no command
/// to the runner of a CI system: GitHub's and Azure's read `##[…]` and `##vso[…]` anywhere in a line, and GitHub's `::…::` where
/// one begins. `limit` counts Unicode scalars; what is longer is cut and ends in `…`.
package enum DisplayText {
    /// The text with a space in place of each unsafe character.
    package static func line(_ text: String, limit: Int = 200) -> String {
        shown(text, limit: limit) { _ in " " }
    }

    /// The text with each unsafe character written as `\u{1b}`, and four spaces in place of a tab.
    package static func escaped(_ text: String, limit: Int = .max) -> String {
        shown(text, limit: limit) { $0 == "\t" ? "    " : "\\u{" + String($0.value, radix: 16) + "}" }
    }

    /// A JSON text on one line, in which each unsafe character is an escape. It reads as the same value, as such
    /// characters stand nowhere but in its strings.
    package static func json(_ text: String) -> String {
        shown(text, limit: .max, commandMark: "\\u005b") { scalar in
            String(scalar).utf16.map { "\\u" + String(0x10000 + Int($0), radix: 16).dropFirst() }.joined()
        }
    }

    /// A text between double quotes, as JSON has it, in which each unsafe character is an escape of YAML's. A reader of YAML
    /// takes some of them for the end of a line, and people would not see what stands there.
    package static func yaml(_ quoted: String) -> String {
        shown(quoted, limit: .max, commandMark: "\\x5b") { scalar in
            let digits = String(scalar.value, radix: 16)
            return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
        }
    }

    /// `commandMark` stands for the bracket that would begin a command.
    private static func shown(
        _ text: String, limit: Int, commandMark: String = " [", _ replacement: (Unicode.Scalar) -> String
    ) -> String {
        var shown = String.UnicodeScalarView()
        for (position, scalar) in text.unicodeScalars.enumerated() {
            guard position < limit else { return String(shown) + "…" }
            if scalar == "[", isCommandMark(shown.suffix(5)) {
                shown.append(contentsOf: commandMark.unicodeScalars)
            } else if scalar == ":", shown.last == ":", shown.dropLast().allSatisfy(\.properties.isWhitespace) {
                shown.append(contentsOf: " :".unicodeScalars)
            } else if isUnsafe(scalar) {
                shown.append(contentsOf: replacement(scalar).unicodeScalars)
            } else {
                shown.append(scalar)
            }
        }
        return String(shown)
    }

    /// Terminals act on control characters, hide format characters and others that are to be ignored where they cannot be
    /// drawn, and may show anything for those without a meaning.
    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.properties.isDefaultIgnorableCodePoint { return true }
        return switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: true
        default: false
        }
    }

    private static func isCommandMark(_ end: String.UnicodeScalarView.SubSequence) -> Bool {
        let end = String(end).lowercased()
        return end.hasSuffix("##") || end == "##vso"
    }
}
