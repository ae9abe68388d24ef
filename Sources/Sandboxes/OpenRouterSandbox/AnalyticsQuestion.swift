import FoundationEssentials
import JSON
import Timestamps

/// A question to analytics: what is counted, of which calls, and what divides them.
struct AnalyticsQuestion {
    let metrics: [String]
    let dimensions: [String]
    let granularity: String?
    let filters: [Filter]
    let limit: Int
    private let start: Date
    private let end: Date
    private let groupLimit: Int?
    private let order: (field: String, isDescending: Bool)?

    /// A condition on a dimension, whose values are ids and not the names that answers show.
    struct Filter {
        let field: String
        let op: String
        let values: [JSONValue]

        /// Whether it names the calls that it wants, and not those that it does not.
        var isPositive: Bool { op == "eq" || op == "in" }

        func holds(_ text: String) -> Bool {
            let values = values.map { $0.string ?? $0.number?.text ?? "" }
            switch op {
            case "eq", "in": return values.contains(text)
            case "neq", "not_in": return !values.contains(text)
            case "gt": return values.allSatisfy { text > $0 }
            case "gte": return values.allSatisfy { text >= $0 }
            case "lt": return values.allSatisfy { text < $0 }
            default: return values.allSatisfy { text <= $0 }
            }
        }
    }

    /// What the calls of one row have in common.
    struct Row: Hashable, Comparable {
        var time = Date.distantPast
        var names: [String] = []

        static func < (left: Self, right: Self) -> Bool {
            left.time == right.time ? left.names.lexicographicallyPrecedes(right.names) : left.time < right.time
        }
    }

    init(_ wish: JSONObject, at now: Date) throws(APIError) {
        for name in ["classifier_dimensions", "classifier_filters"] where wish[name] != nil {
            throw .invalid(name, "needs an active classifier")
        }
        metrics = wish["metrics"]?.strings ?? []
        dimensions = wish["dimensions"]?.strings ?? []
        granularity = wish["granularity"]?.string
        let limits = ["limit", "group_limit"].map { wish[$0]?.number.flatMap { Int(exactly: $0.double) } }
        guard limits.allSatisfy({ $0 == nil || (1...10_000).contains($0 ?? 0) }) else {
            throw .invalid("limit", "must be 1 to 10000")
        }
        limit = limits[0] ?? 1000
        groupLimit = limits[1]
        let range = wish["time_range"]
        end = range?["end"]?.string.flatMap(Shape.time) ?? now
        start = range?["start"]?.string.flatMap(Shape.time) ?? end.addingTimeInterval(-7 * Self.day)
        // The schema limits the window. Whether it may lie further back is not documented, so nothing should rely on it.
        let reach: TimeInterval = 3 * 3600
        guard granularity != "minute" || end.timeIntervalSince(start) <= reach && start >= now - reach else {
            throw .invalid("granularity", "minute is served for the last 3 hours; ask by the hour beyond")
        }
        let isRecent = (metrics + dimensions).contains(where: AnalyticsWords.recent.contains)
        guard start >= now - (isRecent ? 31 : 365) * Self.day - 60 else {
            throw .invalid("time_range", isRecent ? "reaches back 31 days for this" : "reaches back 365 days")
        }
        var filters: [Filter] = []
        for filter in wish["filters"]?.array ?? [] { filters.append(try Filter(filter)) }
        self.filters = filters
        order = wish["order_by"].map { ($0["field"]?.string ?? "", $0["direction"] == "desc") }
        if let order, !(metrics + dimensions + ["request_count", "date"]).contains(order.field) {
            throw .invalid("order_by", "must be of a metric or a dimension that is asked for")
        }
    }

    /// Whether nothing divides the calls.
    var isOneRow: Bool { granularity == nil && dimensions.isEmpty }

    func covers(_ use: Key.Use, of key: Key) -> Bool {
        guard use.at >= start, use.at <= end else { return false }
        return filters.allSatisfy { filter in
            filter.field == "api_key_id" || filter.holds(AnalyticsWords.id(of: filter.field, use, key))
        }
    }

    /// The row in which a call is counted. Keys appear by name, as in the provider's answers.
    func row(of use: Key.Use, by key: Key) -> Row {
        let time: Date
        switch granularity {
        case nil: time = .distantPast
        case "week": time = Period.weekly.start(of: use.at)
        case "month": time = Period.monthly.start(of: use.at)
        case let step?:
            let seconds = step == "minute" ? 60 : step == "hour" ? 3600 : Self.day
            let second = (use.at.timeIntervalSince1970 / seconds).rounded(.down) * seconds
            time = Date(timeIntervalSince1970: second)
        }
        let names = dimensions.map { $0 == "api_key_id" ? key.name : AnalyticsWords.id(of: $0, use, key) }
        return Row(time: time, names: names)
    }

    /// The rows in the order that was asked for, as far as one group may have so many.
    func sorted(_ counted: [Row: [Key.Use]]) -> [(row: Row, uses: [Key.Use])] {
        var rows = counted.sorted { $0.key < $1.key }.map { (row: $0.key, uses: $0.value) }
        if let order, order.field != "date" {
            let place = dimensions.firstIndex(of: order.field)
            rows.sort { left, right in
                let precedes =
                    place.map { left.row.names[$0] < right.row.names[$0] }
                    ?? (AnalyticsWords.value(of: order.field, left.uses).double
                        < AnalyticsWords.value(of: order.field, right.uses).double)
                return precedes
            }
        }
        if order?.isDescending == true { rows.reverse() }
        guard let groupLimit, !dimensions.isEmpty else { return rows }
        var seen: [[String]: Int] = [:]
        return rows.filter { row in
            seen[row.row.names, default: 0] += 1
            return seen[row.row.names, default: 0] <= groupLimit
        }
    }

    func json(_ row: Row, _ uses: [Key.Use], countsAreText: Bool) -> JSONValue {
        var object: JSONObject = [:]
        if let granularity {
            object["date__" + granularity] = .string(String(row.time.rfc3339.dropLast()) + ".000Z")
        }
        for (dimension, name) in zip(dimensions, row.names) { object[dimension] = .string(name) }
        for metric in metrics {
            let value = AnalyticsWords.value(of: metric, uses)
            object[metric] = countsAreText && value.integer != nil ? .string(value.text) : .number(value)
        }
        return .object(object)
    }

    private static let day: TimeInterval = 86400

    private static let scalar: Shape = .either(.anyText, .amount)
    private static let condition: Shape = .object([
        ("field", .required(.anyText)), ("operator", .required(.anyText)),
        ("value", .required(.either(scalar, .list(scalar, 0...Int.max)))),
    ])
    private static func classifier(_ members: [(name: String, shape: Shape)]) -> Shape {
        .object([("classifier_id", .required(.uuid))] + members)
    }

    static let shape: Shape = .object([
        ("metrics", .required(.list(.word(AnalyticsWords.metrics), 1...Int.max))),
        ("dimensions", .list(.word(AnalyticsWords.dimensions), 0...2)),
        ("granularity", .word(AnalyticsWords.granularities)),
        (
            "filters",
            .list(
                .object([
                    ("field", .required(.word(AnalyticsWords.dimensions))), ("include_unset", .flag),
                    ("operator", .required(.word(AnalyticsWords.operators))),
                    ("value", .required(.either(scalar, .list(scalar, 0...Int.max)))),
                ]), 0...20)
        ), ("limit", .integer), ("group_limit", .integer),
        (
            "order_by",
            .object([("direction", .required(.word(["asc", "desc"]))), ("field", .required(.anyText))])
        ), ("time_range", .object([("start", .required(.time)), ("end", .required(.time))])),
        (
            "classifier_dimensions",
            classifier([("dimension_names", .list(.anyText, 0...2)), ("include_nulls", .flag)])
        ), ("classifier_filters", classifier([("filters", .required(.list(condition, 1...10)))])),
    ])
}

extension AnalyticsQuestion.Filter {
    fileprivate init(_ json: JSONValue) throws(APIError) {
        field = json["field"]?.string ?? ""
        op = json["operator"]?.string ?? ""
        let list = json["value"]?.array
        guard (list != nil) == AnalyticsWords.takesList(op) else {
            throw .invalid("filters", "in and not_in take a list, the others one value")
        }
        values = list ?? json["value"].map { [$0] } ?? []
    }
}
