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
struct Shelf: Hashable {
    let store: SecretStore
    let place: Place
}
