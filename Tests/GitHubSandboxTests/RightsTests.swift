import FoundationEssentials
import GitHubSandbox
import HTTP
import JSON
import Secrets
import TestSupport
import Testing

@Suite(.tags(.values)) struct RightsTests {
    private var fixture = GitHubSandboxFixture()

    private static let personal = "Resource not accessible by personal access token"
    private static let integration = "Resource not accessible by integration"

    /// A list, and the permission that lets at it.
    static let permissions: [(list: String, permission: Permission)] = [
        ("/repos/acme/web/actions/secrets", .secrets),
        ("/repos/acme/web/actions/variables", .variables),
        ("/repos/acme/web/environments/production/secrets", .environments),
        ("/repos/acme/web/environments/production/variables", .environments),
        ("/repos/acme/web/dependabot/secrets", .dependabotSecrets),
        ("/repos/acme/web/codespaces/secrets", .codespacesSecrets),
        ("/orgs/acme/actions/secrets", .organisationSecrets),
        ("/orgs/acme/actions/variables", .organisationVariables),
        ("/orgs/acme/dependabot/secrets", .organisationDependabotSecrets),
        ("/orgs/acme/codespaces/secrets", .organisationCodespacesSecrets),
    ]

    @Test("one permission lets at a list, and none of the others", arguments: permissions)
    mutating func permission(list: String, permission: Permission) throws {
        let others = Permission.allCases.filter { $0 != permission }
        let without = Dictionary(uniqueKeysWithValues: others.map { ($0, Access.write) })
        for (kind, message) in [
            (Token.Kind.fineGrained(without), Self.personal), (.installation(without), Self.integration),
        ] {
            let token = fixture.github.addToken(kind)
            for (method, path) in [(HTTPRequest.Method.get, list), (.get, list + "/KEY"), (.delete, list + "/KEY")] {
                let answer = try fixture.ask(method, path, as: token)
                #expect(answer.status == 403)
                #expect(answer.message == message)
                let access = method == .get ? "read" : "write"
                #expect(answer[header: "x-accepted-github-permissions"] == "\(permission.rawValue)=\(access)")
            }
        }
        let reader = fixture.github.addToken(.fineGrained([permission: .read]))
        #expect(try fixture.ask(.get, list, as: reader).status == 200)
        #expect(try fixture.ask(.delete, list + "/KEY", as: reader).status == 403)
        let writer = fixture.github.addToken(.installation([permission: .write]))
        #expect(try fixture.ask(.get, list, as: writer).status == 200)
        #expect(try fixture.ask(.delete, list + "/KEY", as: writer).status == 404)
    }

    @Test mutating func theTokenOfAWorkflowCannotReachSecrets() throws {
        let token = fixture.github.addToken(.actions(repository: "acme/web"))
        #expect(try fixture.ask(.get, "/repos/acme/web", as: token).status == 200)
        for (list, _) in Self.permissions {
            let answer = try fixture.ask(.get, list, as: token)
            #expect(answer.status == 403)
            #expect(answer.message == Self.integration)
        }
        let answer = try fixture.put("KEY", "x", to: "/repos/acme/web/actions/secrets", as: token)
        #expect(answer.status == 403)
        #expect(answer[header: "x-accepted-github-permissions"] == "secrets=write")
        #expect(
            answer[member: "documentation_url"]
                == "https://docs.github.com/rest/actions/secrets#create-or-update-a-repository-secret")
    }

    @Test mutating func aRepositoryOutsideATokensReachIsNotFoundIfItIsPrivate() throws {
        fixture.github.addRepository("acme/api", at: fixture.now)
        let secrets = "/actions/secrets"
        for token in [
            fixture.github.addToken(.fineGrained([.secrets: .write], repositories: ["acme/api"])),
            fixture.github.addToken(.installation([.secrets: .write], repositories: ["acme/api"])),
        ] {
            #expect(try fixture.ask(.get, "/repos/acme/api" + secrets, as: token).status == 200)
            #expect(try fixture.ask(.get, "/repos/acme/web" + secrets, as: token).status == 404)
            #expect(try fixture.ask(.get, "/repos/acme/web", as: token).message == "Not Found")
            #expect(try fixture.ask(.get, "/repos/acme/open", as: token).status == 200)
            #expect(try fixture.ask(.get, "/repos/acme/open" + secrets, as: token).status == 403)
        }
    }

    @Test mutating func aClassicTokenGoesByScopes() throws {
        let secrets = "/actions/secrets"
        let bare = fixture.github.addToken(.classic(scopes: ["gist"]))
        #expect(try fixture.ask(.get, "/repos/acme/web" + secrets, as: bare).status == 404)
        let open = try fixture.ask(.get, "/repos/acme/open" + secrets, as: bare)
        #expect(open.status == 403)
        #expect(open.message == "Must have admin rights to Repository.")
        #expect(open[header: "x-accepted-oauth-scopes"] == "repo")
        #expect(open[header: "x-oauth-scopes"] == "gist")
        let repository = fixture.github.addToken(.classic(scopes: ["repo"]))
        #expect(try fixture.ask(.get, "/repos/acme/web" + secrets, as: repository).status == 200)
        for (family, noun) in [
            ("actions/secrets", "actions secrets"), ("dependabot/secrets", "dependabot secrets"),
            ("actions/variables", "actions variables"),
        ] {
            let answer = try fixture.ask(.get, "/orgs/acme/" + family, as: repository)
            #expect(answer.status == 403)
            #expect(answer.message == "You must be an org admin or have the \(noun) fine-grained permission.")
            #expect(answer[header: "x-accepted-oauth-scopes"] == "admin:org")
        }
        let administrator = fixture.github.addToken(.classic(scopes: ["admin:org"]))
        #expect(try fixture.ask(.get, "/orgs/acme" + secrets, as: administrator).status == 200)
    }

    @Test(
        "a token is sent in one of two ways",
        arguments: [
            ("Bearer ", 200, nil), ("token ", 200, nil), ("bearer ", 200, nil), ("", 401, "Requires authentication"),
            ("Basic ", 401, "Requires authentication"), ("token x", 401, "Bad credentials"),
        ] as [(String, Int, String?)])
    mutating func authorization(prefix: String, status: Int, message: String?) throws {
        let request = HTTPRequest(
            .get, try HTTPURL("http://127.0.0.1/github/user"),
            headers: [("user-agent", "ork"), ("authorization", prefix + (fixture.github.token.revealed() ?? ""))])
        let answer = Answer(response: fixture.github.answer(request, at: fixture.now))
        #expect(answer.status == status)
        #expect(answer.message == message)
        if message != nil { #expect(answer[member: "documentation_url"] == "https://docs.github.com/rest") }
    }
}
