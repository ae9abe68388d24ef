import FoundationEssentials
import GitHubSandbox
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_github_secret

/// Who may not, and what is not there.
@Suite(.tags(.values)) struct RefusalTests {
    private func publish(_ with: JSONObject, as token: Secret? = nil, in fixture: GitHubFixture) -> PublisherAnswer {
        fixture.publisher(token).answer(.publish, fixture.request(with))
    }

    private static let appHint = """
        a workflow's own token can never write secrets: take an installation token of a GitHub App or a \
        fine-grained personal access token, with the
        """

    @Test("a token that GitHub does not know is told as such")
    func refusesAWrongToken() {
        let fixture = GitHubFixture()
        let answer = publish(["name": "A", "repository": "acme/web"], as: Secret("ghp_nobody"), in: fixture)
        #expect(
            answer.outcome
                == .rejected(
                    PublisherError(
                        .denied, "GitHub does not accept the token in GITHUB_TOKEN (401: Bad credentials)",
                        hint:
                            "check that it has not expired, and that it was issued by the GitHub that this target writes to"
                    )))
    }

    @Test("a workflow's own token is refused with what to take instead", arguments: ScopeCase.all)
    func refusesTheWorkflowsToken(_ test: ScopeCase) throws {
        let fixture = GitHubFixture()
        let token = fixture.github { sandbox, _ in sandbox.addToken(.actions(repository: "acme/web")) }
        let answer = publish(test.settings(), as: token, in: fixture)
        guard case .rejected(let error) = answer.outcome else {
            Issue.record("\(answer)")
            return
        }
        #expect(error.code == .denied)
        #expect(error.message.hasPrefix("GitHub does not let the token in GITHUB_TOKEN read "), "\(error)")
        #expect(error.hint?.hasPrefix(Self.appHint) == true, "\(error)")
        #expect(error.hint?.contains("permission \"\(test.permissionName)\" (write)") == true, "\(error)")
    }

    @Test("a token that may only read is refused at the write, with the permission's name", arguments: ScopeCase.all)
    func refusesAReader(_ test: ScopeCase) throws {
        let fixture = GitHubFixture()
        let token = fixture.github { sandbox, _ in sandbox.addToken(.fineGrained([test.permission: .read])) }
        #expect(fixture.publisher(token).answer(.check, fixture.request(test.settings())).outcome == .ready)
        let answer = publish(test.settings(), as: token, in: fixture)
        guard case .rejected(let error) = answer.outcome else {
            Issue.record("\(answer)")
            return
        }
        #expect(error.code == .denied)
        #expect(error.message.hasPrefix("GitHub refuses to write the "), "\(error)")
        #expect(error.message.hasSuffix("(403: Resource not accessible by personal access token)"), "\(error)")
        #expect(error.hint?.hasPrefix("give the token in GITHUB_TOKEN the ") == true)
        #expect(error.hint?.contains("permission \"\(test.permissionName)\" (write)") == true, "\(error)")
        #expect(
            fixture.github { sandbox, _ in sandbox.stored(store: test.store, scope: test.scope, name: "TOKEN") } == nil)
    }

    @Test("a token with the permission of the place, and no other, is enough", arguments: ScopeCase.all)
    func needsNoMore(_ test: ScopeCase) {
        let fixture = GitHubFixture()
        let token = fixture.github { sandbox, _ in sandbox.addToken(.installation([test.permission: .write])) }
        let answer = publish(test.settings(), as: token, in: fixture)
        #expect(answer.outcome == .committed, "\(answer)")
    }

    struct Nothing: CustomTestStringConvertible {
        let testDescription: String
        let with: JSONObject
        var token: Token.Kind?
        let error: PublisherError
        /// How many requests it takes to know.
        let exchanges: Int
    }

    static let nothings: [Nothing] = [
        Nothing(
            testDescription: "no repository", with: ["repository": "acme/none"],
            error: PublisherError(
                .notFound, "acme/none does not exist, or the token in GITHUB_TOKEN does not see it",
                hint: "look at its name, and whether the token was made for this repository",
                field: "with.repository"), exchanges: 2),
        Nothing(
            testDescription: "a repository that the token does not see", with: ["repository": "acme/web"],
            token: .fineGrained([.secrets: .write], repositories: ["acme/api"]),
            error: PublisherError(
                .notFound, "acme/web does not exist, or the token in GITHUB_TOKEN does not see it",
                hint: "look at its name, and whether the token was made for this repository",
                field: "with.repository"), exchanges: 2),
        Nothing(
            testDescription: "no environment", with: ["repository": "acme/web", "environment": "staging"],
            error: PublisherError(
                .notFound, "acme/web has no environment staging that the token in GITHUB_TOKEN sees",
                hint: "make it in the repository's settings, or give the token the repository permission"
                    + " \"Environments\" (write) for acme/web; a classic token needs the scope repo",
                field: "with.environment"), exchanges: 2),
        Nothing(
            testDescription: "an environment of no repository",
            with: ["repository": "acme/none", "environment": "staging"],
            error: PublisherError(
                .notFound, "acme/none does not exist, or the token in GITHUB_TOKEN does not see it",
                hint: "look at its name, and whether the token was made for this repository",
                field: "with.repository"), exchanges: 2),
        Nothing(
            testDescription: "no organization", with: ["organization": "none"],
            error: PublisherError(
                .notFound, "the organization none does not exist, or the token in GITHUB_TOKEN does not see it",
                hint: "look at its name; a user's account is no organization", field: "with.organization"),
            exchanges: 2),
        Nothing(
            testDescription: "nothing says for whom", with: ["organization": "acme"],
            error: PublisherError(
                .configuration, "acme has no secret TOKEN, and nothing says who may read it",
                hint: "set 'visibility' to all, private or selected", field: "with.visibility"), exchanges: 2),
        Nothing(
            testDescription: "a selected repository that is not there",
            with: ["organization": "acme", "visibility": "selected", "selected_repositories": ["none"]],
            error: PublisherError(
                .notFound, "GitHub has nothing there to see acme/none (404: Not Found)",
                hint: "check its spelling and that the token may see it",
                field: "with.selected_repositories"), exchanges: 3),
        Nothing(
            testDescription: "a classic token without the scope for an organization",
            with: ["organization": "acme", "visibility": "all"], token: .classic(scopes: ["repo"]),
            error: PublisherError(
                .denied,
                "GitHub refuses to read the public key for secrets of the organization acme"
                    + " (403: You must be an org admin or have the actions secrets fine-grained permission.)",
                hint: "give the token in GITHUB_TOKEN the organization permission \"Secrets\" (write) for the"
                    + " organization acme; a classic token needs the scope admin:org",
                field: "with.organization"), exchanges: 1),
    ]

    @Test("what is not there is told apart", arguments: nothings)
    func tellsWhatIsMissing(_ test: Nothing) {
        let fixture = GitHubFixture()
        let token = test.token.map { kind in fixture.github { sandbox, _ in sandbox.addToken(kind) } }
        var with = test.with
        with["name"] = "TOKEN"
        for verb in [Verb.check, .publish] {
            _ = fixture.takeAsked()
            let answer = fixture.publisher(token).answer(verb, fixture.request(with))
            #expect(answer.withoutHeld == PublisherAnswer(.rejected(test.error)))
            if verb == .publish { #expect(fixture.takeAsked().count == test.exchanges) }
        }
        #expect(!fixture.takeAsked().contains { $0.hasPrefix("PUT") })
    }

    @Test("a repository that was renamed is to be written anew")
    func tellsARename() {
        let fixture = GitHubFixture()
        fixture.github { sandbox, _ in sandbox.renameRepository("acme/web", to: "acme/site") }
        let answer = publish(["name": "A", "repository": "acme/web"], in: fixture)
        #expect(
            answer.outcome
                == .rejected(
                    PublisherError(
                        .notFound,
                        "GitHub answers with a redirect to read the public key for secrets of acme/web (301)",
                        hint: "it was renamed or moved; write its new name or address", field: "with.repository")))
    }

    struct Refused: CustomTestStringConvertible {
        let testDescription: String
        let fault: GitHubFixture.Fault
        let error: PublisherError
    }

    static let refused: [Refused] = [
        Refused(
            testDescription: "single sign-on",
            fault: .answer(
                403, #"{"message": "Resource protected by organization SAML enforcement."}"#,
                headers: ["x-github-sso": "required; url=https://github.com/orgs/acme/sso?x=1"]),
            error: PublisherError(
                .denied,
                "GitHub wants single sign-on for the token in GITHUB_TOKEN to read the public key for secrets of acme/web",
                hint: "authorize it for the organization (Configure SSO, beside the token), or take a GitHub App's",
                field: "with.repository")),
        Refused(
            testDescription: "a version that is gone", fault: .answer(410, #"{"message": "gone"}"#),
            error: PublisherError(
                .configuration, "this GitHub does not speak version 2022-11-28 of its API (410)",
                hint: "look for a newer ork", field: "with.url")),
        Refused(
            testDescription: "a version that is not known",
            fault: .answer(400, #"{"message": "the API version you specified is not supported"}"#),
            error: PublisherError(
                .configuration, "this GitHub does not speak version 2022-11-28 of its API (400)",
                hint: "look for a newer ork", field: "with.url")),
        Refused(
            testDescription: "a classic token that may read only",
            fault: .changedAnswer { response in
                response.headers.removeAll { $0.name == "x-oauth-scopes" }
                response.headers.append(("x-oauth-scopes", "gist, read:org"))
            },
            error: PublisherError(
                .denied, "the classic token in GITHUB_TOKEN may not write secrets of acme/web",
                hint: "give it the repository permission \"Secrets\" (write) for acme/web; a classic token needs the"
                    + " scope repo", field: "with.repository")),
        Refused(
            testDescription: "secrets that are not shown",
            fault: .answer(404, #"{"message": "Not Found"}"#),
            error: PublisherError(
                .denied, "the token in GITHUB_TOKEN sees acme/web, but not its secrets",
                hint: "give it the repository permission \"Secrets\" (write) for acme/web; a classic token needs the"
                    + " scope repo", field: "with.repository")),
    ]

    @Test("other refusals say what to do", arguments: refused)
    func explains(_ test: Refused) {
        let fixture = GitHubFixture()
        for verb in [Verb.check, .publish] {
            fixture.fail(.get, at: "public-key", test.fault)
            let answer = fixture.publisher().answer(verb, fixture.request(["name": "A", "repository": "acme/web"]))
            #expect(answer == PublisherAnswer(.rejected(test.error)))
        }
    }
}
