import FoundationEssentials
import JSON
import Timestamps

extension Key {
    /// The key object of create, list, get and update.
    func json(at now: Date, _ behaviour: Behaviour) -> JSONValue {
        var object: JSONObject = [
            "hash": .string(hash), "name": .string(name), "label": .string(label), "disabled": .bool(disabled),
            "created_at": .string(createdAt.rfc3339), "updated_at": .date(updatedAt),
            "creator_user_id": .text(creator), "workspace_id": .string(workspace), "expires_at": .date(expiresAt),
        ]
        object.append(counters(at: now, behaviour))
        if !behaviour.omitsLastUsed {
            object["external_user"] = .text(externalUser)
            object["last_used_at"] = .date(lastUsed(to: now.addingTimeInterval(-behaviour.usageLag)))
        }
        return .object(object)
    }

    /// The limits and the usage counters, which `GET /key` shows too.
    func counters(at now: Date, _ behaviour: Behaviour) -> JSONObject {
        let end = now.addingTimeInterval(-behaviour.usageLag)
        var object: JSONObject = [
            "limit": .money(limit), "limit_remaining": .money(remaining(at: now, to: end)),
            "limit_reset": .text(limitReset?.rawValue), "include_byok_in_limit": .bool(includesBYOK),
        ]
        var totals = [("", total(to: end))]
        totals += Period.allCases.map { ("_" + $0.rawValue, total(from: $0.start(of: now), to: end)) }
        for (suffix, total) in totals {
            object["usage" + suffix] = total.usage.json
            object["byok_usage" + suffix] = total.byok.json
        }
        return object
    }
}

extension JSONObject {
    mutating func append(_ other: JSONObject) {
        for (key, value) in other.members { self[key] = value }
    }
}

extension JSONValue {
    static func text(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }
    static func date(_ date: Date?) -> JSONValue { text(date?.rfc3339) }
    static func money(_ amount: Money?) -> JSONValue { amount?.json ?? .null }
    static func count(_ count: Int) -> JSONValue { .number(JSONNumber(count)) }
}
