package import Fleet
package import FoundationEssentials
import JSON
import OpenRouter
import Rotation
import Secrets
import Timestamps

/// What there is to say of one key of a workspace.
package struct KeyLine: Sendable {
    let owned: DueSurvey.OwnedKey
    private let now: Date

    package init(_ owned: DueSurvey.OwnedKey, at now: Date) {
        self.owned = owned
        self.now = now
    }

    var key: Key { owned.key }
    var isLive: Bool { owned.isLive(at: now) }

    /// A key that was not used for longer than this is stale.
    private static let staleAfter: TimeInterval = 90 * 86400

    var isStale: Bool {
        guard isLive else { return false }
        switch key.lastUsedAt {
        case .at(let date): return now.timeIntervalSince(date) > Self.staleAfter
        case .never: return now.timeIntervalSince(key.createdAt) > Self.staleAfter
        case .unreported: return false
        }
    }

    var isUncapped: Bool { isLive && key.limit == nil }
    var isNeverUsed: Bool { isLive && key.lastUsedAt == .never }
    var isWithoutEnd: Bool { isLive && key.expiresAt == nil }
    var isUnowned: Bool { isLive && owned.owner == nil }

    /// The stale and the uncapped first, then those that no rotation owns, then the oldest; what is not live comes last.
    var order: (Int, Int, Int, Int, Date, String) {
        (
            isLive ? 0 : 1, isStale ? 0 : 1, isUncapped ? 0 : 1, isUnowned ? 0 : 1, key.createdAt,
            key.hash.description
        )
    }

    var standing: Document.Cell {
        if key.isExpired(at: now) { return .standing("expired", .plain) }
        if key.isUnactivated { return .standing("minted, never handed out", .waiting) }
        return key.disabled ? .standing("disabled", .waiting) : .standing("live", .good)
    }

    /// What somebody should look at, each in words.
    var remarks: [String] {
        var remarks: [String] = []
        if isStale { remarks.append("stale") }
        if isUncapped { remarks.append("no limit") }
        if isUnowned { remarks.append("no rotation") }
        if isNeverUsed { remarks.append("never used") }
        if isWithoutEnd { remarks.append("never expires") }
        return remarks
    }

    package var age: String { key.age(at: now) }
    package var limit: String { key.limitInWords }

    package var lastUse: String {
        switch key.lastUsedAt {
        case .at(let date): date.rfc3339
        case .never: "never"
        case .unreported: "unknown"
        }
    }
}
