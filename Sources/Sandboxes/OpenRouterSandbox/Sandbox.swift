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
        accounts.append(Account(user: user, workspaces: [], members: [Member(id: user)]))
        let workspace = addWorkspace("Default", account: accounts.count - 1, at: start)
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
            id: id ?? random.uuid(), name: name, slug: slug ?? name.lowercased(), createdAt: start,
            guardrail: random.uuid())
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
            label: text.prefix(12) + "..." + text.suffix(4), isManagement: isManagement, account: account,
            name: draft.name, workspace: draft.workspace, creator: draft.creator, externalUser: draft.externalUser,
            limit: draft.limit, limitReset: draft.limitReset, includesBYOK: draft.includesBYOK, createdAt: now,
            expiresAt: draft.expiresAt, stages: [(now, .enabled)])
        indexByDigest[digest] = keys.count
        indexByHash[key.hash] = keys.count
        keys.append(key)
        return key
    }

    func index(of bearer: Secret) -> Int? { indexByDigest[Digest(of: bearer)] }

    func index(ofHash hash: String) -> Int? { indexByHash[hash] }

    mutating func record(_ exchange: Exchange) { log.append(exchange) }
}

/// Who owns workspaces and keys. Nothing of one account is visible to another.
package struct Account: Sendable {
    /// The provider's name for the owner, `user_…`.
    package let user: String
    /// The default workspace first.
    package internal(set) var workspaces: [Workspace]
    /// What was bought, in USD; when it is used up, calls that cost answer 402.
    package var credits: Money = 1000
    /// The members of the organization, the owner first.
    package internal(set) var members: [Member]
    /// What is set for keys and members, in the order of its creation.
    package internal(set) var guardrails: [Record] = []
    /// Which key has which guardrail.
    package internal(set) var keyAssignments: [Assignment] = []
    /// Which member has which guardrail.
    package internal(set) var memberAssignments: [Assignment] = []
    /// Providers' own keys (BYOK).
    package internal(set) var providerKeys: [Record] = []
    /// Where traces go.
    package internal(set) var destinations: [Record] = []

    /// The provider's name for the organization, `org_…`.
    var organization: String { "org_" + user.dropFirst("user_".count) }
}

/// A member of an organization.
package struct Member: Sendable {
    /// The provider's name for the member, `user_…`.
    package let id: String
}

/// A workspace of an account.
package struct Workspace: Sendable {
    /// A UUID.
    package let id: String
    package let name: String
    /// The name in an address.
    package let slug: String
    package let createdAt: Date
    let guardrail: String

    func json(of account: Account) -> JSONValue {
        [
            "created_at": .string(createdAt.rfc3339), "created_by": .string(account.user),
            "default_guardrail_id": .string(guardrail), "default_image_model": nil, "default_provider_sort": nil,
            "default_text_model": nil, "description": nil, "id": .string(id), "include_byok_in_budgets": false,
            "io_logging_api_key_ids": nil, "io_logging_sampling_rate": 1, "is_data_discount_logging_enabled": false,
            "is_observability_broadcast_enabled": false, "is_observability_io_logging_enabled": false,
            "name": .string(name), "slug": .string(slug), "updated_at": nil,
        ]
    }
}

/// What a sandbox does where the live service's behaviour is undocumented or differs between its versions.
package struct Behaviour: Sendable {
    /// Seconds after which use shows in `usage`, `last_used_at`, analytics and activity. Limits are enforced at once.
    package var usageLag: TimeInterval
    /// Seconds after which creating, disabling, enabling and deleting take effect on inference and on `GET /key`.
    /// Management sees them at once.
    package var propagation: TimeInterval
    /// Answers as the API did before 2026-10: no `last_used_at`, no `external_user`, no `include_expired`, and none
    /// of the later fields of `GET /key`.
    package var omitsLastUsed = false
    /// Paths below `/api/v1`, such as `byok`, that are out of order: they answer 503, and so does all below them.
    package var failing: Set<String> = []
    /// What lists of BYOK keys and destinations show of a key that was deleted.
    package var deadHashes = DeadHashes.stay
    /// Whether assigning a guardrail to a key that has it already counts in `assigned_count`.
    package var countsReassignments = true
    /// Refuses a BYOK list that names a disabled key, as it does one that names a deleted key.
    package var refusesDisabledKeys = false
    /// Refuses changes of destinations with 403, as an organization can have it.
    package var locksPrivacy = false
    /// Refuses analytics with 403.
    package var refusesAnalytics = false
    /// Writes the counts in analytics as strings.
    package var writesCountsAsStrings = false
    /// Names keys by another `hash` than the SHA-256 of their plaintext.
    package var hashesDiffer = false
    /// The status for a key whose limit is used up: 403 or 402; both were seen.
    package var exhaustedStatus = 403
    /// USD for one chat completion; models whose name ends in `:free` cost nothing.
    package var costPerCall = Money("0.0005")

    /// Without lag and delay unless told.
    package init(usageLag: TimeInterval = 0, propagation: TimeInterval = 0) {
        self.usageLag = usageLag
        self.propagation = propagation
    }
}

/// What becomes of a deleted key's hash in a list.
package enum DeadHashes: Sendable {
    /// It stays, and a list that has nothing else is for nobody.
    case stay
    /// It goes, and a list that had nothing else is empty.
    case drop
    /// It goes, and a list that had nothing else becomes `null`: for every key.
    case widen
}
