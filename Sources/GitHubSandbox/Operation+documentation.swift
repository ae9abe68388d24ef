import HTTP

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
        case .secrets(let shelf): return page(of: shelf) + "list-\(plainNoun(shelf.place))-secrets"
        case .publicKey(let shelf): return page(of: shelf) + "get-\(shelf.place.noun)-public-key"
        case .secret(let shelf, _): return page(of: shelf) + verb + shelf.place.noun + "-secret"
        case .variables(let place):
            let list = "list-\(plainNoun(place))-variables"
            return root + "actions/variables#" + (method == .get ? list : "create-\(place.noun)-variable")
        case .variable(let place, _): return root + "actions/variables#" + verb + place.noun + "-variable"
        case .selection(.secret(let shelf, _), let repository):
            return page(of: shelf) + selection(repository) + "-an-organization-secret"
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

    private func page(of shelf: Shelf) -> String {
        let root = "https://docs.github.com/rest/\(shelf.store.rawValue)/"
        guard shelf.store == .codespaces else { return root + "secrets#" }
        return root + (shelf.place.isOrganisation ? "organization-secrets#" : "repository-secrets#")
    }
}
