package import FoundationEssentials
package import JSON
package import Secrets
import Timestamps
import Wording

/// A key as OpenRouter's management API describes it. Amounts are US dollars.
package struct Key: Sendable, Hashable {
    package let hash: KeyHash
    /// Chosen by people and by ork; not unique.
    package let name: String
    /// A mask such as `sk-or-v1-0e6...1c96`, or the name. Never an identifier.
    package let label: String
    package let createdAt: Date
    package let updatedAt: Date?
    package let workspaceID: String?
    package let creatorUserID: String?
    /// The user of a partner's that the key is for, as the partner calls them.
    package let externalUser: String?
    package let disabled: Bool
    /// `nil`: no limit.
    package let limit: JSONNumber?
    /// `nil`: no limit.
    package let limitRemaining: JSONNumber?
    /// `daily`, `weekly` or `monthly`; `nil`: the limit is for the key's whole life.
    package let limitReset: String?
    package let includeBYOKInLimit: Bool
    /// Over the key's whole life, with OpenRouter's own credit.
    package let usage: JSONNumber
    /// Over the key's whole life, with the owner's provider keys.
    package let byokUsage: JSONNumber
    /// `nil`: never.
    package let expiresAt: Date?
    package let lastUsedAt: LastUse

    init(_ fields: AnswerFields) throws(OpenRouterError) {
        hash = try fields.hash("hash")
        name = try fields.string("name")
        label = try fields.string("label")
        createdAt = try fields.date("created_at")
        updatedAt = try fields.optionalDate("updated_at")
        workspaceID = try fields.optionalString("workspace_id")
        creatorUserID = try fields.optionalString("creator_user_id")
        externalUser = try fields.optionalString("external_user")
        disabled = try fields.bool("disabled")
        limit = try fields.nullableNumber("limit")
        limitRemaining = try fields.nullableNumber("limit_remaining")
        limitReset = try fields.optionalString("limit_reset")
        includeBYOKInLimit = try fields.bool("include_byok_in_limit")
        usage = try fields.number("usage")
        byokUsage = try fields.number("byok_usage")
        expiresAt = try fields.optionalDate("expires_at")
        lastUsedAt =
            if let date = try fields.optionalDate("last_used_at") {
                .at(date)
            } else {
                fields.has("last_used_at") ? .never : .unreported
            }
    }

    /// When a key was last used, as far as OpenRouter says.
    package enum LastUse: Sendable, Hashable {
        /// The API is older than the field.
        case unreported
        /// No use recorded since the end of 2025; a key with usage may still have been used before.
        case never
        case at(Date)
    }
}

extension Key {
    /// What the name says by ork's way of naming.
    package var keyName: KeyName { KeyName(parsing: name) }

    /// All that was ever spent with the key.
    package var usageTotal: Decimal { (usage.decimal ?? 0) + (byokUsage.decimal ?? 0) }

    /// Whether its expiry has come.
    package func isExpired(at date: Date) -> Bool { expiresAt.map { $0 <= date } ?? false }

    /// Whether OpenRouter would serve a request with it: enabled, not expired, something left of the limit.
    package func maySpend(at date: Date) -> Bool {
        !disabled && !isExpired(at: date) && (limitRemaining.map { ($0.decimal ?? 0) > 0 } ?? true)
    }
}

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
    /// A partner's own user. The partner's lookup key that may go with it is never shown, so it cannot be copied.
    package var externalUser: String?

    package init(
        name: String, limit: JSONNumber?, limitReset: String? = nil, includeBYOKInLimit: Bool? = nil,
        expiresAt: Date? = nil, workspaceID: String? = nil, creatorUserID: String? = nil, externalUser: String? = nil
    ) {
        self.name = name
        self.limit = limit
        self.limitReset = limitReset
        self.includeBYOKInLimit = includeBYOKInLimit
        self.expiresAt = expiresAt
        self.workspaceID = workspaceID
        self.creatorUserID = creatorUserID
        self.externalUser = externalUser
    }

    var json: JSONValue {
        var object: JSONObject = ["name": .string(name), "limit": limit.map { .number($0) } ?? .null]
        if let limitReset { object["limit_reset"] = .string(limitReset) }
        if let includeBYOKInLimit { object["include_byok_in_limit"] = .bool(includeBYOKInLimit) }
        if let expiresAt { object["expires_at"] = .string(expiresAt.rfc3339) }
        if let workspaceID { object["workspace_id"] = .string(workspaceID) }
        if let creatorUserID { object["creator_user_id"] = .string(creatorUserID) }
        if let externalUser { object["external"] = ["user": .string(externalUser)] }
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
        key = try Key(fields.fields("data"))
    }
}

/// What to change of a setting that may be null.
package enum Change<Value: Sendable & Hashable>: Sendable, Hashable {
    /// It is not sent.
    case keep
    case to(Value)
}

/// What to change of a key; only what is set is sent. The expiry cannot be changed.
package struct KeyChange: Sendable, Hashable {
    package var name: String?
    package var disabled: Bool?
    /// US dollars; `.to(nil)`: no limit.
    package var limit: Change<JSONNumber?>
    /// `daily`, `weekly` or `monthly`; `.to(nil)`: the limit is never reset.
    package var limitReset: Change<String?>
    package var includeBYOKInLimit: Bool?

    package init(
        name: String? = nil, disabled: Bool? = nil, limit: Change<JSONNumber?> = .keep,
        limitReset: Change<String?> = .keep, includeBYOKInLimit: Bool? = nil
    ) {
        self.name = name
        self.disabled = disabled
        self.limit = limit
        self.limitReset = limitReset
        self.includeBYOKInLimit = includeBYOKInLimit
    }

    var json: JSONValue {
        var object = JSONObject()
        if let name { object["name"] = .string(name) }
        if let disabled { object["disabled"] = .bool(disabled) }
        if case .to(let limit) = limit { object["limit"] = limit.map { .number($0) } ?? .null }
        if case .to(let reset) = limitReset { object["limit_reset"] = reset.map { .string($0) } ?? .null }
        if let includeBYOKInLimit { object["include_byok_in_limit"] = .bool(includeBYOKInLimit) }
        return .object(object)
    }
}

extension Key {
    /// How old it is: `today`, `1 day`, `90 days`.
    package func age(at now: Date) -> String { Self.days(from: createdAt, to: now) }

    /// A length of time in whole days, as an age is said.
    package static func days(from start: Date, to end: Date) -> String {
        let days = Int(end.timeIntervalSince(start) / 86400)
        return days < 1 ? "today" : Counted(days, "day").description
    }

    /// Its limit, and when that starts over: `$25 monthly`, `none`.
    package var limitInWords: String {
        limit.map { "$\($0.text)\(limitReset.map { " \($0)" } ?? "")" } ?? "none"
    }
}
