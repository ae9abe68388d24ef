package import FoundationEssentials
package import JSON

/// What a key can learn of itself: neither its hash nor its name nor whether it is disabled. Amounts are US dollars.
package struct CurrentKey: Sendable, Hashable {
    package let label: String
    /// `nil`: no limit.
    package let limit: JSONNumber?
    /// `nil`: no limit.
    package let limitRemaining: JSONNumber?
    package let limitReset: String?
    package let includeBYOKInLimit: Bool
    /// Over the key's whole life, with OpenRouter's own credit.
    package let usage: JSONNumber
    /// Over the key's whole life, with the owner's provider keys.
    package let byokUsage: JSONNumber
    package let isManagementKey: Bool
    /// `nil`: never.
    package let expiresAt: Date?
    package let workspaceID: String?

    init(_ fields: AnswerFields) throws(OpenRouterError) {
        label = try fields.string("label")
        limit = try fields.nullableNumber("limit")
        limitRemaining = try fields.nullableNumber("limit_remaining")
        limitReset = try fields.optionalString("limit_reset")
        includeBYOKInLimit = try fields.bool("include_byok_in_limit")
        usage = try fields.number("usage")
        byokUsage = try fields.number("byok_usage")
        isManagementKey = try fields.bool("is_management_key")
        expiresAt = try fields.optionalDate("expires_at")
        workspaceID = try fields.optionalString("workspace_id")
    }

    /// All that was ever spent with the key.
    package var usageTotal: Decimal { (usage.decimal ?? 0) + (byokUsage.decimal ?? 0) }

    /// Whether its expiry has come.
    package func isExpired(at date: Date) -> Bool { expiresAt.map { $0 <= date } ?? false }

    /// Whether OpenRouter would serve an application with it: no management key, not expired, something left of
    /// the limit.
    package func maySpend(at date: Date) -> Bool {
        !isManagementKey && !isExpired(at: date) && (limitRemaining.map { ($0.decimal ?? 0) > 0 } ?? true)
    }
}
