import FoundationEssentials
import GitHubSandbox
import HTTP
import JSON
import Secrets
import TestSupport
import Testing

@Suite(.tags(.values)) struct AnswerTests {
    private var fixture = GitHubSandboxFixture()

    @Test mutating func whoDoesNotSayWhoHeIsIsRefused() throws {
        for agent in [[], [("user-agent", "")]] {
            let request = HTTPRequest(
                .get, try HTTPURL("http://127.0.0.1/github/user"), headers: agent, bearer: fixture.github.token)
            let response = fixture.github.answer(request, at: fixture.now)
            #expect(response.status == 403)
            #expect(String(decoding: response.body, as: UTF8.self).contains("administrative rules"))
            #expect(response[header: "content-type"] == "text/html")
        }
    }

    @Test("a version that is not served is refused", arguments: ["2022-11-28", "2026-03-10", "v3", "2022-11-29"])
    mutating func version(version: String) throws {
        let answer = try fixture.ask(.get, "/repos/acme/web", headers: [("X-GitHub-Api-Version", version)])
        if ["2022-11-28", "2026-03-10"].contains(version) {
            #expect(answer.status == 200)
            #expect(answer[header: "x-github-api-version-selected"] == version)
            fixture.github.retiredVersions = [version]
            let retired = try fixture.ask(.get, "/repos/acme/web", headers: [("X-GitHub-Api-Version", version)])
            #expect(retired.status == 410)
        } else {
            #expect(answer.status == 400)
            #expect(answer.message?.contains("\"\(version)\", is not a supported version.") == true)
        }
    }

    @Test mutating func theAllowanceOfAnHourIsCountedAndEnds() throws {
        fixture.github.primaryLimit = 2
        let reset = String(Int(fixture.now.timeIntervalSince1970) + 3600)
        for (status, used, remaining) in [(200, "1", "1"), (200, "2", "0"), (403, "2", "0")] {
            let answer = try fixture.ask(.get, "/user")
            #expect(answer.status == status)
            #expect(answer[header: "x-ratelimit-limit"] == "2")
            #expect(answer[header: "x-ratelimit-used"] == used)
            #expect(answer[header: "x-ratelimit-remaining"] == remaining)
            #expect(answer[header: "x-ratelimit-reset"] == reset)
            #expect(answer[header: "x-ratelimit-resource"] == "core")
            if status == 403 { #expect(answer.message == "API rate limit exceeded for user ID 1.") }
            fixture.wait(10)
        }
        #expect(try fixture.ask(.get, "/rate_limit")[member: "rate"]?["remaining"] == 0)
        let other = fixture.github.addToken(.classic(scopes: ["repo"]))
        #expect(try fixture.ask(.get, "/user", as: other).status == 200)
        fixture.wait(3600)
        #expect(try fixture.ask(.get, "/user")[header: "x-ratelimit-used"] == "1")
    }

    @Test mutating func anErrorTellsWhereToReadAndEveryAnswerItsNumber() throws {
        let answers = try [fixture.ask(.get, "/repos/acme/web"), fixture.ask(.get, "/repos/acme/none")]
        let numbers = answers.compactMap { $0[header: "x-github-request-id"] }
        #expect(Set(numbers).count == 2)
        #expect(answers[1].status == 404)
        #expect(
            answers[1].json == [
                "message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404",
            ])
        #expect(answers[1][header: "content-type"] == "application/json; charset=utf-8")
        #expect(answers[1][header: "date"] == "Mon, 21 Sep 2026 14:13:20 GMT")
    }

    @Test mutating func aRenamedRepositoryIsReachedByARedirect() throws {
        fixture.github.renameRepository("acme/web", to: "acme/site")
        let root = "http://127.0.0.1:8899/github/repositories/\(fixture.web)"
        let list = "/environments/eu%2Fwest/secrets"
        let seen = try fixture.ask(.get, "/repos/acme/web\(list)?per_page=3")
        #expect(seen.status == 301)
        #expect(seen.message == "Moved Permanently")
        #expect(seen[header: "location"] == "\(root)\(list)?per_page=3")
        #expect(seen[member: "url"]?.string == seen[header: "location"])
        let written = try fixture.ask(.put, "/repos/Acme/Web\(list)/KEY", [:])
        #expect(written.status == 307)
        #expect(written[header: "location"] == "\(root)\(list)/KEY")
        #expect(try fixture.ask(.get, "/repos/acme/site" + list).status == 200)
        #expect(try fixture.put("KEY", "x", to: "/repositories/\(fixture.web)\(list)").status == 201)
        #expect(try fixture.ask(.get, "/repositories/1\(list)").status == 404)
        let stranger = fixture.github.addToken(.fineGrained([:], repositories: []))
        #expect(try fixture.ask(.get, "/repos/acme/web", as: stranger).status == 404)
    }

    @Test("a list comes in pages", arguments: [("secrets", 30, 100), ("variables", 10, 30)])
    mutating func pages(family: String, size: Int, limit: Int) throws {
        let list = "/repos/acme/web/actions/" + family
        for number in 100..<211 {
            if family == "secrets" {
                #expect(try fixture.put("K\(number)", "x", to: list).status == 201)
            } else {
                #expect(try fixture.ask(.post, list, ["name": .string("K\(number)"), "value": "x"]).status == 201)
            }
        }
        #expect(try fixture.ask(.get, list)[member: family]?.array?.count == size)
        let first = try fixture.ask(.get, list + "?per_page=1000")
        #expect(first[member: "total_count"] == 111)
        #expect(first[member: family]?.array?.count == limit)
        let url = "http://127.0.0.1:8899/github\(list)?per_page=\(limit)&page="
        let last = (111 + limit - 1) / limit
        #expect(first[header: "link"] == "<\(url)2>; rel=\"next\", <\(url)\(last)>; rel=\"last\"")
        let end = try fixture.ask(.get, list + "?per_page=\(limit)&page=\(last)")
        #expect(end[member: family]?.array?.last?["name"] == "K210")
        #expect(end[header: "link"] == "<\(url)\(last - 1)>; rel=\"prev\", <\(url)1>; rel=\"first\"")
        #expect(try fixture.ask(.get, list + "?page=99")[member: family] == [])
    }

    @Test("a path or a method that is not served is not found")
    mutating func unknown() throws {
        let cases: [(HTTPRequest.Method, String)] = [
            (.get, "/nothing"), (.get, "/repos/acme"), (.post, "/repos/acme/web"), (.get, "/graphql"),
            (.get, "/repos/acme/web/actions"), (.get, "/repos/acme/web/agents/secrets"),
            (.patch, "/repos/acme/web/actions/secrets/KEY"), (.put, "/repos/acme/web/actions/variables/KEY"),
            (.get, "/repos/acme/web/dependabot/variables"), (.post, "/repos/acme/web/actions/secrets"),
            (.get, "/repos/acme/web/actions/secrets/KEY/repositories"),
            (.put, "/orgs/acme/actions/secrets/KEY/repositories/web"),
        ]
        for (method, path) in cases { #expect(try fixture.ask(method, path).status == 404, "\(method) \(path)") }
    }

    @Test mutating func aProxysHostStandsInTheAddresses() throws {
        let headers = [(name: "Host", value: "127.0.0.1:1234")]
        let url = try fixture.ask(.get, "/repos/acme/web", headers: headers)[member: "url"]
        #expect(url == "http://127.0.0.1:1234/github/repos/acme/web")
        let root = try fixture.ask(.get, "/repos/acme/web", headers: [("Host", GitHubSandbox.host)])[member: "url"]
        #expect(root == "http://api.github.localhost/repos/acme/web")
    }
}
