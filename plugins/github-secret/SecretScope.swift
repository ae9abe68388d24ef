/// Whose secret it is, and for which part of GitHub.
enum SecretScope: Hashable {
    case repository(RepositoryName, SecretStore)
    /// Of a repository; environments have secrets for Actions only.
    case environment(RepositoryName, String)
    /// `made` is for whom the secret will be, if there is none yet.
    case organization(String, SecretStore, made: Audience?)
}

/// What reads the secret.
enum SecretStore: String, Hashable, CaseIterable {
    case actions, dependabot, codespaces
}

/// The repositories that may read a secret of their organization.
enum Audience: Hashable {
    case all
    /// The private and internal ones.
    case `private`
    case selected([RepositoryName])
}

extension SecretScope {
    var store: SecretStore {
        switch self {
        case .repository(_, let store), .organization(_, let store, _): store
        case .environment: .actions
        }
    }

    /// The repository or the organization.
    var ownerPath: [String] {
        switch self {
        case .repository(let repository, _), .environment(let repository, _): repository.path
        case .organization(let organization, _, _): ["orgs", organization]
        }
    }

    /// The secrets; the public key and each secret are below it.
    var secretsPath: [String] {
        switch self {
        case .repository, .organization: ownerPath + [store.rawValue, "secrets"]
        case .environment(_, let environment): ownerPath + ["environments", environment, "secrets"]
        }
    }

    /// The variables beside the secrets. There are none but those of Actions.
    var variablesPath: [String] {
        switch self {
        case .repository, .organization: ownerPath + ["actions", "variables"]
        case .environment(_, let environment): ownerPath + ["environments", environment, "variables"]
        }
    }

    /// The repository or the organization, for people.
    var owner: String {
        switch self {
        case .repository(let repository, _), .environment(let repository, _): "\(repository)"
        case .organization(let organization, _, _): "the organization \(organization)"
        }
    }

    /// Whose secrets they are, for people.
    var place: String {
        if case .environment(let repository, let environment) = self {
            "\(environment) of \(repository)"
        } else {
            owner
        }
    }

    /// The setting that names the place.
    var field: String {
        switch self {
        case .repository: "with.repository"
        case .environment: "with.environment"
        case .organization: "with.organization"
        }
    }

    /// The permission that writing a secret takes ("Permissions required for fine-grained personal access tokens").
    var secretPermission: String {
        switch (self, store) {
        case (.environment, _): repositoryPermission("Environments")
        case (.repository, .actions): repositoryPermission("Secrets")
        case (.repository, .dependabot): repositoryPermission("Dependabot secrets")
        case (.repository, .codespaces): repositoryPermission("Codespaces secrets")
        case (.organization, .actions): organizationPermission("Secrets")
        case (.organization, .dependabot): organizationPermission("Organization dependabot secrets")
        case (.organization, .codespaces): organizationPermission("Organization codespaces secrets")
        }
    }

    /// The permission that writing a variable takes.
    var variablePermission: String {
        switch self {
        case .repository: repositoryPermission("Variables")
        case .environment: repositoryPermission("Environments")
        case .organization: organizationPermission("Variables")
        }
    }

    /// The scopes of a classic token of which one is needed.
    var classicScopes: Set<String> {
        switch self {
        // The second is enough for public repositories.
        case .repository, .environment: ["repo", "public_repo"]
        case .organization: ["admin:org"]
        }
    }

    private func repositoryPermission(_ name: String) -> String {
        "the repository permission \"\(name)\" (write) for \(owner); a classic token needs the scope repo"
    }

    private func organizationPermission(_ name: String) -> String {
        "the organization permission \"\(name)\" (write) for \(owner); a classic token needs the scope admin:org"
    }
}
