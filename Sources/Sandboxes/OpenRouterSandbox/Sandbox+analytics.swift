import FoundationEssentials
import JSON
import Timestamps

/// What was called when: `/analytics/query` and `/activity`.
extension Sandbox {
    /// How many questions analytics answers in a minute.
    private static let analyticsLimit = 64

    /// Counts calls by key, model and time. An unknown hash brings no rows and a warning, not an error.
    func analytics(_ bytes: [UInt8]?, account: Int, at now: Date) throws(APIError) -> JSONValue {
        guard !behaviour.refusesAnalytics else { throw APIError(403, "Analytics is not available for this account") }
        let body = try Body(bytes)
        let question = try AnalyticsQuestion(body, at: now)
        let minute = log.reversed().prefix { $0.at > now.addingTimeInterval(-60) }
        guard minute.count(where: { $0.path == "/analytics/query" && $0.status == 200 }) < Self.analyticsLimit else {
            throw APIError(429, "Rate limit exceeded")
        }
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
            "cached_tokens": 0, "completion_tokens": .count(5 * uses.count), "date": .string(date),
            "endpoint_id": "550e8400-e29b-41d4-a716-446655440000", "model": .string(model),
            "model_permaslug": .string(model), "prompt_tokens": .count(10 * uses.count), "provider_name": "Sandbox",
            "reasoning_tokens": 0, "requests": .count(uses.count), "usage": uses.reduce(0) { $0 + $1.cost }.json,
        ]
    }
}

/// The part of an analytics query that the sandbox serves: the metric `request_count`, filters on `api_key_id` and
/// `model`, and both and `app` as dimensions. All calls are of one application.
struct AnalyticsQuestion {
    /// The keys asked for, one list a filter; all of the account's without a filter.
    private(set) var hashes: [[String]] = []
    private var models: [[String]] = []
    private let granularity: String?
    private let step: TimeInterval
    private let dimensions: [String]
    private let start: Date
    private let end: Date
    let limit: Int

    /// One row of the answer: what the counted calls have in common.
    struct Row: Hashable, Comparable {
        var time = Date.distantPast
        var names: [String] = []

        static func < (left: Self, right: Self) -> Bool {
            left.time == right.time ? left.names.lexicographicallyPrecedes(right.names) : left.time < right.time
        }

        func json(_ question: AnalyticsQuestion, count: JSONValue) -> JSONValue {
            var object: JSONObject = [:]
            if let granularity = question.granularity {
                object["date__" + granularity] = .string(String(time.rfc3339.dropLast()) + ".000Z")
            }
            for (dimension, name) in zip(question.dimensions, names) { object[dimension] = .string(name) }
            object["request_count"] = count
            return .object(object)
        }
    }

    init(_ body: Body, at now: Date) throws(APIError) {
        guard body["metrics"]?.array == ["request_count"] else {
            throw .invalid("metrics", "must be request_count; the sandbox counts nothing else")
        }
        let steps: [String: TimeInterval] = ["minute": 60, "hour": 3600, "day": 86400]
        granularity = try body.text("granularity")
        guard let step = steps[granularity ?? "day"] else {
            throw .invalid("granularity", "must be minute, hour or day")
        }
        self.step = step
        dimensions = (body["dimensions"]?.array ?? []).map { $0.string ?? "" }
        guard dimensions.count <= 2, dimensions.allSatisfy({ ["api_key_id", "model", "app"].contains($0) }) else {
            throw .invalid("dimensions", "must be api_key_id, model or app")
        }
        limit = body["limit"]?.integer ?? 1000
        let range = body["time_range"]
        let bounds = (range?["start"]?.string.flatMap(Body.time), range?["end"]?.string.flatMap(Body.time))
        guard range == nil || (bounds.0 != nil && bounds.1 != nil) else {
            throw .invalid("time_range", "must have a start and an end in UTC with seconds")
        }
        end = bounds.1 ?? now
        start = bounds.0 ?? end.addingTimeInterval(-7 * 86400)
        // The schema limits the window. Whether it may lie further back is not documented, so nothing should rely on it.
        let reach: TimeInterval = 3 * 3600
        guard granularity != "minute" || end.timeIntervalSince(start) <= reach && start >= now - reach else {
            throw .invalid("granularity", "minute is served for the last 3 hours; ask by the hour beyond")
        }
        for filter in body["filters"]?.array ?? [] {
            let values: [String]
            switch (filter["operator"]?.string, filter["value"]) {
            case ("eq", .string(let value)?): values = [value]
            case ("in", .array(let list)?): values = list.compactMap(\.string)
            default: throw .invalid("filters", "must be eq with a text or in with a list of texts")
            }
            switch filter["field"]?.string {
            case "api_key_id": hashes.append(values)
            case "model": models.append(values)
            default: throw .invalid("filters", "must be on api_key_id or model")
            }
        }
    }

    /// Whether nothing divides the calls.
    var isOneRow: Bool { granularity == nil && dimensions.isEmpty }

    func covers(_ use: Key.Use) -> Bool {
        use.at >= start && use.at <= end && models.allSatisfy { $0.contains(use.model) }
    }

    /// The row in which a call is counted. Keys appear by name, as in the provider's answers.
    func row(of use: Key.Use, by key: Key) -> Row {
        let second = (use.at.timeIntervalSince1970 / step).rounded(.down) * step
        return Row(
            time: granularity == nil ? .distantPast : Date(timeIntervalSince1970: second),
            names: dimensions.map { $0 == "model" ? use.model : $0 == "app" ? "Example Application" : key.name })
    }
}
