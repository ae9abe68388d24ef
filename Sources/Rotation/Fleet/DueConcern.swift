package import FoundationEssentials
import OpenRouter
package import Rotation
import Timestamps

/// Something about a rotation, or about its key, that a person should look at.
package struct DueConcern: Sendable, Hashable {
    package let rotation: PlanName
    package let message: String
    /// When it began. What has no such moment lasts until somebody puts it right.
    private let beginning: Date?

    private init(_ rotation: PlanName, _ message: String, since beginning: Date? = nil) {
        self.rotation = rotation
        self.message = message
        self.beginning = beginning
    }

    /// Whether somebody who looked at `date` may not have seen it. What stops a rotation or an application is news each time.
    package func isNews(since date: Date) -> Bool { beginning.map { $0 > date } ?? true }

    /// The share of a limit that is left when it is told, as one of so many parts.
    private static let partLeft: Decimal = 5

    /// All that there is to say of a finding; nothing of a rotation that is switched off.
    package static func all(of finding: DueFinding, _ rules: DueRules, at now: Date) -> [Self] {
        if case .disabled = finding.verdict { return [] }
        var concerns: [Self] = []
        if case .problem(let hint) = finding.verdict {
            concerns.append(Self(finding.rotation, "\(finding.message); \(hint)"))
        }
        guard let key = finding.inUse else { return concerns }
        if let limit = key.limit?.decimal, let left = key.limitRemaining?.decimal,
            left * partLeft <= limit
        {
            concerns.append(
                Self(finding.rotation, "\(key.plainName) has $\(max(0, left)) left of \(key.limitInWords)"))
        }
        if let end = key.expiresAt, let begin = rules.expiryIsNear(of: key), begin <= now {
            concerns.append(Self(finding.rotation, "\(key.plainName) expires at \(end.rfc3339)", since: begin))
        }
        if key.limit == nil {
            concerns.append(Self(finding.rotation, "\(key.plainName) has no limit", since: key.createdAt))
        }
        return concerns
    }
}
