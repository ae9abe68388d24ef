package import FoundationEssentials
package import OpenRouter
package import Rotation
import Secrets

/// All keys of the workspaces that rotations are in, and of others that were named, and what is to be said of the rotations.
package struct DueSurvey: Sendable {
    package var findings: [DueFinding]
    package var keys: [OwnedKey]
    /// The moment of it, by OpenRouter's clock.
    package let date: Date

    /// The workspaces that are looked at beside those that rotations are in.
    package enum Workspaces: Sendable, Hashable {
        /// By their ids.
        case named(Set<String>)
        /// All that the account has.
        case all
    }

    /// A key, and the rotation that looks after it.
    package struct OwnedKey: Sendable {
        package let key: Key
        /// `nil`: no rotation does.
        package let owner: PlanName?
        /// Whether nothing but its name says so, and there are others of which that is true.
        package var isByNameAlone = false

        /// Whether applications may hold it and use it.
        package func isLive(at date: Date) -> Bool { !key.disabled && !key.isExpired(at: date) && !key.isUnactivated }
    }

    package init(findings: [DueFinding], keys: [OwnedKey], date: Date) {
        self.findings = findings
        self.keys = keys
        self.date = date
    }

    /// The live keys that no rotation looks after, except those that may be without one: by their name, by the base name that
    /// all keys of a lineage share, or by their hash or the start of it that is shown.
    package func unowned(except words: Set<String> = []) -> [OwnedKey] {
        keys.filter { owned in
            let key = owned.key
            let isExcepted = words.contains { word in
                word == key.name || word == key.keyName.base
                    || word.count >= key.hash.short.count && key.hash.description.hasPrefix(word)
            }
            return owned.owner == nil && owned.isLive(at: date) && !isExcepted
        }.sorted { ($0.key.createdAt, $0.key.hash.description) < ($1.key.createdAt, $1.key.hash.description) }
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
