import JSON
import PublisherKit

/// A target's `with`, checked.
struct SecretSettings {
    let name: SecretName
    let scope: SecretScope
    /// The variable that says what the secret holds, if there is to be one.
    let companion: SecretName?

    static let names = PublisherInformation.Names(
        required: ["name"],
        optional: [
            "repository", "environment", "organization", Settings.create, "store", "visibility",
            "selected_repositories", "companion",
            "url", "writes",
        ])

    /// Errors are of code `configuration` and name the field.
    init(_ settings: Settings) throws(PublisherError) {
        name = try SecretName(settings.required("name", hint: "name the secret"), setting: "name")
        companion = try settings.text("companion").map { text throws(PublisherError) in
            try SecretName(text, setting: "companion")
        }
        scope = try Self.scope(settings)
    }

    /// The secret for people, as `the Dependabot secret TOKEN of acme/web`.
    var secret: String {
        let kind =
            switch scope.store {
            case .actions: "secret"
            case .dependabot: "Dependabot secret"
            case .codespaces: "Codespaces secret"
            }
        return "the \(kind) \(name) of \(scope.place)"
    }

    private static func scope(_ settings: Settings) throws(PublisherError) -> SecretScope {
        let repository = try settings.text("repository")
        let organization = try settings.text("organization")
        let store = try settings.choice("store", SecretStore.self) ?? .actions
        switch (repository, organization) {
        case (let repository?, nil):
            for key in ["visibility", "selected_repositories"] where settings.has(key) {
                throw Settings.error(key, "'\(key)' is only for a secret of an organization")
            }
            let repository = try RepositoryName(repository, setting: "repository")
            guard let environment = try settings.text("environment") else { return .repository(repository, store) }
            guard store == .actions else {
                throw Settings.error("store", "an environment has secrets for Actions only", hint: "leave 'store' out")
            }
            // As segments of a path they mean other ones.
            guard environment != ".", environment != ".." else {
                throw Settings.error("environment", "'environment' names no environment")
            }
            return .environment(repository, environment)
        case (nil, let organization?):
            guard !settings.has("environment") else {
                throw Settings.error(
                    "environment", "an environment belongs to a repository", hint: "name it in 'repository'")
            }
            guard RepositoryName.isName(organization) else {
                throw Settings.error(
                    "organization", "'organization' names no organization", hint: "write its name only")
            }
            return .organization(organization, store, made: try audience(settings, organization))
        case (nil, nil):
            throw Settings.error(
                "repository", "nothing says whose secret it is", hint: "set 'repository' (OWNER/NAME) or 'organization'"
            )
        case (_?, _?):
            throw Settings.error(
                "organization", "'repository' and 'organization' exclude each other", hint: "leave one out")
        }
    }

    private enum Word: String, CaseIterable {
        case all, `private`, selected
    }

    private static func audience(
        _ settings: Settings, _ organization: String
    ) throws(PublisherError) -> Audience? {
        let word = try settings.choice("visibility", Word.self)
        let names = try settings.texts("selected_repositories")
        guard (word == .selected) == (names?.isEmpty == false) else {
            throw Settings.error(
                "selected_repositories", "'visibility: selected' and 'selected_repositories' belong together",
                hint: "name the repositories that may read the secret, or take another visibility")
        }
        switch word {
        case .all: return .all
        case .private: return .private
        case .selected:
            let repositories = try (names ?? []).map { name throws(PublisherError) in
                try RepositoryName(name, of: organization, setting: "selected_repositories")
            }
            return .selected(repositories)
        case nil: return nil
        }
    }
}
