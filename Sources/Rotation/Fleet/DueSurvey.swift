package import FoundationEssentials
package import OpenRouter
package import Rotation
import Secrets

/// All keys of the workspaces that rotations are in, and what is to be said of the rotations.
package struct DueSurvey: Sendable {
    package var findings: [DueFinding]
    package var keys: [OwnedKey]
    /// The moment of it, by OpenRouter's clock.
    package let date: Date

    /// A key, and the rotation that looks after it.
    package struct OwnedKey: Sendable {
        package let key: Key
        /// `nil`: no rotation does.
        package let owner: PlanName?

        /// Whether applications may hold it and use it.
        package func isLive(at date: Date) -> Bool { !key.disabled && !key.isExpired(at: date) && !key.isUnactivated }
    }

    package init(findings: [DueFinding], keys: [OwnedKey], date: Date) {
        self.findings = findings
        self.keys = keys
        self.date = date
    }

    /// The live keys that no rotation looks after, except those of the base names that may be without one.
    package func unowned(except names: Set<String> = []) -> [OwnedKey] {
        keys.filter { $0.owner == nil && $0.isLive(at: date) && !names.contains($0.key.keyName.base) }
            .sorted { ($0.key.createdAt, $0.key.hash.description) < ($1.key.createdAt, $1.key.hash.description) }
    }
}

extension DueFinding.Verdict {
    /// One word for it.
    package var word: String {
        switch self {
        case .due: "due"
        case .soaking: "soaking"
        case .current: "current"
        case .busy: "busy"
        case .disabled: "disabled"
        case .problem: "problem"
        }
    }
}
