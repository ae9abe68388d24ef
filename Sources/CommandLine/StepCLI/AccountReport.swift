import JSON
import OpenRouter
import Rotation
import Secrets
import Steps
import Timestamps
import Wording

/// What OpenRouter shows of a rotation's keys, as `ork-status --ask` tells it.
struct AccountReport {
    private let account: AccountStatus
    private let state: State

    init(_ account: AccountStatus, _ state: State) {
        self.account = account
        self.state = state
    }

    var lines: [String] {
        var lines = ["  OpenRouter   at \(account.date.rfc3339)"]
        for (reference, key) in account.keys {
            lines.append(
                "    \(isSuccessor(reference) ? "successor  " : "predecessor")  \(key?.name ?? reference.name) (\(reference.hash.short)) \(account.standing(of: key))"
            )
        }
        for (reference, _) in account.keys { lines += used(reference) }
        for key in account.others {
            let age = key.isNewer(than: state.header) ? "a newer rotation" : "another rotation"
            let origin = key.keyName.rotation.map { "made by \(age), \($0.id)" } ?? "made by no rotation"
            lines.append("    also live    \(key.name) (\(key.hash.short)) \(account.standing(of: key)); \(origin)")
        }
        return lines
    }

    private func isSuccessor(_ reference: KeyReference) -> Bool { reference.hash == state.created?.hash }

    private func used(_ reference: KeyReference) -> [String] {
        guard let uses = account.uses[reference.hash] else { return [] }
        guard let uses else { return ["    used by      not shown: OpenRouter's analytics cannot be asked"] }
        guard !uses.isEmpty else { return ["    used by      no request shown since \(account.since.rfc3339)"] }
        return uses.map { use in
            "    used by      \(use.application) with \(use.model): \(Counted(use.requests, "request")) since "
                + account.since.rfc3339
        } + hours(reference)
    }

    /// A job that runs once a day is found by its hour.
    private func hours(_ reference: KeyReference) -> [String] {
        guard let habit = account.habits[reference.hash], !habit.hours.isEmpty else { return [] }
        let hours = habit.hoursOfDay.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: " ")
        return ["    used at      the hours \(hours) (UTC) of the last 30 days"]
    }

    var json: JSONValue {
        var uses: [JSONValue] = []
        for (reference, _) in account.keys {
            for use in (account.uses[reference.hash] ?? nil) ?? [] {
                uses.append([
                    "hash": .string(reference.hash.description), "app": .string(use.application),
                    "model": .string(use.model), "requests": .number(JSONNumber(use.requests)),
                ])
            }
        }
        let keys = account.keys.map { reference, key in
            Self.key(key, reference, ["role": isSuccessor(reference) ? "successor" : "predecessor"])
        }
        let others = account.others.map { key -> JSONValue in
            let rotation = key.keyName.rotation.map { JSONValue.string($0.id) } ?? .null
            return Self.key(
                key, KeyReference(hash: key.hash, name: key.name),
                ["rotation": rotation, "newer": .bool(key.isNewer(than: state.header))])
        }
        var hours = JSONObject()
        for (hash, habit) in account.habits {
            hours[hash.description] = .array(habit.hoursOfDay.map { .number(JSONNumber($0)) })
        }
        return [
            "at": .string(account.date.rfc3339), "keys": .array(keys), "others": .array(others),
            "uses_since": .string(account.since.rfc3339), "uses": .array(uses),
            "hours": .object(hours),
        ]
    }

    private static func key(_ key: Key?, _ reference: KeyReference, _ more: JSONObject) -> JSONValue {
        var json: JSONObject = [
            "name": .string(key?.name ?? reference.name), "hash": .string(reference.hash.description),
            "status": .string(key == nil ? "deleted" : key?.disabled == true ? "disabled" : "enabled"),
        ]
        if case .at(let used) = key?.lastUsedAt { json["last_used_at"] = .string(used.rfc3339) }
        for (name, value) in more.members { json[name] = value }
        return .object(json)
    }
}
