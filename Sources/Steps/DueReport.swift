import FoundationEssentials
import Rotation

/// What was found out about a fleet: the rotations that are handed out now, and all others.
package struct DueReport: Sendable {
    /// Handed out, the most urgent first.
    package let due: [DueFinding]
    /// Due as well, and beyond the limit.
    package let waiting: [DueFinding]
    /// Neither, in the order of the findings.
    package let others: [DueFinding]

    /// `limit` is the most that are handed out. Keys that end soon go first, then what was begun, then the oldest.
    package init(_ findings: [DueFinding], limit: Int?) {
        let all = findings.filter { $0.due != nil }.sorted { Self.order($0) < Self.order($1) }
        let count = min(limit ?? all.count, all.count)
        due = Array(all[..<count])
        waiting = Array(all[count...])
        others = findings.filter { $0.due == nil }
    }

    /// The findings that somebody has to look at.
    package var problems: [DueFinding] {
        others.filter { if case .problem = $0.verdict { true } else { false } }
    }

    private static func order(_ finding: DueFinding) -> (Int, TimeInterval, String) {
        let rank =
            switch finding.due?.reason {
            case .expiry: 0
            case .begun: 1
            case .firstKey, .neverRotated, .age, nil: 2
            }
        return (rank, finding.due?.since.timeIntervalSince1970 ?? 0, finding.rotation.description)
    }
}
