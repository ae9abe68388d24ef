import JSON
import PublisherKit
import TestSupport
import Testing

@testable import ork_publisher_github_secret

@Suite(.tags(.values)) struct SettingsTests {
    struct Mistake: CustomTestStringConvertible {
        let with: JSONObject
        let field: String
        let message: String
        var hint: String?
        var testDescription: String { JSONValue.object(with).text() }
    }

    private static let badName = "'name' is not a name that GitHub takes"
    private static let nameHint = "use letters, digits and underscores, and no digit first"
    private static let badRepository = "'repository' names no repository"
    private static let repositoryHint = "write OWNER/NAME, without an address and without .git"
    private static let together = "'visibility: selected' and 'selected_repositories' belong together"
    private static let togetherHint = "name the repositories that may read the secret, or take another visibility"

    static let mistakes: [Mistake] = [
        Mistake(
            with: ["repository": "acme/web"], field: "with.name", message: "'name' is missing",
            hint: "name the secret"),
        Mistake(with: ["name": "1A", "repository": "acme/web"], field: "with.name", message: badName, hint: nameHint),
        Mistake(with: ["name": "A-B", "repository": "acme/web"], field: "with.name", message: badName, hint: nameHint),
        Mistake(with: ["name": "É", "repository": "acme/web"], field: "with.name", message: badName, hint: nameHint),
        Mistake(
            with: ["name": "github_x", "repository": "acme/web"], field: "with.name",
            message: "'name' begins with GITHUB_, which GitHub keeps for itself"),
        Mistake(
            with: ["name": "A"], field: "with.repository", message: "nothing says whose secret it is",
            hint: "set 'repository' (OWNER/NAME) or 'organization'"),
        Mistake(
            with: ["name": "A", "repository": "acme/web", "organization": "acme"], field: "with.organization",
            message: "'repository' and 'organization' exclude each other", hint: "leave one out"),
        Mistake(
            with: ["name": "A", "repository": "web"], field: "with.repository", message: badRepository,
            hint: repositoryHint),
        Mistake(
            with: ["name": "A", "repository": "a/b/c"], field: "with.repository", message: badRepository,
            hint: repositoryHint),
        Mistake(
            with: ["name": "A", "repository": "../orgs"], field: "with.repository", message: badRepository,
            hint: repositoryHint),
        Mistake(
            with: ["name": "A", "repository": "acme/web.git"], field: "with.repository", message: badRepository,
            hint: repositoryHint),
        Mistake(
            with: ["name": "A", "repository": "acme/we?b"], field: "with.repository", message: badRepository,
            hint: repositoryHint),
        Mistake(
            with: ["name": "A", "organization": "acme/web"], field: "with.organization",
            message: "'organization' names no organization", hint: "write its name only"),
        Mistake(
            with: ["name": "A", "organization": "acme", "environment": "production"], field: "with.environment",
            message: "an environment belongs to a repository", hint: "name it in 'repository'"),
        Mistake(
            with: ["name": "A", "repository": "acme/web", "environment": ".."], field: "with.environment",
            message: "'environment' names no environment"),
        Mistake(
            with: ["name": "A", "repository": "acme/web", "environment": "e", "store": "dependabot"],
            field: "with.store", message: "an environment has secrets for Actions only", hint: "leave 'store' out"),
        Mistake(
            with: ["name": "A", "repository": "acme/web", "store": "agents"], field: "with.store",
            message: "'store' is not one of its words", hint: "take one of actions, dependabot, codespaces"),
        Mistake(
            with: ["name": "A", "repository": "acme/web", "visibility": "all"], field: "with.visibility",
            message: "'visibility' is only for a secret of an organization"),
        Mistake(
            with: ["name": "A", "repository": "acme/web", "selected_repositories": ["web"]],
            field: "with.selected_repositories",
            message: "'selected_repositories' is only for a secret of an organization"),
        Mistake(
            with: ["name": "A", "organization": "acme", "visibility": "public"], field: "with.visibility",
            message: "'visibility' is not one of its words", hint: "take one of all, private, selected"),
        Mistake(
            with: ["name": "A", "organization": "acme", "visibility": "selected"], field: "with.selected_repositories",
            message: together, hint: togetherHint),
        Mistake(
            with: ["name": "A", "organization": "acme", "visibility": "selected", "selected_repositories": []],
            field: "with.selected_repositories", message: together, hint: togetherHint),
        Mistake(
            with: ["name": "A", "organization": "acme", "selected_repositories": ["web"]],
            field: "with.selected_repositories", message: together, hint: togetherHint),
        Mistake(
            with: [
                "name": "A", "organization": "acme", "visibility": "selected", "selected_repositories": ["evil/web"],
            ], field: "with.selected_repositories",
            message: "'selected_repositories' names a repository of another owner", hint: "take repositories of acme"),
        Mistake(
            with: ["name": "A", "repository": "acme/web", "companion": "GITHUB_A"], field: "with.companion",
            message: "'companion' begins with GITHUB_, which GitHub keeps for itself"),
        Mistake(
            with: ["name": "A", "repository": "acme/web", "companion": "a b"], field: "with.companion",
            message: "'companion' is not a name that GitHub takes", hint: nameHint),
    ]

    @Test("wrong settings are refused by name, before anything is asked", arguments: mistakes)
    func refuses(_ mistake: Mistake) {
        let fixture = GitHubFixture()
        let answer = fixture.publisher().answer(.publish, fixture.request(mistake.with))
        let error = PublisherError(.configuration, mistake.message, hint: mistake.hint, field: mistake.field)
        #expect(answer == PublisherAnswer(.rejected(error)))
        #expect(fixture.takeAsked().isEmpty)
    }

    @Test("right settings name one place")
    func reads() throws {
        func scope(_ with: JSONObject) throws -> SecretScope {
            var with = with
            with["name"] = "a"
            return try SecretSettings(Settings(with)).scope
        }
        let web = try RepositoryName("acme/web", setting: "repository")
        #expect(try scope(["repository": "acme/web"]) == .repository(web, .actions))
        #expect(try scope(["repository": "acme/web", "environment": "a/b"]) == .environment(web, "a/b"))
        #expect(try scope(["organization": "acme"]) == .organization("acme", .actions, made: nil))
        #expect(
            try scope([
                "organization": "acme", "store": "codespaces", "visibility": "selected",
                "selected_repositories": "web,ACME/web",
            ])
                == .organization(
                    "acme", .codespaces,
                    made: .selected([web, try RepositoryName("ACME/web", setting: "repository")])))
        #expect(try SecretSettings(Settings(["name": "a_1", "repository": "acme/web"])).name.description == "A_1")
    }
}
