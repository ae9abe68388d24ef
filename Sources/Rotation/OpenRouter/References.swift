import JSON
package import Secrets

/// The tie between a key and its guardrail; a key has one at most.
package struct GuardrailAssignment: Sendable, Hashable {
    package let id: String
    package let guardrailID: String
    package let keyHash: KeyHash

    init(_ fields: AnswerFields) throws(OpenRouterError) {
        id = try fields.string("id")
        guardrailID = try fields.string("guardrail_id")
        keyHash = try fields.hash("key_hash")
    }
}

/// A provider's key that the account brought along (BYOK).
package struct BYOKKey: Sendable, Hashable {
    package let id: String
    package let name: String?
    package let provider: String
    /// The keys that may use it; `nil`: all.
    package let allowedKeyHashes: [KeyHash]?

    init(_ fields: AnswerFields) throws(OpenRouterError) {
        id = try fields.string("id")
        name = try fields.optionalString("name")
        provider = try fields.string("provider")
        allowedKeyHashes = try fields.nullableHashes("allowed_api_key_hashes")
    }
}

/// A place to which OpenRouter reports generations.
package struct ObservabilityDestination: Sendable, Hashable {
    package let id: String
    package let name: String?
    /// The keys that it watches; `nil`: all.
    package let keyHashes: [KeyHash]?

    init(_ fields: AnswerFields) throws(OpenRouterError) {
        id = try fields.string("id")
        name = try fields.optionalString("name")
        keyHashes = try fields.nullableHashes("api_key_hashes")
    }
}

/// One page of a list that tells its length.
package struct Page<Row: Sendable>: Sendable {
    package let rows: [Row]
    /// How many rows stand before this page.
    package let offset: Int
    /// How many rows the whole list has.
    package let total: Int

    /// Where the next page begins; `nil` after the last one.
    package var nextOffset: Int? {
        let end = offset + rows.count
        return rows.isEmpty || end >= total ? nil : end
    }
}
