import FoundationEssentials
import JSON
import SandboxWire
import Secrets

/// What a key does for an application.
extension Sandbox {
    /// `GET /key`: any kind of key about itself, without its hash and its name.
    func currentKey(_ bearer: Secret?, at now: Date) throws(APIError) -> JSONValue {
        let key = keys[try accepted(bearer, at: now)]
        var data: JSONObject = [
            "label": .string(key.label), "creator_user_id": .text(key.creator), "expires_at": .date(key.expiresAt),
            "is_free_tier": false, "is_management_key": .bool(key.isManagement),
            "is_provisioning_key": .bool(key.isManagement),
            "rate_limit": [
                "interval": "1h", "note": "This field is deprecated and safe to ignore.", "requests": 1000,
            ],
        ]
        data.append(key.counters(at: now, behaviour))
        if !behaviour.omitsLastUsed {
            let budget = budget(of: key, at: now)
            data["workspace_id"] = .string(key.workspace)
            data["organization_id"] = .null
            data["allowed_data_regions"] = ["global"]
            data["budgets"] = .array(budget.map { [$0] } ?? [])
            data["effective_budget"] = budget ?? .null
            let used = keys.filter { $0.account == key.account }.flatMap(\.uses)
                .count { $0.isFree && $0.at >= Period.daily.start(of: now) }
            data["free_model_daily_requests"] = [
                "limit": 1000, "remaining": .count(max(0, 1000 - used)), "used": .count(used),
            ]
        }
        return ["data": .object(data)]
    }

    /// `POST /chat/completions`, answered whole.
    mutating func complete(_ bytes: [UInt8]?, bearer: Secret?, at now: Date) throws(APIError) -> JSONValue {
        let index = try accepted(bearer, at: now)
        guard !keys[index].isManagement else { throw APIError(403, "Management keys cannot be used for inference") }
        let body = try Body(bytes)
        guard let model = try body.text("model") else { throw .invalid("model", "is required") }
        guard let messages = body["messages"]?.array, !messages.isEmpty else {
            throw .invalid("messages", "must have at least one message")
        }
        guard try body.flag("stream") != true else { throw .invalid("stream", "is not served here") }

        let cost: Money = model.hasSuffix(":free") ? 0 : behaviour.costPerCall
        if cost > 0 {
            let account = keys[index].account
            guard used(account: account, to: now) < accounts[account].credits else {
                throw APIError(402, "Insufficient credits")
            }
            if let remaining = keys[index].remaining(at: now, to: now), remaining <= 0 {
                throw APIError(behaviour.exhaustedStatus, "Key limit exceeded (total limit)")
            }
        }
        keys[index].uses.append(Key.Use(at: now, model: model, cost: cost, byokCost: 0))
        return [
            "id": .string("gen-" + random.hex(20)), "object": "chat.completion",
            "created": .count(Int(now.timeIntervalSince1970)), "model": .string(model), "provider": "Sandbox",
            "system_fingerprint": nil,
            "choices": [
                [
                    "index": 0, "finish_reason": "stop", "logprobs": nil,
                    "message": ["role": "assistant", "content": "This is the sandbox."],
                ]
            ],
            "usage": ["prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "cost": cost.json],
        ]
    }

    /// The key that asks, as the servers that answer inference know it.
    private func accepted(_ bearer: Secret?, at now: Date) throws(APIError) -> Int {
        guard let bearer else { throw .missingAuthentication }
        guard let index = index(of: bearer),
            keys[index].isAccepted(at: now, propagation: keys[index].isManagement ? 0 : behaviour.propagation)
        else { throw .unknownUser }
        return index
    }

    private func budget(of key: Key, at now: Date) -> JSONValue? {
        let end = now.addingTimeInterval(-behaviour.usageLag)
        guard let limit = key.limit, let remaining = key.remaining(at: now, to: end) else { return nil }
        return [
            "budget_id": nil, "guardrail_id": nil, "include_byok": .bool(key.includesBYOK), "limit_usd": limit.json,
            "remaining_usd": remaining.json, "reset_interval": .text(key.limitReset?.rawValue),
            "resets_at": .date(key.limitReset?.end(of: now)), "scope": "key_limit",
            "spend_usd": key.spent(at: now, to: end).json,
        ]
    }
}
