package import FoundationEssentials
package import HTTP
import JSON
package import SandboxWire
package import Secrets
import Sodium
import Timestamps

/// An OpenRouter as a value: copying it copies the world. What it answers depends on its contents, the request and
/// the time alone.
package struct Sandbox: Sendable {
    /// What may be set where the live service's behaviour is undocumented.
    package var behaviour: Behaviour
    /// A management key of the first account.
    package let managementKey: Secret
    /// Who owns keys; the first one is there from the beginning.
    package internal(set) var accounts: [Account] = []
    /// All keys there ever were, in the order of their creation: management keys and deleted ones too.
    package internal(set) var keys: [Key] = []
    /// Every request that was answered, in order.
    package private(set) var log: [Exchange] = []
    var random: Randomness
    var faults: [SandboxFault] = []
    var codes: [AuthorizationCode] = []
    var policies: [FederationPolicy] = []
    var tokens: [Digest: AccessToken] = [:]
    private var indexByDigest: [Digest: Int] = [:]
    private var indexByHash: [String: Int] = [:]

    /// What was asked and answered. It never holds a key.
    package struct Exchange: Sendable {
        package let at: Date
        package let method: HTTPRequest.Method
        /// Path and query below `/api/v1`.
        package let path: String
        package let status: Int
        package let credential: Credential
    }

    /// Who asked.
    package enum Credential: Hashable, Sendable {
        /// No bearer was sent.
        case none
        /// A bearer that is not a key.
        case unknown
        /// A management key.
        case management
        /// An inference key, by its hash.
        case key(String)
    }

    /// A world with one account, its default workspace and its management key, all made at `start`.
    package init(
        _ randomness: Randomness = .seeded(0), behaviour: Behaviour = Behaviour(),
        start: Date = Date(timeIntervalSince1970: 1_767_225_600)
    ) {
        self.behaviour = behaviour
        var random = randomness
        let plaintext = Secret("sk-or-v1-" + random.hex(64))
        self.random = random
        managementKey = plaintext
        appendAccount(managementKey: plaintext, at: start)
    }

    /// Adds an account with a default workspace and returns a management key of it.
    package mutating func addAccount(at start: Date = Date(timeIntervalSince1970: 1_767_225_600)) -> Secret {
        let plaintext = Secret("sk-or-v1-" + random.hex(64))
        appendAccount(managementKey: plaintext, at: start)
        return plaintext
    }

    private mutating func appendAccount(managementKey: Secret, at start: Date) {
        let user = "user_" + random.hex(24)
        accounts.append(Account(user: user, members: [Member(id: user, isAdmin: true)]))
        let workspace = addWorkspace("Default", account: accounts.count - 1, at: start)
        accounts[accounts.count - 1].defaultWorkspace = workspace
        let draft = Draft(name: "management", workspace: workspace)
        append(draft, plaintext: managementKey, isManagement: true, account: accounts.count - 1, at: start)
    }

    /// Adds a workspace and returns its id, a random one if none is given.
    @discardableResult
    package mutating func addWorkspace(
        _ name: String, id: String? = nil, slug: String? = nil, account: Int = 0,
        at start: Date = Date(timeIntervalSince1970: 1_767_225_600)
    ) -> String {
        let workspace = Workspace(
            id: id ?? random.uuid(), guardrail: random.uuid(), creator: accounts[account].user,
            settings: ["name": .string(name), "slug": .string(slug ?? name.lowercased())], at: start)
        accounts[account].workspaces.append(workspace)
        return workspace.id
    }
}

extension Sandbox {
    /// What a new key is made from.
    struct Draft {
        var name: String
        var workspace: String
        var creator: String?
        var externalUser: String?
        var externalKey: Digest?
        var isOAuth = false
        var limit: Money?
        var limitReset: Period?
        var includesBYOK = false
        var expiresAt: Date?
    }

    /// Makes a key, with a random plaintext if none is given, and returns both.
    mutating func mint(
        _ draft: Draft, account: Int, at now: Date, plaintext given: Secret? = nil
    ) -> (key: Key, plaintext: Secret) {
        let plaintext = given ?? Secret("sk-or-v1-" + random.hex(64))
        return (append(draft, plaintext: plaintext, isManagement: false, account: account, at: now), plaintext)
    }

    @discardableResult
    private mutating func append(
        _ draft: Draft, plaintext: Secret, isManagement: Bool, account: Int, at now: Date
    ) -> Key {
        let digest = Digest(of: plaintext)
        let text = plaintext.revealed() ?? ""
        let key = Key(
            hash: behaviour.hashesDiffer ? SHA256.hex(digest.hex.utf8) : digest.hex, digest: digest,
            label: text.prefix(12) + "..." + text.suffix(4), isManagement: isManagement,
            isOAuth: draft.isOAuth, account: account, name: draft.name, workspace: draft.workspace,
            creator: draft.creator,
            externalUser: draft.externalUser, externalKey: draft.externalKey,
            limit: draft.limit, limitReset: draft.limitReset, includesBYOK: draft.includesBYOK, createdAt: now,
            expiresAt: draft.expiresAt, stages: [(now, .enabled)])
        indexByDigest[digest] = keys.count
        indexByHash[key.hash] = keys.count
        keys.append(key)
        return key
    }

    func index(of bearer: Secret) -> Int? { indexByDigest[Digest(of: bearer)] }

    /// The key that a bearer is, or for which a token acts that has not expired.
    func index(of bearer: Secret, at now: Date) -> Int? {
        if let index = index(of: bearer) { return index }
        return tokens[Digest(of: bearer)].flatMap { $0.expiresAt > now ? $0.key : nil }
    }

    func index(ofHash hash: String) -> Int? { indexByHash[hash] }

    mutating func record(_ exchange: Exchange) { log.append(exchange) }
}
