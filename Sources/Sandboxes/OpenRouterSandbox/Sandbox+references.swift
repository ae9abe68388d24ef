package import FoundationEssentials
import JSON
import SandboxWire
import Timestamps

/// The places that name keys by their hash.
extension Sandbox {
    /// Adds a guardrail to the default workspace and assigns it to these keys; returns its id.
    @discardableResult
    package mutating func addGuardrail(
        _ name: String, assignedTo hashes: [String], account: Int = 0,
        at now: Date = Date(timeIntervalSince1970: 1_767_225_600)
    ) -> String {
        let id = random.uuid()
        accounts[account].guardrails.append([
            "created_at": .date(now), "id": .string(id), "include_byok_in_budgets": false, "name": .string(name),
            "workspace_id": .string(accounts[account].workspaces[0].id),
        ])
        for hash in hashes {
            let key = key(hash)
            accounts[account].assignments.append([
                "assigned_by": .string(accounts[account].user), "created_at": .date(now),
                "guardrail_id": .string(id), "id": .string(random.uuid()), "key_hash": .string(hash),
                "key_label": .text(key?.label ?? ""), "key_name": .text(key?.name ?? ""),
            ])
        }
        return id
    }

    /// Adds a provider's own key (BYOK) that only these keys may use, or all of them for `nil`; returns its id.
    @discardableResult
    package mutating func addProviderKey(
        _ name: String, allowing hashes: [String]?, account: Int = 0,
        at now: Date = Date(timeIntervalSince1970: 1_767_225_600)
    ) -> String {
        let id = random.uuid()
        accounts[account].providerKeys.append([
            "allowed_api_key_hashes": .hashes(hashes), "allowed_models": nil, "allowed_user_ids": nil,
            "created_at": .date(now), "disabled": false, "id": .string(id), "is_fallback": false,
            "label": "sk-...AbCd", "name": .string(name), "provider": "openai",
            "sort_order": .count(accounts[account].providerKeys.count),
            "workspace_id": .string(accounts[account].workspaces[0].id),
        ])
        return id
    }

    /// Adds a webhook that observes only these keys, or all of them for `nil`; returns its id.
    @discardableResult
    package mutating func addDestination(
        _ name: String, observing hashes: [String]?, account: Int = 0,
        at now: Date = Date(timeIntervalSince1970: 1_767_225_600)
    ) -> String {
        let id = random.uuid()
        accounts[account].destinations.append([
            "api_key_hashes": .hashes(hashes), "broadcast_generation_cost": false,
            "broadcast_generation_identity": false, "broadcast_generation_request_context": false,
            "config": ["url": "https://example.com/openrouter-events"], "created_at": .date(now), "enabled": true,
            "filter_rules": nil, "id": .string(id), "name": .string(name), "privacy_mode": false,
            "sampling_rate": 1, "type": "webhook", "updated_at": .date(now),
            "workspace_id": .string(accounts[account].workspaces[0].id),
        ])
        return id
    }

    /// One page of a list that takes `offset` and `limit` (1 to 100, by default 50) and tells its `total_count`.
    func page(_ rows: [JSONValue], _ query: Query, account: Int) throws(APIError) -> JSONValue {
        let offset = try query.count("offset", 0...Int.max) ?? 0
        let limit = try query.count("limit", 1...100) ?? 50
        var rows = rows
        let unknown = APIError.invalid("workspace_id", "must be a workspace of this account")
        if let workspace = try workspace(in: query, account: account, unknown: unknown) {
            rows = rows.filter { $0["workspace_id"]?.string == workspace }
        }
        return ["data": .array(Array(rows.dropFirst(offset).prefix(limit))), "total_count": .count(rows.count)]
    }
}

extension JSONValue {
    fileprivate static func hashes(_ hashes: [String]?) -> JSONValue {
        hashes.map { .array($0.map(JSONValue.string)) } ?? .null
    }
}
