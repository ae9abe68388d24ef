package import JSON

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
