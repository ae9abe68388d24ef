package import FoundationEssentials
package import JSON

/// The account's credit in US dollars.
package struct Credits: Sendable, Hashable {
    package let totalCredits: JSONNumber
    package let totalUsage: JSONNumber

    init(_ fields: AnswerFields) throws(OpenRouterError) {
        totalCredits = try fields.number("total_credits")
        totalUsage = try fields.number("total_usage")
    }

    /// What is left; negative if more was used than bought.
    package var remaining: Decimal { (totalCredits.decimal ?? 0) - (totalUsage.decimal ?? 0) }
}
