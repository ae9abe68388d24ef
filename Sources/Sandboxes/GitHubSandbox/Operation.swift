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
        case secrets(SecretCollection)
        case publicKey(SecretCollection)
        case secret(SecretCollection, String)
        case variables(Place)
        case variable(Place, String)
        /// The repositories that see an organisation's secret or variable; one of them, or all.
        case selection(Selection, repository: Int?)
    }

    /// Whose selected repositories.
    enum Selection {
        case secret(SecretCollection, String)
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
        case .secrets(let collection), .publicKey(let collection), .secret(let collection, _),
            .selection(.secret(let collection, _), _):
            collection.place
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
        case .secrets(let collection), .publicKey(let collection), .secret(let collection, _),
            .selection(.secret(let collection, _), _):
            Self.permission(for: collection)
        case .variables(let place), .variable(let place, _), .selection(.variable(let place, _), _):
            switch place {
            case .repository: .variables
            case .environment: .environments
            case .organisation: .organisationVariables
            }
        }
    }

    private static func permission(for collection: SecretCollection) -> Permission {
        switch (collection.place, collection.store) {
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

    /// What a classic token without the scope is told.
    var missingScope: String {
        let what =
            switch resource {
            case .variables, .variable, .selection(.variable, _): "actions variables"
            case .secrets(let collection), .publicKey(let collection), .secret(let collection, _),
                .selection(.secret(let collection, _), _):
                "\(collection.store.rawValue) secrets"
            default: "administration"
            }
        return place?.isOrganisation == true
            ? "You must be an org admin or have the \(what) fine-grained permission."
            : "Must have admin rights to Repository."
    }
}

extension Operation {
    /// The `documentation_url` of its errors.
    var documentation: String {
        let root = "https://docs.github.com/rest/"
        switch resource {
        case .user: return root + "users/users#get-the-authenticated-user"
        case .rateLimit: return root + "rate-limit/rate-limit#get-rate-limit-status-for-the-authenticated-user"
        case .graphql: return "https://docs.github.com/graphql"
        case .organisation: return root + "orgs/orgs#get-an-organization"
        case .repository: return root + "repos/repos#get-a-repository"
        case .environments: return root + "deployments/environments#list-environments"
        case .environment: return root + "deployments/environments#get-an-environment"
        case .secrets(let collection): return page(of: collection) + "list-\(plainNoun(collection.place))-secrets"
        case .publicKey(let collection): return page(of: collection) + "get-\(collection.place.noun)-public-key"
        case .secret(let collection, _): return page(of: collection) + verb + collection.place.noun + "-secret"
        case .variables(let place):
            let list = "list-\(plainNoun(place))-variables"
            return root + "actions/variables#" + (method == .get ? list : "create-\(place.noun)-variable")
        case .variable(let place, _): return root + "actions/variables#" + verb + place.noun + "-variable"
        case .selection(.secret(let collection, _), let repository):
            return page(of: collection) + selection(repository) + "-an-organization-secret"
        case .selection(.variable, let repository):
            return root + "actions/variables#" + selection(repository) + "-an-organization-variable"
        }
    }

    private var verb: String {
        switch method {
        case .get: "get-"
        case .put: "create-or-update-"
        case .post: "create-"
        case .patch: "update-"
        case .delete: "delete-"
        }
    }

    private func selection(_ repository: Int?) -> String {
        switch (method, repository) {
        case (.get, _): "list-selected-repositories-for"
        case (.delete, _): "remove-selected-repository-from"
        case (_, nil): "set-selected-repositories-for"
        default: "add-selected-repository-to"
        }
    }

    private func plainNoun(_ place: Place) -> String {
        String(place.noun.drop { $0 != "-" }.dropFirst())
    }

    private func page(of collection: SecretCollection) -> String {
        let root = "https://docs.github.com/rest/\(collection.store.rawValue)/"
        guard collection.store == .codespaces else { return root + "secrets#" }
        return root + (collection.place.isOrganisation ? "organization-secrets#" : "repository-secrets#")
    }
}
