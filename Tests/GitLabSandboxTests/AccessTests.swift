import FoundationEssentials
import GitLabSandbox
import HTTP
import JSON
import Secrets
import TestSupport
import Testing

/// Who may ask for what.
@Suite(.tags(.values)) struct AccessTests {
    private static let unauthorized: JSONValue = ["message": "401 Unauthorized"]

    @Test(
        arguments: [
            [], [("private-token", "")], [("private-token", "glpat-none")], [("authorization", "Bearer glpat-none")],
            [("authorization", "Basic Zm9v")], [("job-token", "glcbt-64_none")],
        ] as [[(String, String)]])
    func withoutAKnownToken(fields: [(String, String)]) throws {
        var fixture = GitLabSandboxFixture()
        for path in Place.allCases.map(\.list) + ["/user", "/version", "/personal_access_tokens/self", "/projects/2"] {
            let answer = try fixture.ask(.get, path, body: nil, headers: fields.map { (name: $0.0, value: $0.1) })
            #expect(answer.status == 401)
            #expect(answer.json == Self.unauthorized)
        }
    }

    @Test(arguments: ["private-token", "authorization", "query"]) func tokensTravelInSeveralWays(way: String) throws {
        var fixture = GitLabSandboxFixture()
        let token = fixture.gitlab.token.revealed() ?? ""
        let fields = way == "query" ? [] : [(name: way, value: (way == "authorization" ? "Bearer " : "") + token)]
        let path = Place.project.list + (way == "query" ? "?private_token=" + token : "")
        #expect(try fixture.ask(.get, path, body: nil, headers: fields).status == 200)
        #expect(fixture.gitlab.leaks.tokens == (way == "query" ? 1 : 0))
    }

    @Test(arguments: ["private-token", "authorization", "job-token"]) func aJobsTokenNeverReaches(way: String) throws {
        var fixture = GitLabSandboxFixture()
        let token = fixture.gitlab.addToken(.job, roles: ["acme": .owner], isAdministrator: true).revealed() ?? ""
        #expect(token.hasPrefix("glcbt-"))
        for (method, path) in [(.get, ""), (.post, ""), (.put, "/KEY"), (.delete, "/KEY")]
            as [(HTTPRequest.Method, String)]
        {
            let answer = try fixture.ask(
                method, Place.project.list + path, body: nil,
                headers: [(way, (way == "authorization" ? "Bearer " : "") + token)])
            #expect(answer.status == 401)
            #expect(answer.json == Self.unauthorized)
        }
    }

    @Test(arguments: Place.allCases) func aTokenThatOnlyReadsWritesNothing(place: Place) throws {
        var fixture = GitLabSandboxFixture()
        let reader = fixture.gitlab.addToken(scopes: ["read_api"], isAdministrator: true)
        fixture.gitlab.setVariable("KEY", "v", of: place.owner)
        #expect(try fixture.ask(.get, place.list, as: reader).status == 200)
        #expect(try fixture.ask(.get, place.list + "/KEY", as: reader).json?["value"] == "v")
        for (method, path) in [(.post, ""), (.put, "/KEY"), (.delete, "/KEY")] as [(HTTPRequest.Method, String)] {
            let answer = try fixture.ask(method, place.list + path, ["key": "K", "value": "v"], as: reader)
            #expect(answer.status == 403)
            #expect(answer.json?["error"] == "insufficient_scope")
            #expect(answer.json?["scope"] == "api read_api")
            #expect(answer.response[header: "www-authenticate"] == nil)
        }
        let other = fixture.gitlab.addToken(scopes: ["read_repository"], isAdministrator: true)
        #expect(try fixture.ask(.get, place.list, as: other).status == 403)
        #expect(fixture.gitlab.variables(of: place.owner).count == 1)
    }

    @Test func aTokenEnds() throws {
        var fixture = GitLabSandboxFixture()
        let short = fixture.gitlab.addToken(isAdministrator: true, expiresAt: fixture.now)
        let answer = try fixture.ask(.get, Place.project.list, as: short)
        #expect(answer.status == 401)
        #expect(answer.json?["error"] == "invalid_token")
        let expired: JSONValue = "Token is expired. You can either do re-authorization or token refresh."
        #expect(answer.json?["error_description"] == expired)
        #expect(answer.response[header: "www-authenticate"]?.hasPrefix("Bearer realm=\"Protected by ") == true)
        let revoked = fixture.gitlab.addToken(isAdministrator: true)
        fixture.gitlab.revoke(revoked)
        let text: JSONValue = "Token was revoked. You have to re-authorize from the user."
        #expect(try fixture.ask(.get, Place.project.list, as: revoked).json?["error_description"] == text)
    }

    /// Roles, a place, and the status of reading its variables.
    @Test(
        arguments: [
            ([:], .project, 404), (["acme/other": .owner], .project, 404), (["acme/we": .owner], .project, 404),
            (["acme/web": .guest], .project, 403), (["acme/web": .developer], .project, 403),
            (["acme/web": .maintainer], .project, 200), (["acme/web": .owner], .project, 200),
            (["acme": .maintainer], .project, 200), (["ACME": .maintainer], .project, 200),
            ([:], .group, 404), (["acme/platform": .maintainer], .group, 403), (["acme/platform": .owner], .group, 200),
            (["acme": .owner], .group, 200), (["acme/platform/api": .owner], .group, 403),
            (["acme/web": .owner], .group, 404), (["acme": .owner], .instance, 403), ([:], .instance, 403),
        ] as [([String: Token.Role], Place, Int)])
    func roles(roles: [String: Token.Role], place: Place, status: Int) throws {
        var fixture = GitLabSandboxFixture()
        let token = fixture.gitlab.addToken(.project, roles: roles)
        for (method, path) in [(.get, ""), (.get, "/KEY"), (.put, "/KEY"), (.delete, "/KEY"), (.post, "")]
            as [(HTTPRequest.Method, String)]
        {
            fixture.gitlab.setVariable("KEY", "v", of: place.owner)
            let answer = try fixture.ask(method, place.list + path, ["key": "NEW", "value": "v"], as: token)
            switch status {
            case 403: #expect(answer.json == ["message": "403 Forbidden"])
            case 404: #expect(answer.message?.string?.hasSuffix(" Not Found") == true)
            default: #expect((200..<300).contains(answer.status))
            }
            if status >= 400 { #expect(answer.status == status) }
        }
    }

    @Test func aTokenDescribesItself() throws {
        var fixture = GitLabSandboxFixture()
        let bot = fixture.gitlab.addToken(
            .project, scopes: ["api"], roles: ["acme/web": .maintainer],
            expiresAt: fixture.now.addingTimeInterval(86400))
        let card = try fixture.ask(.get, "/personal_access_tokens/self", as: bot)
        #expect(card.json?["scopes"] == ["api"])
        #expect(card.json?["active"] == true)
        #expect(card.json?["expires_at"]?.string?.count == 10)
        #expect(try fixture.ask(.get, "/user", as: bot).json?["bot"] == true)
        #expect(try fixture.ask(.get, "/user").json?["is_admin"] == true)
        let project = try fixture.ask(.get, "/projects/acme%2Fweb", as: bot)
        #expect(project.json?["permissions"]?["project_access"]?["access_level"] == 40)
        #expect(project.json?["path_with_namespace"] == "acme/web")
        #expect(try fixture.ask(.get, "/groups/acme%2Fplatform").json?["full_path"] == "acme/platform")
        fixture.gitlab.version = "17.1.0"
        #expect(try fixture.ask(.get, "/version", as: bot).json?["version"] == "17.1.0")
        #expect(try fixture.ask(.get, "/metadata", as: bot).json?["enterprise"] == true)
        let reader = fixture.gitlab.addToken(scopes: ["read_repository"])
        #expect(try fixture.ask(.get, "/version", as: reader).status == 403)
        #expect(try fixture.ask(.get, "/personal_access_tokens/self", as: reader).status == 200)
    }
}
