import FoundationEssentials
import GitLabSandbox
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

/// Something that is in the way, and the error that each verb answers with.
struct RefusalCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var with: JSONObject = ["project": "acme/web", "key": "TOKEN"]
    var verbs = Verb.basic
    /// Puts it in the way; the token of the result is the publisher's.
    let obstacle: @Sendable (GitLabFixture) -> Secret?
    /// What the messages say was to be done, for each verb that comes so far.
    var purposes: [Verb: String] = [.check: "read", .publish: "read", .verify: "read"]
    /// `PURPOSE` stands for it.
    let error: PublisherError
}

extension RefusalCase {
    private static let projectRights =
        "give the token in GITLAB_TOKEN the role Maintainer in the project and the scope api"
    private static let scopeHint = "make one with the scope api; read_api is not enough"
    private static let pathHint = "check whether the path is right; GitLab says the same of what the token may not see"
    private static let tokenHint =
        "check that it has not expired, and that it was issued by the GitLab that this target writes to"
    private static let addressHint = "the address of the API ends in /api/v4, as https://gitlab.example/api/v4"

    static let tokens = [
        RefusalCase(
            testDescription: "a token that GitLab does not know", obstacle: { _ in Secret("glpat-no") },
            error: PublisherError(
                .denied, "GitLab does not accept the token in GITLAB_TOKEN (401: 401 Unauthorized)", hint: tokenHint)),
        RefusalCase(
            testDescription: "a token that has expired",
            obstacle: { $0.gitlab { $0.addToken(expiresAt: GitLabFixture.beginning - 1) } },
            error: PublisherError(
                .denied,
                "GitLab does not accept the token in GITLAB_TOKEN"
                    + " (401: Token is expired. You can either do re-authorization or token refresh.)",
                hint: tokenHint)),
        RefusalCase(
            testDescription: "a stranger's token", obstacle: { $0.gitlab { $0.addToken() } },
            error: PublisherError(
                .notFound, "GitLab finds nothing to PURPOSE TOKEN of project acme/web (404 Project Not Found)",
                hint: pathHint, field: "with.project")),
        RefusalCase(
            testDescription: "a developer's token",
            obstacle: { $0.gitlab { $0.addToken(roles: ["acme/web": .developer]) } },
            error: PublisherError(
                .denied, "GitLab refuses to PURPOSE TOKEN of project acme/web (403: 403 Forbidden)",
                hint: projectRights, field: "with.project")),
        RefusalCase(
            testDescription: "a maintainer's token, for a group", with: ["group": "acme", "key": "TOKEN"],
            obstacle: { $0.gitlab { $0.addToken(.group, roles: ["acme": .maintainer]) } },
            error: PublisherError(
                .denied, "GitLab refuses to PURPOSE TOKEN of group acme (403: 403 Forbidden)",
                hint: "give the token in GITLAB_TOKEN the role Owner in the group and the scope api",
                field: "with.group")),
        RefusalCase(
            testDescription: "an owner's token, for the instance", with: ["instance": true, "key": "TOKEN"],
            obstacle: { $0.gitlab { $0.addToken(roles: ["acme": .owner]) } },
            error: PublisherError(
                .denied, "GitLab refuses to PURPOSE TOKEN of the instance (403: 403 Forbidden)",
                hint: "give the token in GITLAB_TOKEN the scope api; only a personal token of an administrator will do",
                field: "with.instance")),
        RefusalCase(
            testDescription: "a token for repositories only",
            obstacle: { $0.gitlab { $0.addToken(scopes: ["read_repository"], roles: ["acme/web": .maintainer]) } },
            error: PublisherError(
                .denied, "the token in GITLAB_TOKEN may not PURPOSE TOKEN of project acme/web: it lacks the scope api",
                hint: scopeHint, field: "with.project")),
        RefusalCase(
            testDescription: "a token that may only read, when it is to write", verbs: [.publish],
            obstacle: { $0.gitlab { $0.addToken(scopes: ["read_api"], roles: ["acme/web": .maintainer]) } },
            purposes: [.publish: "make"],
            error: PublisherError(
                .denied, "the token in GITLAB_TOKEN may not PURPOSE TOKEN of project acme/web: it lacks the scope api",
                hint: scopeHint, field: "with.project")),
        RefusalCase(
            testDescription: "a token that may only read, when it is checked", verbs: [.check],
            obstacle: { $0.gitlab { $0.addToken(.project, scopes: ["read_api"], roles: ["acme/web": .maintainer]) } },
            error: PublisherError(
                .denied, "the token in GITLAB_TOKEN can read TOKEN of project acme/web and not write it",
                hint: scopeHint, field: "with.project")),
        RefusalCase(
            testDescription: "a job's token", obstacle: { $0.gitlab { $0.addToken(.job, roles: ["acme": .owner]) } },
            error: PublisherError(
                .denied, "GITLAB_TOKEN: a job's own token (CI_JOB_TOKEN) can never read or write variables",
                hint: uselessHint, field: "env.GITLAB_TOKEN")),
        RefusalCase(
            testDescription: "a job's token of an instance with a prefix",
            obstacle: { _ in Secret("acme-glcbt-64_x") },
            error: PublisherError(
                .denied, "GITLAB_TOKEN: a job's own token (CI_JOB_TOKEN) can never read or write variables",
                hint: uselessHint, field: "env.GITLAB_TOKEN")),
        RefusalCase(
            testDescription: "a deploy token", obstacle: { _ in Secret("gldt-x") },
            error: PublisherError(
                .denied, "GITLAB_TOKEN: a deploy token cannot be used with GitLab's API", hint: uselessHint,
                field: "env.GITLAB_TOKEN")),
        RefusalCase(
            testDescription: "no token", obstacle: { _ in Secret("") },
            error: PublisherError(
                .configuration, "the environment variable GITLAB_TOKEN is empty",
                hint: "give this stage a token for GitLab, and name the variable in the target's env",
                field: "env.GITLAB_TOKEN")),
    ]

    private static let uselessHint =
        "make a project or group access token with the scope api: Maintainer for a project's variables, Owner for a"
        + " group's; an administrator's personal token for the instance's"

    static let places = [
        RefusalCase(
            testDescription: "no such project", with: ["project": "acme/wed", "key": "TOKEN"], obstacle: { _ in nil },
            error: PublisherError(
                .notFound, "GitLab finds nothing to PURPOSE TOKEN of project acme/wed (404 Project Not Found)",
                hint: pathHint, field: "with.project")),
        RefusalCase(
            testDescription: "no such group",
            with: ["group": 99, "key": "TOKEN", "environment_scope": "production"], obstacle: { _ in nil },
            error: PublisherError(
                .notFound,
                "GitLab finds nothing to PURPOSE TOKEN of group 99 (environment production) (404 Group Not Found)",
                hint: pathHint, field: "with.group")),
        RefusalCase(
            testDescription: "a project that moved",
            obstacle: { fixture in
                fixture.gitlab { $0.moveProject("acme/web", to: "acme/site") }
                return nil
            },
            error: PublisherError(
                .notFound,
                "the project got another path; GitLab does not PURPOSE TOKEN of project acme/web by the old one",
                hint: "write its new path, or its number, which stays: 5", field: "with.project")),
        RefusalCase(
            testDescription: "a project that moves between reading and writing", verbs: [.publish],
            obstacle: { fixture in
                fixture.fail(.get, .after { $0.moveProject("acme/web", to: "acme/site") })
                return nil
            },
            purposes: [.publish: "make"],
            error: PublisherError(
                .notFound,
                "the project got another path; GitLab does not PURPOSE TOKEN of project acme/web by the old one",
                hint: "write its new path, or its number, which stays", field: "with.project")),
        RefusalCase(
            testDescription: "an address that is not that of an API",
            with: ["project": "acme/web", "key": "TOKEN", "url": "https://gitlab.example/gitlab/api/v3"],
            obstacle: { fixture in
                fixture.fail(.get, .answer(404, "<!DOCTYPE html>", type: "text/html"))
                return nil
            },
            error: PublisherError(
                .configuration, "there is no GitLab API at this address (404)", hint: addressHint, field: "with.url")),
        RefusalCase(
            testDescription: "an address with the API's version cut off",
            obstacle: { fixture in
                fixture.fail(.get, .answer(404, #"{"error":"404 Not Found"}"#))
                return nil
            },
            error: PublisherError(
                .configuration, "there is no GitLab API at this address (404)", hint: addressHint, field: "with.url")),
        RefusalCase(
            testDescription: "an address at which people sign in",
            obstacle: { fixture in
                fixture.fail(
                    .get,
                    .answer(302, "", type: "text/html", headers: ["location": "https://gitlab.example/users/sign_in"]))
                return nil
            },
            error: PublisherError(
                .configuration, "GitLab answers with a redirect to PURPOSE TOKEN of project acme/web (302)",
                hint: addressHint, field: "with.url")),
        RefusalCase(
            testDescription: "a page in the place of an answer",
            obstacle: { fixture in
                fixture.fail(.get, .answer(200, "<!DOCTYPE html>", type: "text/html"))
                return nil
            },
            error: PublisherError(
                .unavailable, "the answer of GitLab is not an object of JSON",
                hint: "check whether its address is that of the API, and whether a proxy answers in its place")),
        RefusalCase(
            testDescription: "a GitLab that ignores the scope of a group's variables and shows another",
            with: ["group": "acme", "key": "TOKEN", "environment_scope": "production"],
            obstacle: { fixture in
                fixture.gitlab { $0.setVariable("TOKEN", SampleKeys.text(SampleKeys.predecessor), of: .group("acme")) }
                fixture.fail(.get, .changedRequest { $0 = $0.withoutQuery })
                return nil
            },
            error: PublisherError(
                .configuration,
                "this GitLab shows TOKEN of scope * when asked for TOKEN of group acme (environment production)",
                hint: "it cannot tell variables of one key apart; GitLab can since 13.4, for groups since 16.9",
                field: "with.environment_scope")),
        RefusalCase(
            testDescription: "a GitLab that ignores the scope and says that there are several",
            with: ["group": "acme", "key": "TOKEN", "environment_scope": "production"],
            obstacle: { fixture in
                fixture.gitlab {
                    $0.setVariable("TOKEN", "a", of: .group("acme"))
                    $0.setVariable("TOKEN", "a", of: .group("acme"), environmentScope: "production")
                }
                fixture.fail(.get, .changedRequest { $0 = $0.withoutQuery })
                return nil
            },
            error: PublisherError(
                .configuration, "this GitLab cannot tell variables of one key apart by their environment scope",
                hint: "it can since 13.4, for groups since 16.9; leave one variable of this key, or update GitLab",
                field: "with.environment_scope")),
    ]

    static let values = [
        RefusalCase(
            testDescription: "more variables than GitLab allows", verbs: [.publish],
            obstacle: { fixture in
                fixture.gitlab { $0.variableLimits.project = 0 }
                return nil
            },
            purposes: [.publish: "make"],
            error: PublisherError(
                .configuration,
                "GitLab refuses to PURPOSE TOKEN of project acme/web"
                    + " (400: base Maximum number of project ci variables (0) exceeded)",
                hint: "look at the target's settings", field: "with.project")),
        RefusalCase(
            testDescription: "an answer that repeats the key's digits", verbs: [.publish],
            obstacle: { fixture in
                fixture.fail(
                    .post,
                    .answer(400, #"{"message": "no \#(SampleKeys.text(SampleKeys.successor).dropFirst(9)) here"}"#))
                return nil
            },
            purposes: [.publish: "make"],
            error: PublisherError(
                .configuration, "GitLab refuses to PURPOSE TOKEN of project acme/web (400: no <redacted> here)",
                hint: "look at the target's settings", field: "with.project")),
    ]
}
