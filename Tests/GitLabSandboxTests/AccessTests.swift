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
        var world = World()
        for path in Place.allCases.map(\.list) + ["/user", "/version", "/personal_access_tokens/self", "/projects/2"] {
            let answer = try world.ask(.get, path, body: nil, headers: fields.map { (name: $0.0, value: $0.1) })
            #expect(answer.status == 401)
            #expect(answer.json == Self.unauthorized)
        }
    }

    @Test(arguments: ["private-token", "authorization", "query"]) func tokensTravelInSeveralWays(way: String) throws {
        var world = World()
        let token = world.gitlab.token.revealed() ?? ""
        let fields = way == "query" ? [] : [(name: way, value: (way == "authorization" ? "Bearer " : "") + token)]
        let path = Place.project.list + (way == "query" ? "?private_token=" + token : "")
        #expect(try world.ask(.get, path, body: nil, headers: fields).status == 200)
        #expect(world.gitlab.leaks.tokens == (way == "query" ? 1 : 0))
    }

    @Test(arguments: ["private-token", "authorization", "job-token"]) func aJobsTokenNeverReaches(way: String) throws {
        var world = World()
        let token = world.gitlab.addToken(.job, roles: ["acme": .owner], isAdministrator: true).revealed() ?? ""
        #expect(token.hasPrefix("glcbt-"))
        for (method, path) in [(.get, ""), (.post, ""), (.put, "/KEY"), (.delete, "/KEY")]
            as [(HTTPRequest.Method, String)]
        {
            let answer = try world.ask(
                method, Place.project.list + path, body: nil,
                headers: [(way, (way == "authorization" ? "Bearer " : "") + token)])
            #expect(answer.status == 401)
            #expect(answer.json == Self.unauthorized)
        }
    }

    @Test(arguments: Place.allCases) func aTokenThatOnlyReadsWritesNothing(place: Place) throws {
        var world = World()
        let reader = world.gitlab.addToken(scopes: ["read_api"], isAdministrator: true)
        world.gitlab.setVariable("KEY", "v", of: place.owner)
        #expect(try world.ask(.get, place.list, as: reader).status == 200)
        #expect(try world.ask(.get, place.list + "/KEY", as: reader).json?["value"] == "v")
        for (method, path) in [(.post, ""), (.put, "/KEY"), (.delete, "/KEY")] as [(HTTPRequest.Method, String)] {
            let answer = try world.ask(method, place.list + path, ["key": "K", "value": "v"], as: reader)
            #expect(answer.status == 403)
            #expect(answer.json?["error"] == "insufficient_scope")
            #expect(answer.json?["scope"] == "api read_api")
            #expect(answer.response[header: "www-authenticate"] == nil)
        }
        let other = world.gitlab.addToken(scopes: ["read_repository"], isAdministrator: true)
        #expect(try world.ask(.get, place.list, as: other).status == 403)
        #expect(world.gitlab.variables(of: place.owner).count == 1)
    }

    @Test func aTokenEnds() throws {
        var world = World()
        let short = world.gitlab.addToken(isAdministrator: true, expiresAt: world.now)
        let answer = try world.ask(.get, Place.project.list, as: short)
        #expect(answer.status == 401)
        #expect(answer.json?["error"] == "invalid_token")
        let expired: JSONValue = "Token is expired. You can either do re-authorization or token refresh."
        #expect(answer.json?["error_description"] == expired)
        #expect(answer.response[header: "www-authenticate"]?.hasPrefix("Bearer realm=\"Protected by ") == true)
        let revoked = world.gitlab.addToken(isAdministrator: true)
        world.gitlab.revoke(revoked)
        let text: JSONValue = "Token was revoked. You have to re-authorize from the user."
        #expect(try world.ask(.get, Place.project.list, as: revoked).json?["error_description"] == text)
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
        var world = World()
        let token = world.gitlab.addToken(.project, roles: roles)
        for (method, path) in [(.get, ""), (.get, "/KEY"), (.put, "/KEY"), (.delete, "/KEY"), (.post, "")]
            as [(HTTPRequest.Method, String)]
        {
            world.gitlab.setVariable("KEY", "v", of: place.owner)
            let answer = try world.ask(method, place.list + path, ["key": "NEW", "value": "v"], as: token)
            switch status {
            case 403: #expect(answer.json == ["message": "403 Forbidden"])
            case 404: #expect(answer.message?.string?.hasSuffix(" Not Found") == true)
            default: #expect((200..<300).contains(answer.status))
            }
            if status >= 400 { #expect(answer.status == status) }
        }
    }

    @Test func aTokenDescribesItself() throws {
        var world = World()
        let bot = world.gitlab.addToken(
            .project, scopes: ["api"], roles: ["acme/web": .maintainer], expiresAt: world.now.addingTimeInterval(86400))
        let card = try world.ask(.get, "/personal_access_tokens/self", as: bot)
        #expect(card.json?["scopes"] == ["api"])
        #expect(card.json?["active"] == true)
        #expect(card.json?["expires_at"]?.string?.count == 10)
        #expect(try world.ask(.get, "/user", as: bot).json?["bot"] == true)
        #expect(try world.ask(.get, "/user").json?["is_admin"] == true)
        let project = try world.ask(.get, "/projects/acme%2Fweb", as: bot)
        #expect(project.json?["permissions"]?["project_access"]?["access_level"] == 40)
        #expect(project.json?["path_with_namespace"] == "acme/web")
        #expect(try world.ask(.get, "/groups/acme%2Fplatform").json?["full_path"] == "acme/platform")
        world.gitlab.version = "17.1.0"
        #expect(try world.ask(.get, "/version", as: bot).json?["version"] == "17.1.0")
        #expect(try world.ask(.get, "/metadata", as: bot).json?["enterprise"] == true)
        let reader = world.gitlab.addToken(scopes: ["read_repository"])
        #expect(try world.ask(.get, "/version", as: reader).status == 403)
        #expect(try world.ask(.get, "/personal_access_tokens/self", as: reader).status == 200)
    }
}
