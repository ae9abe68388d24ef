package import JSON
import Secrets

/// The name of a rotation or of a target: it stands in file names, messages and key names.
///
/// Letters, digits, `.`, `_`, `-`, `/`, at most 100, beginning with a letter or a digit.
package struct PlanName: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let description: String

    /// `nil` for anything that is not such a name.
    package init?(_ text: String) {
        let allowed = text.utf8.allSatisfy {
            $0.isASCIIAlphanumeric || "._-/".utf8.contains($0)
        }
        guard allowed, (1...100).contains(text.utf8.count), let first = text.first, first.isLetter || first.isNumber
        else { return nil }
        description = text
    }

    package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

/// An amount of US dollars as OpenRouter's limits have it, kept in decimal digits: `25`, `12.50`.
package struct Money: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// Reads a non-negative decimal number without exponent; `nil` for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let areDigits = parts.allSatisfy { part in !part.isEmpty && part.utf8.allSatisfy { $0.isASCIIDigit } }
        guard areDigits, parts.count <= 2, parts[0] == "0" || !parts[0].hasPrefix("0"), text.utf8.count <= 30 else {
            return nil
        }
        description = text
    }

    /// The amount as OpenRouter's JSON has it: a number.
    package var number: JSONNumber { JSONNumber(description) ?? JSONNumber(0) }
}
