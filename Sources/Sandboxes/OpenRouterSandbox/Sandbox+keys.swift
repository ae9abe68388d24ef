import FoundationEssentials
import HTTP
import JSON
import Secrets
import Sodium

/// `/keys`: what a management key can do.
extension Sandbox {
    /// The number of keys on a page of `GET /keys`.
    package static let pageSize = 100

    mutating func answerKeys(_ call: Call) throws(APIError) -> Reply {
        switch (call.method, call.path.count) {
        case (.get, 1): return (200, try listKeys(call))
        case (.post, 1): return (201, try createKey(call))
        case (_, 2): break
        default: throw .notFound
        }
        guard let index = index(ofHash: call.path[1]), isAdministered(call.path[1], account: call.account) else {
            throw .notFound
        }
        switch call.method {
        case .get: return (200, ["data": keys[index].json(at: call.now, behaviour)])
        case .patch: return (200, try updateKey(index, call))
        case .delete:
            keys[index].delete(at: call.now)
            return (200, ["deleted": true])
        default: throw .notFound
        }
    }

    /// Whether there is a key of this hash that this account may administer.
    func isAdministered(_ hash: String, account: Int) -> Bool {
        guard let key = key(hash), !key.isManagement, !key.isOAuth else { return false }
        return key.account == account && key.deletedAt == nil
    }

    /// Newest first. The keys of one workspace; management keys, those of OAuth, deleted, and unless asked for, disabled
    /// and expired keys are not among them.
    private func listKeys(_ call: Call) throws(APIError) -> JSONValue {
        let offset = try call.query.count("offset", 0...Int.max) ?? 0
        let disabled = call.query.flag("include_disabled")
        let expired = behaviour.omitsLastUsed ? false : call.query.flag("include_expired")
        let workspace = try listedWorkspace(call, unknown: .notFound)
        let listed = keys.reversed().filter { key in
            key.workspace == workspace && isAdministered(key.hash, account: call.account)
                && (disabled || !key.disabled) && (expired || !key.isExpired(at: call.now))
        }
        let page = listed.dropFirst(offset).prefix(Self.pageSize)
        return ["data": .array(page.map { $0.json(at: call.now, behaviour) })]
    }

    private mutating func createKey(_ call: Call) throws(APIError) -> JSONValue {
        let wish = try call.object(Self.newKey)
        let expiresAt = wish["expires_at"]?.string.flatMap(Shape.time)
        if let expiresAt, expiresAt <= call.now { throw .invalid("expires_at", "must be in the future") }
        let partnerKey = wish["external"]?["api_key"]?.string.map { Digest(of: Secret($0)) }
        let draft = Draft(
            name: wish["name"]?.string ?? "", workspace: try targetWorkspace(wish, call),
            creator: wish["creator_user_id"]?.string ?? accounts[call.account].user,
            externalUser: wish["external"]?["user"]?.string, externalKey: partnerKey,
            limit: wish["limit"]?.number.map { Money($0) },
            limitReset: wish["limit_reset"]?.string.flatMap(Period.init),
            includesBYOK: wish["include_byok_in_limit"] == true, expiresAt: expiresAt)
        let (key, plaintext) = mint(draft, account: call.account, at: call.now)
        return ["data": key.json(at: call.now, behaviour), "key": .text(plaintext.revealed())]
    }

    /// Takes the fields that can be changed and ignores all others: `expires_at` is one of those. A key that moves to
    /// another workspace takes its guardrail along.
    private mutating func updateKey(_ index: Int, _ call: Call) throws(APIError) -> JSONValue {
        let wish = try call.object(Self.changedKey)
        guard !wish.isEmpty else { throw .noUpdate }
        var key = keys[index]
        key.name = wish["name"]?.string ?? key.name
        if let limit = wish["limit"] { key.limit = limit.number.map { Money($0) } }
        if let reset = wish["limit_reset"] { key.limitReset = reset.string.flatMap(Period.init) }
        key.includesBYOK = wish["include_byok_in_limit"]?.bool ?? key.includesBYOK
        if wish["workspace_id"] != nil { key.workspace = try targetWorkspace(wish, call) }
        if let disabled = wish["disabled"]?.bool { key.set(disabled: disabled, at: call.now) }
        key.updatedAt = call.now
        keys[index] = key
        return ["data": key.json(at: call.now, behaviour)]
    }

    private static let limits: [(name: String, shape: Shape)] = [
        ("limit", .nullable(.amount)), ("limit_reset", .nullable(.period)), ("include_byok_in_limit", .flag),
        ("workspace_id", .uuid),
    ]
    private static let newKey: Shape = .object(
        limits + [
            ("name", .required(.someText)), ("expires_at", .nullable(.time)),
            ("creator_user_id", .nullable(.someText)),
            ("external", .object([("user", .required(.text(1...512))), ("api_key", .text(32...512))])),
        ])
    private static let changedKey: Shape = .object(limits + [("name", .anyText), ("disabled", .flag)])
}

/// What belongs to an account as a whole.
extension Sandbox {
    func credits(account: Int, at now: Date) -> JSONValue {
        let used = used(account: account, to: now.addingTimeInterval(-behaviour.usageLag))
        return ["data": ["total_credits": accounts[account].credits.json, "total_usage": used.json]]
    }

    /// What all keys of an account have cost up to `end`.
    func used(account: Int, to end: Date) -> Money {
        keys.reduce(0) { $1.account == account ? $0 + $1.total(to: end).usage : $0 }
    }
}
