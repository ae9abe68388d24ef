import GitHubSandbox
import JSON
import Testing

/// Each place that a secret can be at: how a target names it, and where the sandbox keeps it.
struct ScopeCase: CustomTestStringConvertible {
    let testDescription: String
    let with: JSONObject
    let store: SecretStore
    let scope: Scope
    /// For an organization: whom the secret is to be made for.
    var visibility: Visibility?
    var selected: [String] = []
    /// The exchanges of the first publish and of each later one, and those with a companion.
    let exchanges: (created: Int, updated: Int, firstCompanion: Int, companion: Int)
    let permission: Permission

    static let all: [ScopeCase] = [
        ScopeCase(
            testDescription: "repository", with: ["repository": "acme/web"], store: .actions,
            scope: .repository("acme/web"), exchanges: (3, 3, 6, 6), permission: .secrets),
        ScopeCase(
            testDescription: "environment", with: ["repository": "acme/web", "environment": "production eu/1"],
            store: .actions, scope: .environment("production eu/1", of: "acme/web"), exchanges: (3, 3, 6, 6),
            permission: .environments),
        ScopeCase(
            testDescription: "organization, all", with: ["organization": "acme", "visibility": "all"], store: .actions,
            scope: .organisation("acme"), visibility: .all, exchanges: (4, 4, 6, 6),
            permission: .organisationSecrets),
        ScopeCase(
            testDescription: "organization, private", with: ["organization": "acme", "visibility": "private"],
            store: .actions, scope: .organisation("acme"), visibility: .private, exchanges: (4, 4, 6, 6),
            permission: .organisationSecrets),
        ScopeCase(
            testDescription: "organization, selected",
            with: [
                "organization": "acme", "visibility": "selected", "selected_repositories": ["api", "acme/lib"],
            ], store: .actions, scope: .organisation("acme"), visibility: .selected,
            selected: ["acme/api", "acme/lib"], exchanges: (6, 5, 7, 7), permission: .organisationSecrets),
        ScopeCase(
            testDescription: "Dependabot of a repository", with: ["repository": "acme/web", "store": "dependabot"],
            store: .dependabot, scope: .repository("acme/web"), exchanges: (3, 3, 6, 6),
            permission: .dependabotSecrets),
        ScopeCase(
            testDescription: "Dependabot of an organization",
            with: [
                "organization": "acme", "store": "dependabot", "visibility": "selected",
                "selected_repositories": ["api"],
            ], store: .dependabot, scope: .organisation("acme"), visibility: .selected, selected: ["acme/api"],
            exchanges: (5, 5, 7, 7), permission: .organisationDependabotSecrets),
        ScopeCase(
            testDescription: "Codespaces of a repository", with: ["repository": "acme/web", "store": "codespaces"],
            store: .codespaces, scope: .repository("acme/web"), exchanges: (3, 3, 6, 6),
            permission: .codespacesSecrets),
        ScopeCase(
            testDescription: "Codespaces of an organization",
            with: ["organization": "acme", "store": "codespaces", "visibility": "private"], store: .codespaces,
            scope: .organisation("acme"), visibility: .private, exchanges: (4, 4, 6, 6),
            permission: .organisationCodespacesSecrets),
    ]

    /// What GitHub calls the permission where one gives it.
    var permissionName: String {
        switch permission {
        case .environments: "Environments"
        case .dependabotSecrets: "Dependabot secrets"
        case .codespacesSecrets: "Codespaces secrets"
        case .organisationDependabotSecrets: "Organization dependabot secrets"
        case .organisationCodespacesSecrets: "Organization codespaces secrets"
        default: "Secrets"
        }
    }

    /// The settings, with more beside them.
    func settings(_ more: JSONObject = [:]) -> JSONObject {
        var settings = with
        settings["name"] = "TOKEN"
        for (key, value) in more.members { settings[key] = value }
        return settings
    }

    /// The settings without what is only for a secret that is made.
    var settingsOfExisting: JSONObject {
        var settings = settings()
        settings["visibility"] = nil
        settings["selected_repositories"] = nil
        return settings
    }
}
