import FoundationEssentials
package import JSON

/// An amount in USD, exact to the digits it was written with.
package struct Money: Hashable, Comparable, Sendable, ExpressibleByIntegerLiteral {
    private let amount: Decimal

    private init(_ amount: Decimal) { self.amount = amount }

    /// Whole dollars.
    package init(integerLiteral value: Int) { amount = Decimal(value) }

    /// Reads a decimal number; anything else is nothing at all.
    package init(_ text: String) { amount = Decimal(string: text) ?? 0 }

    init(_ number: JSONNumber) { self.init(number.text) }

    package var json: JSONValue { JSONNumber(amount.description).map(JSONValue.number) ?? 0 }

    package static func < (left: Self, right: Self) -> Bool { left.amount < right.amount }
    package static func + (left: Self, right: Self) -> Self { Self(left.amount + right.amount) }
    package static func - (left: Self, right: Self) -> Self { Self(left.amount - right.amount) }
}
