package import FoundationEssentials
import Secrets

/// All keys of one base name, the oldest first; of two made at the same moment the one with the lower hash.
package struct Lineage: Sendable, Hashable {
    package let base: String
    package let keys: [Key]

    /// Takes those of `keys` whose names have this base, whatever marks they bear.
    package init(base: String, among keys: [Key]) {
        self.base = base
        self.keys = keys.filter { $0.keyName.base == base }
            .sorted { ($0.createdAt, $0.hash.description) < ($1.createdAt, $1.hash.description) }
    }

    /// The keys that applications may hold and use: handed out, enabled, not expired.
    package func live(at date: Date) -> [Key] {
        keys.filter { !$0.disabled && !$0.isExpired(at: date) && !$0.keyName.isMinting }
    }

    /// The keys that were never handed out.
    package var minting: [Key] { keys.filter(\.keyName.isMinting) }

    /// The keys that were handed out, are disabled and not expired: they could be enabled again.
    package func soaking(at date: Date) -> [Key] {
        keys.filter { $0.disabled && !$0.isExpired(at: date) && !$0.keyName.isMinting }
    }
}
