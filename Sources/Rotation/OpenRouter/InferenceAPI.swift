package import FoundationEssentials
package import HTTP
package import JSON
package import Secrets

/// Makes the calls that a key of any kind can make about itself and for its applications.
package struct InferenceAPI: Sendable {
    private let endpoint: Endpoint

    /// `baseURL` is the address up to and with the version, such as `https://openrouter.ai/api/v1`.
    package init(baseURL: HTTPURL, key: Secret) {
        endpoint = Endpoint(baseURL: baseURL, key: key, audience: .inference)
    }

    /// What OpenRouter says of the key itself; free of charge. Each call has a connection of its own, which may meet another server of the provider.
    package func currentKey() -> APICall<CurrentKey> {
        endpoint.call(.get, "/key", fresh: true) { fields throws(OpenRouterError) in
            try CurrentKey(fields.fields("data"))
        }
    }

    /// Asks a model one short question, at most 16 tokens of answer. It is sent once and may cost money.
    package func ask(model: String) -> APICall<Inference> {
        let body: JSONValue = [
            "model": .string(model),
            "messages": [["role": "user", "content": "Answer with the word ok."]],
            "max_tokens": 16,
        ]
        return endpoint.call(.post, "/chat/completions", body: body, read: Inference.init)
    }
}

/// A model has answered; what it said does not matter.
package struct Inference: Sendable, Hashable {
    /// OpenRouter's id of the generation.
    package let id: String?
    /// What the answer cost in US dollars, if OpenRouter says so.
    package let cost: Decimal?

    init(_ fields: AnswerFields) throws(OpenRouterError) {
        id = try fields.optionalString("id")
        let usage = fields.has("usage") ? try fields.fields("usage") : nil
        cost = usage?.has("cost") == true ? try usage?.nullableNumber("cost")?.decimal : nil
        // A provider's failure may come with status 200.
        guard !fields.has("error"), try !fields.list("choices").isEmpty else { throw fields.error("choices") }
    }
}

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
    /// The regions whose hosts take it; `nil` where that is not told.
    package let regions: [String]?

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
        // Only the newest API tells, and only a hint depends on it.
        regions = fields["allowed_data_regions"]?.strings
    }

    /// All that was ever spent with the key.
    package var usageTotal: Decimal { (usage.decimal ?? 0) + (byokUsage.decimal ?? 0) }

    /// OpenRouter's hosts that take it, where `host` is one that does not; `nil` where it does, or nobody knows.
    package func hosts(insteadOf host: String) -> [String]? {
        guard let regions, let region = Self.regions[host], !regions.contains(region) else { return nil }
        return Self.regions.filter { regions.contains($0.value) }.map(\.key).sorted()
    }

    /// Each region has a host of its own.
    private static let regions = ["openrouter.ai": "global", "eu.openrouter.ai": "europe", "us.openrouter.ai": "us"]

    /// Whether its expiry has come.
    package func isExpired(at date: Date) -> Bool { expiresAt.map { $0 <= date } ?? false }

    /// Whether OpenRouter would serve an application with it: no management key, not expired, something left of
    /// the limit.
    package func maySpend(at date: Date) -> Bool {
        !isManagementKey && !isExpired(at: date) && (limitRemaining.map { ($0.decimal ?? 0) > 0 } ?? true)
    }
}
