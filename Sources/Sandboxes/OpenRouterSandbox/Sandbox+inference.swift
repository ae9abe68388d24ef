import FoundationEssentials
import JSON
import SandboxWire
import Secrets
import Timestamps

/// What a key does for an application.
extension Sandbox {
    /// `GET /key`: any kind of key about itself, without its hash and its name.
    func currentKey(_ call: Call) throws(APIError) -> JSONValue {
        let now = call.now
        let key = keys[try accepted(call)]
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
            let owner = accounts[key.account]
            let budgets = budgets(of: key, at: now, to: now.addingTimeInterval(-behaviour.usageLag))
            let isHoused = owner.workspaces.contains { $0.id == key.workspace }
            data["workspace_id"] = isHoused ? .string(key.workspace) : .null
            data["organization_id"] = .string(owner.organization)
            data["allowed_data_regions"] = .array(regions(of: key).map { .string($0.rawValue) })
            data["budgets"] = .array(budgets.map { $0.json(at: now) })
            data["effective_budget"] = budgets.effective?.json(at: now) ?? .null
            let used = keys.filter { $0.account == key.account }.flatMap(\.uses)
                .count { $0.isFree && $0.at >= Period.daily.start(of: now) }
            data["free_model_daily_requests"] = [
                "limit": 1000, "remaining": .count(max(0, 1000 - used)), "used": .count(used),
            ]
        }
        return ["data": .object(data)]
    }

    /// `POST /chat/completions`, answered whole.
    mutating func complete(_ call: Call) throws(APIError) -> JSONValue {
        let index = try accepted(call)
        let key = keys[index]
        guard !key.isManagement else { throw APIError(403, "Management keys cannot be used for inference") }
        guard regions(of: key).contains(call.region) else {
            throw APIError(403, "Requests with this key must arrive through another region")
        }
        let wish = try call.object(
            .object([
                ("model", .required(.someText)), ("messages", .required(.list(.map(.anything), 1...Int.max))),
                ("stream", .flag),
            ]))
        guard wish["stream"] != true else { throw .invalid("stream", "is not served here") }
        let model = wish["model"]?.string ?? ""
        let cost: Money = model.hasSuffix(":free") ? 0 : behaviour.costPerCall
        let isOwn = cost > 0 && hasProviderKey(for: model, key)
        if cost > 0 {
            guard isOwn || used(account: key.account, to: call.now) < accounts[key.account].credits else {
                throw APIError(402, "Insufficient credits")
            }
            let spent = budgets(of: key, at: call.now, to: call.now).first { budget in
                budget.remaining <= 0 && (!isOwn || budget.includesBYOK)
            }
            if let spent { throw spent.refusal(behaviour) }
        }
        let id = "gen-" + random.hex(20)
        keys[index].uses.append(
            Key.Use(at: call.now, id: id, model: model, cost: isOwn ? 0 : cost, byokCost: isOwn ? cost : 0))
        return [
            "id": .string(id), "object": "chat.completion", "created": .count(Int(call.now.timeIntervalSince1970)),
            "model": .string(model), "provider": "Sandbox", "system_fingerprint": nil,
            "choices": [
                [
                    "index": 0, "finish_reason": "stop", "logprobs": nil,
                    "message": ["role": "assistant", "content": "This is the sandbox."],
                ]
            ],
            "usage": ["prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "cost": cost.json],
        ]
    }

    /// Whether a key may use a provider's own key (BYOK) for a model, instead of the account's credits.
    private func hasProviderKey(for model: String, _ key: Key) -> Bool {
        func allows(_ row: Record, _ list: String, _ value: String) -> Bool {
            row.members[list]?.strings?.contains(value) ?? true
        }
        let provider = model.prefix { $0 != "/" }
        return accounts[key.account].providerKeys.contains { row in
            row.members["provider"]?.string == String(provider) && row.members["disabled"] == false
                && (row.workspace ?? key.workspace) == key.workspace
                && allows(row, "allowed_api_key_hashes", key.hash) && allows(row, "allowed_models", model)
                && allows(row, "allowed_user_ids", key.creator ?? "")
        }
    }

    /// `GET /generation`: one answered call of the account whose key asks.
    func generation(_ call: Call) throws(APIError) -> JSONValue {
        let account = keys[try accepted(call)].account
        guard let id = call.query.text("id"), !id.isEmpty else { throw .invalid("id", "is required") }
        for key in keys where key.account == account {
            guard let use = key.uses.first(where: { $0.id == id }) else { continue }
            var data: JSONObject = [:]
            for name in Self.unknown { data[name] = .null }
            data.append([
                "id": .string(id), "api_type": "completions", "created_at": .date(use.at), "model": .string(use.model),
                "data_region": "global", "external_user": .text(key.externalUser), "finish_reason": "stop",
                "is_byok": .bool(use.byokCost > 0), "native_finish_reason": "stop", "origin": "",
                "provider_name": "Sandbox", "streamed": false, "cancelled": false, "tokens_prompt": 10,
                "tokens_completion": 5, "total_cost": use.cost.json, "usage": use.cost.json,
                "workspace_id": .string(key.workspace),
            ])
            return ["data": .object(data)]
        }
        throw .notFound
    }

    /// What the sandbox has nothing to say about.
    private static let unknown = [
        "upstream_id", "cache_discount", "upstream_inference_cost", "app_id", "latency", "moderation_latency",
        "generation_time", "service_tier", "native_tokens_prompt", "native_tokens_completion",
        "native_tokens_completion_images", "native_tokens_reasoning", "native_tokens_cached", "num_media_prompt",
        "num_input_audio_prompt", "num_media_completion", "num_search_results", "num_fetches", "web_search_engine",
        "preset_id", "router", "provider_responses", "user_agent", "http_referer",
    ]
}
