import FoundationEssentials
import JSON
import Secrets
import Timestamps

/// A stretch of time that analytics is asked about, in the buckets that it counts in.
///
/// By the minute it serves windows of three hours, and without a limit it answers with 1,000 rows (schema of
/// `/analytics/query`, `granularity` and `limit`). Beyond that it is asked by the hour, and beyond 31 days by the day.
struct AnalyticsWindow {
    enum Bucket: String {
        case minute, hour, day

        /// In seconds.
        var length: TimeInterval {
            switch self {
            case .minute: 60
            case .hour: 3600
            case .day: 86400
            }
        }
    }

    let bucket: Bucket
    let start: Date
    let end: Date

    /// How long a window by the minute may be, in seconds. The service's clock may be a little ahead.
    private static let minutes: TimeInterval = 3 * 3600 - 300
    /// How long a window by the hour may be, in seconds.
    private static let hours: TimeInterval = 31 * 86400

    /// The window between two moments.
    ///
    /// Whole buckets are counted, so what is asked begins with a whole one. `isClosed` is whether nothing since `start` may
    /// be missed, and then what was before it is counted as well. Without it, what came in the rest of the first bucket is
    /// not counted, and has to be known from elsewhere.
    init(from start: Date, to end: Date, isClosed: Bool) {
        let length = end.timeIntervalSince(start)
        bucket = length <= Self.minutes ? .minute : length <= Self.hours ? .hour : .day
        // Times are sent in whole seconds: never less than what was asked for.
        self.end = Date(timeIntervalSince1970: end.timeIntervalSince1970.rounded(.up))
        guard bucket != .minute else {
            self.start = start
            return
        }
        let number = start.timeIntervalSince1970 / bucket.length
        self.start = Date(timeIntervalSince1970: number.rounded(isClosed ? .down : .up) * bucket.length)
    }

    /// The question how many requests a key made, bucket by bucket.
    func requests(of hash: KeyHash) -> JSONValue {
        [
            "metrics": ["request_count"],
            "filters": [["field": "api_key_id", "operator": "eq", "value": .string(hash.description)]],
            "granularity": .string(bucket.rawValue),
            "time_range": ["start": .string(start.rfc3339), "end": .string(end.rfc3339)],
        ]
    }
}
