package import FoundationEssentials
package import JSON
import Timestamps

/// Who owns workspaces and keys. Nothing of one account is visible to another.
package struct Account: Sendable {
    /// The provider's name for the owner, `user_…`.
    package let user: String
    /// The default workspace first.
    package internal(set) var workspaces: [Workspace]
    /// What was bought, in USD; when it is used up, calls that cost answer 402.
    package var credits: Money = 1000
    /// Rows of `GET /guardrails`, as they are answered.
    package var guardrails: [JSONValue] = []
    /// Rows of `GET /guardrails/assignments/keys`.
    package var assignments: [JSONValue] = []
    /// Rows of `GET /byok`.
    package var providerKeys: [JSONValue] = []
    /// Rows of `GET /observability/destinations`.
    package var destinations: [JSONValue] = []
}

/// A workspace of an account.
package struct Workspace: Sendable {
    /// A UUID.
    package let id: String
    package let name: String
    /// The name in an address.
    package let slug: String
    package let createdAt: Date
    let guardrail: String

    func json(of account: Account) -> JSONValue {
        [
            "created_at": .string(createdAt.rfc3339), "created_by": .string(account.user),
            "default_guardrail_id": .string(guardrail), "default_image_model": nil, "default_provider_sort": nil,
            "default_text_model": nil, "description": nil, "id": .string(id), "include_byok_in_budgets": false,
            "io_logging_api_key_ids": nil, "io_logging_sampling_rate": 1, "is_data_discount_logging_enabled": false,
            "is_observability_broadcast_enabled": false, "is_observability_io_logging_enabled": false,
            "name": .string(name), "slug": .string(slug), "updated_at": nil,
        ]
    }
}
