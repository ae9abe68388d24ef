package import FoundationEssentials
import JSON
import Wording

extension Key {
    /// How old it is: `today`, `1 day`, `90 days`.
    package func age(at now: Date) -> String { Self.days(from: createdAt, to: now) }

    /// A length of time in whole days, as an age is said.
    package static func days(from start: Date, to end: Date) -> String {
        let days = Int(end.timeIntervalSince(start) / 86400)
        return days < 1 ? "today" : Counted(days, "day").description
    }

    /// Its limit, and when that starts over: `$25 monthly`, `none`.
    package var limitInWords: String {
        limit.map { "$\($0.text)\(limitReset.map { " \($0)" } ?? "")" } ?? "none"
    }
}
