package import FoundationEssentials
import JSON
import Timestamps

/// In which hours a key was used lately, by analytics: what its pauses are like.
package struct KeyHabit: Sendable, Hashable {
    /// How far back analytics is asked, in seconds.
    package static let reach: TimeInterval = 30 * 86400

    /// The beginnings of the hours with at least one request, the first one first.
    package let hours: [Date]

    package init(hours: [Date]) { self.hours = hours.sorted() }

    /// Reads the rows of an answer by the hour; rows are named after their bucket, in one of two ways.
    init(_ fields: AnswerFields) throws(OpenRouterError) {
        var hours: [Date] = []
        for row in try fields.list("data") where try row.count("request_count") > 0 {
            hours.append(try row.date(row.has("date__hour") ? "date__hour" : "created_at__hour"))
        }
        self.init(hours: hours)
    }

    /// The hours of the day, in UTC, in which it was used.
    package var hoursOfDay: [Int] {
        Set(hours.map { Int(($0.timeIntervalSince1970 / 3600).rounded(.down)) % 24 }).sorted()
    }

    /// The longest time in seconds that is sure to lie between two uses; 0 where there were less than two.
    package var longestPause: TimeInterval {
        zip(hours, hours.dropFirst()).map { $1.timeIntervalSince($0) - 3600 }.max() ?? 0
    }
}
