import JSON
package import Rotation

/// One piece of evidence: what was looked at, and what was seen.
package struct Check: Hashable, Sendable {
    package enum Outcome: String, Sendable {
        case passed
        case failed
        /// Not wrong, but not there yet.
        case notYet = "not_yet"
        /// It cannot be told, and nobody asked for it to be.
        case unknown
    }

    package let name: String
    package let outcome: Outcome
    /// Lower case, no full stop, without anything secret.
    package let seen: String
    package let hint: String?
    package let target: PlanName?

    static let adoption = "adopted"

    init(_ name: String, _ outcome: Outcome, _ seen: String, hint: String? = nil, target: PlanName? = nil) {
        self.name = name
        self.outcome = outcome
        self.seen = seen
        self.hint = hint
        self.target = target
    }

    package var isFailed: Bool { outcome == .failed || outcome == .notYet }

    var text: String { "\(name): \(seen)" }

    var entry: Entry {
        Entry(
            .verify, .checked, target: target, message: text,
            detail: ["check": .string(name), "outcome": .string(outcome.rawValue)])
    }
}
