package import FoundationEssentials
package import Secrets

/// A key as the provider knows it: everything but its plaintext.
package struct Key: Sendable {
    /// What the management API calls it.
    package let hash: String
    /// The SHA-256 of its plaintext, by which a bearer is recognised.
    package let digest: Digest
    /// The mask of its plaintext, `sk-or-v1-0e6...1c96`.
    package let label: String
    /// Whether it administers keys, instead of calling models.
    package let isManagement: Bool
    /// The index of its account.
    package let account: Int
    /// Names are not unique.
    package internal(set) var name: String
    package internal(set) var workspace: String
    package internal(set) var creator: String?
    package internal(set) var externalUser: String?
    package internal(set) var disabled = false
    /// In USD; `nil` for none.
    package internal(set) var limit: Money?
    package internal(set) var limitReset: Period?
    package internal(set) var includesBYOK = false
    package let createdAt: Date
    package internal(set) var updatedAt: Date?
    package internal(set) var expiresAt: Date?
    package internal(set) var deletedAt: Date?
    /// Every call that was answered, in order.
    package internal(set) var uses: [Use] = []

    /// What the servers that answer inference think of the key, from the moments on which it changed.
    var stages: [(at: Date, stage: Stage)]

    enum Stage { case enabled, disabled, deleted }

    /// One answered call.
    package struct Use: Sendable {
        package let at: Date
        package let model: String
        /// Charged to OpenRouter's credits, in USD.
        package let cost: Money
        /// Charged by a provider whose own key was used, in USD.
        package let byokCost: Money

        var isFree: Bool { model.hasSuffix(":free") }
    }

    func isExpired(at now: Date) -> Bool { expiresAt.map { $0 <= now } ?? false }

    /// Whether servers that learn of changes `propagation` seconds late accept the key.
    func isAccepted(at now: Date, propagation: TimeInterval) -> Bool {
        let known = stages.last { $0.at.addingTimeInterval(propagation) <= now }
        return known?.stage == .enabled && !isExpired(at: now)
    }

    mutating func set(disabled: Bool, at now: Date) {
        guard self.disabled != disabled else { return }
        self.disabled = disabled
        stages.append((now, disabled ? .disabled : .enabled))
    }

    mutating func delete(at now: Date) {
        guard deletedAt == nil else { return }
        deletedAt = now
        stages.append((now, .deleted))
    }
}
