import FoundationEssentials
import JSON
import Timestamps

/// What was called when: `/analytics/query` and `/activity`.
extension Sandbox {
    /// Counts calls by key, model and time. A hash that is no key's brings no rows and a warning, not an error.
    func analytics(_ bytes: [UInt8]?, account: Int, at now: Date) throws(APIError) -> JSONValue {
        guard !behaviour.refusesAnalytics else { throw APIError(403, "Analytics is not available for this account") }
        let body = try Body(bytes)
        let question = try AnalyticsQuestion(body, at: now)
        var warnings: [JSONValue] = []
        var asked = Set(keys.indices.filter { keys[$0].account == account })
        for hashes in question.hashes {
            var found: Set<Int> = []
            for hash in hashes {
                if let index = index(ofHash: hash), keys[index].account == account, keys[index].deletedAt == nil {
                    found.insert(index)
                } else {
                    warnings.append("Could not resolve an api_key_id filter value to a key")
                }
            }
            asked.formIntersection(found)
        }

        var counts: [AnalyticsQuestion.Row: Int] = [:]
        let end = now.addingTimeInterval(-behaviour.usageLag)
        for key in asked.sorted().map({ keys[$0] }) {
            for use in key.uses where question.covers(use) && use.at <= end {
                counts[question.row(of: use, by: key), default: 0] += 1
            }
        }
        // Without a time or a dimension there is one row, whatever was found.
        if counts.isEmpty, warnings.isEmpty, question.isOneRow { counts[AnalyticsQuestion.Row()] = 0 }
        let rows = counts.sorted { $0.key < $1.key }.map { row, count in
            row.json(question, count: behaviour.writesCountsAsStrings ? .string(String(count)) : .count(count))
        }
        var data: JSONObject = [
            "cachedAt": .count(Int(now.timeIntervalSince1970 * 1000)),
            "data": .array(Array(rows.prefix(question.limit))),
            "metadata": [
                "query_time_ms": 1, "row_count": .count(min(rows.count, question.limit)),
                "truncated": .bool(rows.count > question.limit),
            ],
        ]
        if !warnings.isEmpty { data["warnings"] = .array(warnings) }
        return ["data": .object(data)]
    }

    /// Completed UTC days only, so nothing of today.
    func activity(_ query: Query, account: Int, at now: Date) throws(APIError) -> JSONValue {
        var asked = keys.filter { $0.account == account }
        if let hash = query.text("api_key_hash") {
            asked = asked.filter { $0.hash == hash && $0.deletedAt == nil }
            guard !asked.isEmpty else { throw .notFound }
        }
        if let workspace = try workspace(in: query, account: account) {
            asked = asked.filter { $0.workspace == workspace }
        }
        var days: [ActivityRow: [Key.Use]] = [:]
        let today = min(Period.daily.start(of: now), now.addingTimeInterval(-behaviour.usageLag))
        for use in asked.flatMap(\.uses) where use.at < today {
            let row = ActivityRow(date: String(use.at.rfc3339.prefix(10)), model: use.model)
            if let date = query.text("date"), date != row.date { continue }
            days[row, default: []].append(use)
        }
        let rows = days.sorted { ($0.key.date, $0.key.model) > ($1.key.date, $1.key.model) }
        return ["data": .array(rows.map { $0.json($1) })]
    }
}

private struct ActivityRow: Hashable {
    let date: String
    let model: String

    func json(_ uses: [Key.Use]) -> JSONValue {
        [
            "byok_usage_inference": uses.reduce(0) { $0 + $1.byokCost }.json,
            "completion_tokens": .count(5 * uses.count), "date": .string(date),
            "endpoint_id": "550e8400-e29b-41d4-a716-446655440000", "model": .string(model),
            "model_permaslug": .string(model), "prompt_tokens": .count(10 * uses.count), "provider_name": "Sandbox",
            "reasoning_tokens": 0, "requests": .count(uses.count), "usage": uses.reduce(0) { $0 + $1.cost }.json,
        ]
    }
}
