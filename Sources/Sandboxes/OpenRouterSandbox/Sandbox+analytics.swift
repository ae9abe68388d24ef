import FoundationEssentials
import JSON
import Timestamps

/// What was called when: `/analytics` and `/activity`.
extension Sandbox {
    /// How many questions analytics answers in a minute.
    private static let analyticsLimit = 64

    func analyticsMeta() throws(APIError) -> JSONValue {
        try refuseAnalytics()
        return ["data": AnalyticsWords.json]
    }

    private func refuseAnalytics() throws(APIError) {
        guard !behaviour.refusesAnalytics else { throw APIError(403, "Analytics is not available for this account") }
    }

    /// Counts calls by key, model and time. An unknown hash brings no rows and a warning, not an error.
    func analytics(_ call: Call) throws(APIError) -> JSONValue {
        try refuseAnalytics()
        let question = try AnalyticsQuestion(call.object(AnalyticsQuestion.shape), at: call.now)
        let minute = log.reversed().prefix { $0.at > call.now.addingTimeInterval(-60) }
        guard minute.count(where: { $0.path == "/analytics/query" && $0.status == 200 }) < Self.analyticsLimit else {
            throw APIError(429, "Rate limit exceeded")
        }
        var warnings: [JSONValue] = []
        var asked = Set(keys.indices.filter { keys[$0].account == call.account })
        for filter in question.filters where filter.field == "api_key_id" {
            var found: Set<Int> = []
            for value in filter.values {
                if let index = index(ofHash: value.string ?? ""), keys[index].account == call.account,
                    keys[index].deletedAt == nil
                {
                    found.insert(index)
                } else {
                    warnings.append("Could not resolve an api_key_id filter value to a key")
                }
            }
            if filter.isPositive { asked.formIntersection(found) } else { asked.subtract(found) }
        }

        var counted: [AnalyticsQuestion.Row: [Key.Use]] = [:]
        let end = call.now.addingTimeInterval(-behaviour.usageLag)
        for key in asked.sorted().map({ keys[$0] }) {
            for use in key.uses where use.at <= end && question.covers(use, of: key) {
                counted[question.row(of: use, by: key), default: []].append(use)
            }
        }
        // Without a time or a dimension there is one row, whatever was found.
        if counted.isEmpty, warnings.isEmpty, question.isOneRow { counted[AnalyticsQuestion.Row()] = [] }
        let rows = question.sorted(counted)
        let shown = rows.prefix(question.limit).map { row, uses in
            question.json(row, uses, countsAreText: behaviour.writesCountsAsStrings)
        }
        var data: JSONObject = [
            "cachedAt": .count(Int(call.now.timeIntervalSince1970 * 1000)), "data": .array(shown),
            "metadata": [
                "query_time_ms": 1, "row_count": .count(shown.count), "truncated": .bool(rows.count > shown.count),
            ],
        ]
        if !warnings.isEmpty { data["warnings"] = .array(warnings) }
        return ["data": .object(data)]
    }

    /// Completed UTC days only, the last 30, so nothing of today.
    func activity(_ call: Call) throws(APIError) -> JSONValue {
        let today = Period.daily.start(of: call.now)
        let first = today.addingTimeInterval(-30 * 86400)
        let date = call.query.text("date")
        if let date {
            guard let day = Date(rfc3339: date + "T00:00:00Z"), day >= first, day <= today else {
                throw .invalid("date", "must be one of the last 30 days, written YYYY-MM-DD")
            }
        }
        let group = call.query.text("group_by")
        guard group == nil || group == "workspace" else { throw .invalid("group_by", "must be workspace") }
        var asked = keys.filter { $0.account == call.account }
        if let hash = call.query.text("api_key_hash") {
            asked = asked.filter { $0.hash == hash && $0.deletedAt == nil }
            guard !asked.isEmpty else { throw .notFound }
        }
        if let user = call.query.text("user_id") { asked = asked.filter { $0.creator == user } }
        if let workspace = try workspace(in: call) { asked = asked.filter { $0.workspace == workspace } }
        var days: [ActivityRow: [Key.Use]] = [:]
        let end = min(today, call.now.addingTimeInterval(-behaviour.usageLag))
        for key in asked {
            for use in key.uses where use.at >= first && use.at < end {
                let day = String(use.at.rfc3339.prefix(10))
                guard date == nil || date == day else { continue }
                let row = ActivityRow(date: day, model: use.model, workspace: group.map { _ in key.workspace })
                days[row, default: []].append(use)
            }
        }
        let rows = days.sorted { ($0.key.date, $0.key.model) > ($1.key.date, $1.key.model) }
        return ["data": .array(rows.map { $0.json($1) })]
    }
}

private struct ActivityRow: Hashable {
    let date: String
    let model: String
    let workspace: String?

    func json(_ uses: [Key.Use]) -> JSONValue {
        var object: JSONObject = [
            "byok_usage_inference": uses.reduce(0) { $0 + $1.byokCost }.json, "cached_tokens": 0,
            "completion_tokens": .count(5 * uses.count), "date": .string(date),
            "endpoint_id": "550e8400-e29b-41d4-a716-446655440000", "model": .string(model),
            "model_permaslug": .string(model), "prompt_tokens": .count(10 * uses.count), "provider_name": "Sandbox",
            "reasoning_tokens": 0, "requests": .count(uses.count), "usage": uses.reduce(0) { $0 + $1.cost }.json,
        ]
        if let workspace { object["workspace_id"] = .string(workspace) }
        return .object(object)
    }
}
