import FoundationEssentials
import JSON
import Timestamps

/// The part of an analytics query that the sandbox serves: the metric `request_count`, filters on `api_key_id` and
/// `model`, and both as dimensions.
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
        guard dimensions.count <= 2, dimensions.allSatisfy({ $0 == "api_key_id" || $0 == "model" }) else {
            throw .invalid("dimensions", "must be api_key_id or model")
        }
        limit = body["limit"]?.integer ?? 1000
        let range = body["time_range"]
        let bounds = (range?["start"]?.string.flatMap(Body.time), range?["end"]?.string.flatMap(Body.time))
        guard range == nil || (bounds.0 != nil && bounds.1 != nil) else {
            throw .invalid("time_range", "must have a start and an end in UTC with seconds")
        }
        end = bounds.1 ?? now
        start = bounds.0 ?? end.addingTimeInterval(-7 * 86400)
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
            names: dimensions.map { $0 == "model" ? use.model : key.name })
    }
}
