package import FoundationEssentials

/// The spans of time over which the provider counts: they turn at midnight UTC, on Mondays, on the first of a month.
package enum Period: String, Sendable, CaseIterable {
    case daily
    case weekly
    case monthly

    /// The beginning of the period in which `date` lies.
    package func start(of date: Date) -> Date {
        let day = Self.startOfDay(date)
        switch self {
        case .daily: return day
        case .weekly:
            // 1970-01-01 was a Thursday, three days after a Monday.
            let days = Int(day.timeIntervalSince1970 / Self.day)
            return day.addingTimeInterval(-Double((days + 3) % 7) * Self.day)
        case .monthly:
            return day.addingTimeInterval(-Double(Self.utc.component(.day, from: date) - 1) * Self.day)
        }
    }

    /// The beginning of the period after the one in which `date` lies.
    package func end(of date: Date) -> Date {
        let start = start(of: date)
        switch self {
        case .daily: return start.addingTimeInterval(Self.day)
        case .weekly: return start.addingTimeInterval(7 * Self.day)
        // Between the 29th and the 31st day lies every month's end.
        case .monthly: return self.start(of: start.addingTimeInterval(31 * Self.day))
        }
    }

    static func startOfDay(_ date: Date) -> Date {
        Date(timeIntervalSince1970: (date.timeIntervalSince1970 / day).rounded(.down) * day)
    }

    private static let day: TimeInterval = 86400
    private static let utc = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar
    }()
}
