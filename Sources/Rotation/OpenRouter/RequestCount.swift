import FoundationEssentials
import JSON
import Secrets
import Timestamps

/// How many requests a key made, by analytics. Whatever could hide a request makes the figure unusable.
package enum RequestCount: Sendable, Hashable {
    case count(Int)
    case unusable(Doubt)

    package enum Doubt: String, Sendable, CaseIterable {
        /// OpenRouter could not resolve the filter and counted nothing.
        case warnings = "analytics could not be narrowed to the key"
        case truncated = "analytics did not return all rows"
        /// The figure was taken before the end of the time asked for.
        case stale = "analytics returned an older figure"
    }

    /// Figures are to the minute, so one taken less than a minute before the end of the time is not older.
    static let precision: TimeInterval = 60

    init(_ fields: AnswerFields, end: Date) throws(OpenRouterError) {
        let rows = try fields.list("data")
        let metadata = try fields.fields("metadata")
        let count = try metadata.count("row_count")
        let isTruncated = try metadata.bool("truncated")
        if try fields.hasWarnings() {
            self = .unusable(.warnings)
        } else if isTruncated || count != rows.count {
            self = .unusable(.truncated)
        } else if let cachedAt = try Self.cachedAt(fields), cachedAt < end - Self.precision {
            self = .unusable(.stale)
        } else {
            self = .count(try Self.sum(rows))
        }
    }

    private static func sum(_ rows: [AnswerFields]) throws(OpenRouterError) -> Int {
        var total = 0
        for row in rows {
            let count = try row.count("request_count")
            let (sum, overflow) = total.addingReportingOverflow(count)
            guard count >= 0, !overflow else { throw row.error("request_count") }
            total = sum
        }
        return total
    }

    /// The unit is not documented: what would be thousands of years away in seconds is milliseconds.
    private static func cachedAt(_ fields: AnswerFields) throws(OpenRouterError) -> Date? {
        guard fields.has("cachedAt"), let number = try fields.nullableNumber("cachedAt") else { return nil }
        let value = number.double
        return Date(timeIntervalSince1970: value > 100_000_000_000 ? value / 1000 : value)
    }
}

extension AnswerFields {
    /// Whether analytics could not resolve a filter, and so has counted something else than what was asked about.
    func hasWarnings() throws(OpenRouterError) -> Bool {
        try optional("warnings", \.array, "a list")?.isEmpty == false
    }
}
