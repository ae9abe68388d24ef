package import FoundationEssentials
import OpenRouter
package import Rotation
package import Secrets

/// What `ork-due` finds out about one rotation.
package struct DueFinding: Sendable {
    package let rotation: PlanName
    /// The name of the key that applications hold now; the newest if there are several.
    package let key: String?
    /// That key's hash: as long as it stays the same, no other rotation has come in between.
    package let hash: KeyHash?
    /// When that key was made, and when it ends.
    package let created: Date?
    package let expires: Date?
    /// That key.
    let inUse: Key?
    package let verdict: Verdict
    /// For people: why.
    package let message: String
    /// For people: a live key of the lineage that none of the handoffs knows, where there are any.
    package internal(set) var unexplained: String?
    /// Whether it is due, and no schedule begins it: its last rotation was taken back, as a handoff says.
    package internal(set) var isLeftToPeople = false

    package enum Verdict: Hashable, Sendable {
        case due(Due)
        /// Nothing is to be done.
        case current
        /// Begun, and until that moment there is nothing to do but to wait.
        case soaking(until: Date)
        /// Another `ork-create` is at work at this moment.
        case busy
        /// The rotation's own kill switch.
        case disabled
        /// Somebody has to look before anything can be rotated.
        case problem(hint: String)
    }

    /// What is to be done, and why.
    package struct Due: Hashable, Sendable {
        package let reason: Reason
        package let action: Action
        /// The moment that the reason counts from; of an expiry, when that is.
        package let since: Date
    }

    /// The most urgent first.
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        /// The key ends soon: whoever waits too long has an outage.
        case expiry
        /// A rotation was begun and is not finished. It holds its place, so that no more than the limit are under way.
        case begun
        case firstKey = "first_key"
        case neverRotated = "never_rotated"
        case age
    }

    /// What to begin with.
    package enum Action: String, Hashable, Sendable, CaseIterable {
        /// `ork-create` with a new handoff.
        case rotate
        /// The next step with the rotation's handoff.
        case resume
        /// `ork-create --supersede` with a new handoff: the old one is lost, or of no use any more.
        case supersede
    }

    init(_ rotation: PlanName, key: Key? = nil, _ verdict: Verdict, _ message: String) {
        self.rotation = rotation
        self.key = key?.name
        hash = key?.hash
        created = key?.createdAt
        expires = key?.expiresAt
        inUse = key
        self.verdict = verdict
        self.message = message
    }

    package var due: Due? { if case .due(let due) = verdict { due } else { nil } }
}

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
