package import JSON

/// An amount of US dollars as OpenRouter's limits have it, kept in decimal digits: `25`, `12.50`.
package struct Money: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// Reads a non-negative decimal number without exponent; `nil` for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let areDigits = parts.allSatisfy { part in !part.isEmpty && part.utf8.allSatisfy { (48...57).contains($0) } }
        guard areDigits, parts.count <= 2, parts[0] == "0" || !parts[0].hasPrefix("0"), text.utf8.count <= 30 else {
            return nil
        }
        description = text
    }

    /// The amount as OpenRouter's JSON has it: a number.
    package var number: JSONNumber { JSONNumber(description) ?? JSONNumber(0) }
}
