package import FoundationEssentials
package import JSON
package import Secrets
import Timestamps

/// What a new key shall be. A key cannot be created disabled; `limit` zero keeps it from spending.
package struct NewKey: Sendable, Hashable {
    package var name: String
    /// US dollars; `nil` is sent as null: no limit.
    package var limit: JSONNumber?
    /// `daily`, `weekly` or `monthly`; left out when `nil`, as are the others below.
    package var limitReset: String?
    package var includeBYOKInLimit: Bool?
    /// Can never be changed later; sent to the second.
    package var expiresAt: Date?
    /// `nil`: the default workspace.
    package var workspaceID: String?
    /// Keys of an organisation only.
    package var creatorUserID: String?

    package init(
        name: String, limit: JSONNumber?, limitReset: String? = nil, includeBYOKInLimit: Bool? = nil,
        expiresAt: Date? = nil, workspaceID: String? = nil, creatorUserID: String? = nil
    ) {
        self.name = name
        self.limit = limit
        self.limitReset = limitReset
        self.includeBYOKInLimit = includeBYOKInLimit
        self.expiresAt = expiresAt
        self.workspaceID = workspaceID
        self.creatorUserID = creatorUserID
    }

    var json: JSONValue {
        var object: JSONObject = ["name": .string(name), "limit": limit.map { .number($0) } ?? .null]
        if let limitReset { object["limit_reset"] = .string(limitReset) }
        if let includeBYOKInLimit { object["include_byok_in_limit"] = .bool(includeBYOKInLimit) }
        if let expiresAt { object["expires_at"] = .string(expiresAt.rfc3339) }
        if let workspaceID { object["workspace_id"] = .string(workspaceID) }
        if let creatorUserID { object["creator_user_id"] = .string(creatorUserID) }
        return .object(object)
    }
}

/// A new key and its plaintext, which OpenRouter shows once.
package struct CreatedKey: Sendable {
    package let key: Key
    package let secret: Secret

    /// The plaintext is the answer's `key`, beside `data`.
    init(_ fields: AnswerFields) throws(OpenRouterError) {
        let text = try fields.string("key")
        guard !text.isEmpty else { throw fields.error("key") }
        secret = Secret(text)
        key = try Key(fields.object("data"))
    }
}
