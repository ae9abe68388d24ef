/// A token's permissions, by GitHub's names as in `X-Accepted-GitHub-Permissions`.
package enum Permission: String, Sendable, CaseIterable {
    case metadata
    case actions
    case secrets
    case variables = "actions_variables"
    case environments
    case dependabotSecrets = "dependabot_secrets"
    case codespacesSecrets = "codespaces_secrets"
    case organisationSecrets = "organization_secrets"
    case organisationVariables = "organization_actions_variables"
    case organisationDependabotSecrets = "organization_dependabot_secrets"
    case organisationCodespacesSecrets = "organization_codespaces_secrets"
}

/// How far a permission goes; writing includes reading.
package enum Access: String, Sendable, Comparable {
    case read
    case write

    package static func < (left: Self, right: Self) -> Bool { left == .read && right == .write }
}

/// A token as GitHub knows it.
package struct Token: Sendable {
    /// The kinds of tokens, which differ in what they may do and in how they are refused.
    package enum Kind: Sendable {
        /// A classic personal access token, `ghp_…`, with scopes such as `repo` and `admin:org`.
        case classic(scopes: Set<String>)
        /// A fine-grained personal access token, `github_pat_…`, for some repositories or, with `nil`, for all.
        case fineGrained([Permission: Access], repositories: Set<String>? = nil)
        /// A GitHub App's token for an installation, `ghs_…`.
        case installation([Permission: Access], repositories: Set<String>? = nil)
        /// The `GITHUB_TOKEN` of a workflow in this repository, which no permission lets read or write secrets.
        case actions(repository: String)
    }

    let kind: Kind
    /// Repositories that it is limited to, by id; `nil` for all.
    let repositories: Set<Int>?

    /// What it may do; `nil` for a classic one, which has scopes.
    var permissions: [Permission: Access]? {
        switch kind {
        case .classic: nil
        case .fineGrained(let permissions, _), .installation(let permissions, _):
            permissions.merging([.metadata: .read]) { given, _ in given }
        case .actions: [.metadata: .read, .actions: .write]
        }
    }

    var scopes: Set<String>? { if case .classic(let scopes) = kind { scopes } else { nil } }

    /// The message of the 403 for what it may not do.
    var refusal: String {
        if case .fineGrained = kind {
            "Resource not accessible by personal access token"
        } else {
            "Resource not accessible by integration"
        }
    }

    func covers(_ repository: Repository) -> Bool { repositories?.contains(repository.id) ?? true }

    /// Whether it may know that the repository exists.
    func sees(_ repository: Repository) -> Bool {
        guard repository.isPrivate else { return true }
        if let scopes { return scopes.contains("repo") }
        return covers(repository)
    }
}
