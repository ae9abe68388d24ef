package import FoundationEssentials
package import JSON

extension JSONNumber {
    /// The number in decimal, up to 38 digits; `nil` if it is out of range. Money is compared in this form.
    package var decimal: Decimal? { Decimal(string: text) }
}
