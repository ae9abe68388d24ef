import FoundationEssentials
import JSON

/// What analytics knows: its metrics, dimensions, operators and granularities (`GET /analytics/meta`).
enum AnalyticsWords {
    static let metrics =
        ["request_count", "byok_request_count", "guardrail_invoked_count", "response_cached_count"] + tokens + amounts
        + speeds + rates
    static let dimensions = [
        "model", "variant", "api_key_id", "user", "workspace", "app", "generation_id", "provider", "origin", "country",
        "finish_reason", "external_user", "context_length_bucket",
    ]
    static let operators = ["eq", "neq", "in", "not_in", "gt", "gte", "lt", "lte"]
    static let granularities = ["minute", "hour", "day", "week", "month"]

    /// What reaches back 31 days only.
    static let recent: Set<String> = Set(
        [
            "guardrail_invoked_count", "response_cached_count", "openrouter_usage", "byok_fees", "usage_file",
            "usage_upstream_file", "usage_web_fetch", "usage_upstream_web_fetch", "generation_id", "provider", "origin",
            "country", "finish_reason", "external_user", "context_length_bucket",
        ] + speeds)

    private static let tokens =
        ["total", "prompt", "completion"].map { "tokens_" + $0 }
        + ["reasoning_tokens", "cached_tokens"]
    private static let amounts = [
        "total_usage", "byok_usage", "credits_usage", "openrouter_usage", "byok_fees", "usage_upstream", "usage_cache",
        "usage_data", "usage_web", "usage_upstream_web", "usage_file", "usage_upstream_file", "usage_web_fetch",
        "usage_upstream_web_fetch",
    ]
    private static let speeds = ["latency", "throughput"].flatMap { name in
        ["avg", "p50", "p90", "p99"].map { "\($0)_\(name)" }
    }
    private static let rates = ["cache_hit_rate", "guardrail_invoked_rate", "response_cached_rate"]

    static func takesList(_ op: String) -> Bool { op == "in" || op == "not_in" }

    /// What calls count as; nothing, where the sandbox has no such thing.
    static func value(of metric: String, _ uses: [Key.Use]) -> JSONNumber {
        func sum(_ amount: (Key.Use) -> Money) -> JSONNumber {
            uses.reduce(0) { $0 + amount($1) }.json.number ?? JSONNumber(0)
        }
        switch metric {
        case "request_count": return JSONNumber(uses.count)
        case "byok_request_count": return JSONNumber(uses.count { $0.byokCost > 0 })
        case "tokens_total": return JSONNumber(15 * uses.count)
        case "tokens_prompt": return JSONNumber(10 * uses.count)
        case "tokens_completion": return JSONNumber(5 * uses.count)
        case "total_usage": return sum { $0.cost + $0.byokCost }
        case "byok_usage": return sum { $0.byokCost }
        case "credits_usage", "openrouter_usage", "usage_upstream": return sum { $0.cost }
        default: return JSONNumber(0)
        }
    }

    /// What a call is by a dimension. All calls are of one application, answered by one provider.
    static func id(of dimension: String, _ use: Key.Use, _ key: Key) -> String {
        switch dimension {
        case "model": use.model
        case "variant": use.isFree ? "free" : "standard"
        case "api_key_id": key.hash
        case "user": key.creator ?? ""
        case "workspace": key.workspace
        case "app": "Example Application"
        case "generation_id": use.id ?? ""
        case "provider": "Sandbox"
        case "finish_reason": "stop"
        case "external_user": key.externalUser ?? ""
        default: ""
        }
    }

    /// The words with their labels.
    static var json: JSONValue {
        func words(_ names: [String], _ more: (String) -> JSONObject = { _ in [:] }) -> JSONValue {
            .array(
                names.map { name in
                    var object: JSONObject = ["name": .string(name), "display_label": .string(label(name))]
                    object.append(more(name))
                    return .object(object)
                })
        }
        return [
            "metrics": words(metrics) { name in
                ["is_rate": .bool(rates.contains(name) || speeds.contains(name)), "display_format": format(name)]
            }, "dimensions": words(dimensions), "granularities": words(granularities),
            "operators": .array(
                operators.map { ["name": .string($0), "value_type": takesList($0) ? "array" : "scalar"] }),
        ]
    }

    private static func label(_ name: String) -> String {
        let words = name.split(separator: "_").joined(separator: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }

    private static func format(_ metric: String) -> JSONValue {
        if rates.contains(metric) { return "percent" }
        if amounts.contains(metric) { return "currency" }
        guard speeds.contains(metric) else { return "number" }
        return metric.hasSuffix("latency") ? "latency" : "throughput"
    }
}
