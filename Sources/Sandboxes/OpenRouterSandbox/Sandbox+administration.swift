package import FoundationEssentials
package import Secrets

/// What a test, or somebody else who administers the account, does to the world without a request.
extension Sandbox {
    /// The key of this hash, deleted ones too.
    package func key(_ hash: String) -> Key? { index(ofHash: hash).map { keys[$0] } }

    /// The hash of the key with this plaintext.
    package func hash(of plaintext: Secret) -> String? { index(of: plaintext).map { keys[$0].hash } }

    /// The keys of a name that are not deleted, in the order of their creation.
    package func keys(named name: String) -> [Key] { keys.filter { $0.name == name && $0.deletedAt == nil } }

    /// Makes an inference key and returns its plaintext, random if none is given, and its hash. Without a workspace: in
    /// the default one.
    @discardableResult
    package mutating func addKey(
        name: String, limit: Money? = nil, limitReset: Period? = nil, includesBYOK: Bool = false,
        expiresAt: Date? = nil, creator: String? = nil, workspace: String? = nil, account: Int = 0,
        plaintext: Secret? = nil, at now: Date = Date(timeIntervalSince1970: 1_767_225_600)
    ) -> (key: Secret, hash: String) {
        let draft = Draft(
            name: name, workspace: workspace ?? accounts[account].defaultWorkspace ?? "",
            creator: creator ?? accounts[account].user, limit: limit, limitReset: limitReset,
            includesBYOK: includesBYOK, expiresAt: expiresAt)
        let (key, plaintext) = mint(draft, account: account, at: now, plaintext: plaintext)
        return (plaintext, key.hash)
    }

    /// Enables or disables a key. Nothing happens if there is no such key; the same holds for all that follow.
    package mutating func setDisabled(_ hash: String, _ disabled: Bool = true, at now: Date) {
        change(hash) { key in
            key.set(disabled: disabled, at: now)
            key.updatedAt = now
        }
    }

    /// Changes a key's limit.
    package mutating func setLimit(_ hash: String, _ limit: Money?, at now: Date) {
        change(hash) { key in
            key.limit = limit
            key.updatedAt = now
        }
    }

    /// Changes the end of a key, which no request can.
    package mutating func setExpiry(_ hash: String, _ expiresAt: Date?) {
        change(hash) { $0.expiresAt = expiresAt }
    }

    /// Renames a key.
    package mutating func rename(_ hash: String, _ name: String, at now: Date) {
        change(hash) { key in
            key.name = name
            key.updatedAt = now
        }
    }

    /// Deletes a key.
    package mutating func delete(_ hash: String, at now: Date) {
        change(hash) { $0.delete(at: now) }
    }

    /// Counts one call of a key, as if somebody had made it.
    package mutating func use(
        _ hash: String, model: String = "openai/gpt-4o", cost: Money, byokCost: Money = 0, at now: Date
    ) {
        change(hash) { $0.uses.append(Key.Use(at: now, model: model, cost: cost, byokCost: byokCost)) }
    }

    /// Sets what an account has bought, in USD.
    package mutating func setCredits(_ credits: Money, account: Int = 0) { accounts[account].credits = credits }

    private mutating func change(_ hash: String, _ body: (inout Key) -> Void) {
        if let index = index(ofHash: hash) { body(&keys[index]) }
    }
}
