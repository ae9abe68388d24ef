package import FoundationEssentials
import HTTP
import JSON
package import SandboxWire
package import Secrets
import Sodium

/// The part of GitHub's API that holds the variables and secrets of pipelines, as a value: copying it copies the world.
package struct GitHubSandbox: Sendable {
    /// A token that may do everything: a classic one with the scopes `repo` and `admin:org`.
    package let token: Secret
    /// How many requests a token may make in an hour before it is refused with 403.
    package var primaryLimit = 5000
    /// Versions of the API that are no longer served, with 410. None is until March 2028.
    package var retiredVersions: Set<String> = []
    /// Whether boxes that do not open are stored, as GitHub did until 2021, instead of being refused with 422.
    package var storesWhatDoesNotOpen = false
    /// The host of a GitHub on this machine, to which gh speaks without TLS; its root is the API's.
    package static let host = "api.github.localhost"
    var repositories: [Repository] = []
    var organisations: [String: Organisation] = [:]
    var secrets: [SecretCollection: [String: StoredSecret]] = [:]
    var variables: [Place: [String: StoredVariable]] = [:]
    var keys: [SecretCollection: SealingKey] = [:]
    var tokens: [Digest: Token] = [:]
    var spent: [String: Spending] = [:]
    var random: Randomness

    /// What of an hour's allowance is used up.
    struct Spending {
        var used = 0
        let end: Date
    }

    /// A world with the one token and no repository.
    package init(_ randomness: Randomness = .seeded(0)) {
        var random = randomness
        token = Secret("ghp_" + random.hex(36))
        self.random = random
        tokens[Digest(of: token)] = Token(kind: .classic(scopes: ["repo", "admin:org"]), repositories: nil)
    }

    /// Adds a repository `OWNER/NAME` and, on its first use, its owner as an organisation; returns the repository's id.
    @discardableResult
    package mutating func addRepository(
        _ fullName: String, environments: [String] = [], isPrivate: Bool = true, at now: Date
    ) -> Int {
        let (owner, name) = Self.parts(of: fullName)
        if organisations[owner.lowercased()] == nil {
            organisations[owner.lowercased()] = Organisation(id: number(), login: owner, createdAt: now)
        }
        let login = organisations[owner.lowercased()]?.login ?? owner
        let repository = Repository(
            id: number(), owner: login, name: name, isPrivate: isPrivate, createdAt: now,
            environments: environments.map { Repository.Environment(id: number(), name: $0) })
        repositories.append(repository)
        return repository.id
    }

    /// Gives a repository another name; the former one leads to it with a redirect.
    package mutating func renameRepository(_ from: String, to: String) {
        guard let index = repositories.firstIndex(where: { $0.fullName.lowercased() == from.lowercased() }) else {
            return
        }
        repositories[index].formerNames.insert(from.lowercased())
        repositories[index].name = Self.parts(of: to).name
    }

    /// Makes a token. Repositories that it names must exist.
    package mutating func addToken(_ kind: Token.Kind) -> Secret {
        let (prefix, names): (String, Set<String>?) =
            switch kind {
            case .classic: ("ghp_", nil)
            case .fineGrained(_, let names): ("github_pat_", names)
            case .installation(_, let names): ("ghs_", names)
            case .actions(let repository): ("ghs_", [repository])
            }
        let token = Secret(prefix + random.hex(36))
        let ids = names.map { Set($0.compactMap { repository(named: $0)?.id }) }
        tokens[Digest(of: token)] = Token(kind: kind, repositories: ids)
        return token
    }

    /// Gives every store of every scope another public key and key id: what a client kept is stale.
    package mutating func replacePublicKeys() { keys = [:] }

    /// A random number such as GitHub's ids are, below 2⁵³.
    mutating func number() -> Int { Int(random.next() % 900_000_000) + 100_000_000 }

    func repository(named fullName: String) -> Repository? {
        repositories.first { $0.fullName.lowercased() == fullName.lowercased() }
    }

    func repository(_ id: Int) -> Repository? { repositories.first { $0.id == id } }

    private static func parts(of fullName: String) -> (owner: String, name: String) {
        let parts = fullName.split(separator: "/", maxSplits: 1).map(String.init)
        return (parts.first ?? "", parts.last ?? "")
    }
}

/// Whose secrets: each store has its own public keys and its own names.
package enum SecretStore: String, Sendable, CaseIterable {
    case actions
    case dependabot
    case codespaces
}

/// Where a secret or a variable stands, as a person writes it.
package enum Scope: Hashable, Sendable, CustomStringConvertible {
    /// A repository, `OWNER/NAME`.
    case repository(String)
    /// An environment of a repository.
    case environment(String, of: String)
    /// An organisation.
    case organisation(String)

    /// `repository acme/web`, `environment production of acme/web`, `organisation acme`.
    package var description: String {
        switch self {
        case .repository(let name): "repository \(name)"
        case .environment(let name, let repository): "environment \(name) of \(repository)"
        case .organisation(let name): "organisation \(name)"
        }
    }
}

/// Where a secret or a variable stands: what stays the same when a repository is renamed.
enum Place: Hashable {
    case repository(Int)
    case environment(Int, String)
    case organisation(String)

    /// The noun in the names of GitHub's operations, with its article.
    var noun: String {
        switch self {
        case .repository: "a-repository"
        case .environment: "an-environment"
        case .organisation: "an-organization"
        }
    }

    var isOrganisation: Bool { if case .organisation = self { true } else { false } }
}

/// One collection of secrets with a public key of its own.
struct SecretCollection: Hashable {
    let store: SecretStore
    let place: Place
}

/// A repository and its environments.
struct Repository {
    let id: Int
    let owner: String
    var name: String
    let isPrivate: Bool
    let createdAt: Date
    var environments: [Environment]
    /// Its former names, in lower case.
    var formerNames: Set<String> = []

    struct Environment {
        let id: Int
        let name: String
    }

    var fullName: String { owner + "/" + name }

    func environment(_ name: String) -> Environment? {
        environments.first { $0.name.lowercased() == name.lowercased() }
    }
}

/// An owner of repositories.
struct Organisation {
    let id: Int
    let login: String
    let createdAt: Date
}
