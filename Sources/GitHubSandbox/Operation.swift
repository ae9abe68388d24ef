import FoundationEssentials
import HTTP

/// One operation of the API: what it is about, and what it asks of a token.
struct Operation {
    /// What a path names.
    enum Resource {
        case user
        case rateLimit
        case graphql
        case organisation
        case repository(Int)
        case environments(Int)
        case environment(Int, String)
        case secrets(Shelf)
        case publicKey(Shelf)
        case secret(Shelf, String)
        case variables(Place)
        case variable(Place, String)
        /// The repositories that see an organisation's secret or variable; one of them, or all.
        case selection(Selection, repository: Int?)
    }

    /// Whose selected repositories.
    enum Selection {
        case secret(Shelf, String)
        case variable(Place, String)
    }

    let method: HTTPRequest.Method
    let resource: Resource

    var access: Access { method == .get ? .read : .write }

    /// The repository whose visibility decides whether there is anything here.
    var repository: Int? {
        switch resource {
        case .repository(let id), .environments(let id), .environment(let id, _): id
        default:
            switch place {
            case .repository(let id), .environment(let id, _): id
            default: nil
            }
        }
    }

    /// The place whose secrets or variables it is about.
    var place: Place? {
        switch resource {
        case .secrets(let shelf), .publicKey(let shelf), .secret(let shelf, _), .selection(.secret(let shelf, _), _):
            shelf.place
        case .variables(let place), .variable(let place, _), .selection(.variable(let place, _), _): place
        default: nil
        }
    }

    /// What a fine-grained token or an app needs, by the page "Permissions required for fine-grained personal access
    /// tokens": an environment's secrets and variables go by `environments`, not by `secrets`.
    var permission: Permission? {
        switch resource {
        case .user, .rateLimit, .graphql, .organisation: nil
        case .repository: .metadata
        case .environments, .environment: .actions
        case .secrets(let shelf), .publicKey(let shelf), .secret(let shelf, _), .selection(.secret(let shelf, _), _):
            Self.permission(for: shelf)
        case .variables(let place), .variable(let place, _), .selection(.variable(let place, _), _):
            switch place {
            case .repository: .variables
            case .environment: .environments
            case .organisation: .organisationVariables
            }
        }
    }

    private static func permission(for shelf: Shelf) -> Permission {
        switch (shelf.place, shelf.store) {
        case (.environment, _): .environments
        case (.repository, .actions): .secrets
        case (.repository, .dependabot): .dependabotSecrets
        case (.repository, .codespaces): .codespacesSecrets
        case (.organisation, .actions): .organisationSecrets
        case (.organisation, .dependabot): .organisationDependabotSecrets
        case (.organisation, .codespaces): .organisationCodespacesSecrets
        }
    }

    /// The scope that a classic token needs.
    var scope: String? {
        switch resource {
        case .user, .rateLimit, .graphql, .organisation: nil
        default: place?.isOrganisation == true ? "admin:org" : "repo"
        }
    }

    /// What a classic token is told that has not the scope.
    var missingScope: String {
        let what =
            switch resource {
            case .variables, .variable, .selection(.variable, _): "actions variables"
            case .secrets(let shelf), .publicKey(let shelf), .secret(let shelf, _),
                .selection(.secret(let shelf, _), _):
                "\(shelf.store.rawValue) secrets"
            default: "administration"
            }
        return place?.isOrganisation == true
            ? "You must be an org admin or have the \(what) fine-grained permission."
            : "Must have admin rights to Repository."
    }
}
