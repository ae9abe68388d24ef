import FoundationEssentials
import JSON
import Secrets
import Timestamps

/// What one application asked of one model with a key, by analytics: names as OpenRouter shows them.
package struct KeyUse: Sendable, Hashable {
    package let application: String
    package let model: String
    package let requests: Int

    /// How many rows are asked for: enough to know where to look, never a list of everything.
    static let limit = 20

    // Analytics takes two dimensions at most; longer windows than 31 days are not served for all.
    static func query(_ hash: KeyHash, from start: Date, to end: Date) -> JSONValue {
        // Times are sent in whole seconds: never less than what was asked for.
        let end = Date(timeIntervalSince1970: end.timeIntervalSince1970.rounded(.down) + 1)
        return [
            "metrics": ["request_count"], "dimensions": ["app", "model"], "limit": .number(JSONNumber(limit)),
            "filters": [["field": "api_key_id", "operator": "eq", "value": .string(hash.description)]],
            "time_range": ["start": .string(start.rfc3339), "end": .string(end.rfc3339)],
        ]
    }

    init(_ fields: AnswerFields) throws(OpenRouterError) {
        application = try fields.optionalString("app") ?? "unknown"
        model = try fields.optionalString("model") ?? "unknown"
        requests = try fields.count("request_count")
    }
}
