import FoundationEssentials
import GitLabSandbox
import HTTP
import JSON
import Secrets
import TestSupport
import Testing

/// How requests and answers are written.
@Suite(.tags(.values)) struct WireTests {
    private static let part =
        "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nKEY\r\n"
        + "--b\r\nContent-Disposition: form-data; name=\"value\"\r\n\r\na b\r\nc\r\n--b--\r\n"

    @Test(
        arguments: [
            ("application/json", #"{"key":"KEY","value":"a b\r\nc"}"#),
            ("application/json; charset=utf-8", #"{"key":"KEY","value":"a b\r\nc","more":[{}]}"#),
            ("application/x-www-form-urlencoded", "key=KEY&value=a+b%0D%0Ac"),
            (nil, "value=a%20b%0d%0ac&key=KEY"), ("multipart/form-data; boundary=b", part),
            ("multipart/form-data; boundary=\"b\"", part),
        ] as [(String?, String)])
    func bodies(type: String?, body: String) throws {
        var fixture = GitLabSandboxFixture()
        let fields = [(name: "private-token", value: fixture.gitlab.token.revealed() ?? "")]
        let answer = try fixture.ask(
            .post, Place.project.list, body: Array(body.utf8),
            headers: fields + (type.map { [(name: "Content-Type", value: $0)] } ?? []))
        #expect(answer.status == 201)
        #expect(answer.json?["value"] == "a b\r\nc")
    }

    @Test(arguments: [
        ("application/json", "{", 400), ("application/json", "[]", 400), ("text/plain", "key=KEY", 415),
        ("multipart/form-data", "x", 400), ("multipart/form-data; boundary=b", "--b\r\nkey=KEY", 400),
    ])
    func bodiesThatCannotBeRead(type: String, body: String, status: Int) throws {
        var fixture = GitLabSandboxFixture()
        let fields = [(name: "private-token", value: fixture.gitlab.token.revealed() ?? ""), ("content-type", type)]
        let answer = try fixture.ask(.post, Place.project.list, body: Array(body.utf8), headers: fields)
        #expect(answer.status == status)
        #expect(answer.json?["error"]?.string != nil)
    }

    @Test func truthIsWrittenInManyWays() throws {
        var fixture = GitLabSandboxFixture()
        for (index, text) in ["true", "1", "yes", "on", "T"].enumerated() {
            let wish: JSONValue = ["key": .string("K\(index)"), "value": "v", "protected": .string(text), "raw": "no"]
            let made = try fixture.ask(.post, Place.project.list, wish)
            #expect(made.json?["protected"] == true)
            #expect(made.json?["raw"] == false)
        }
    }

    @Test func aValueInTheAddressWorksAndIsNoted() throws {
        var fixture = GitLabSandboxFixture()
        let made = try fixture.ask(.post, Place.project.list + "?key=KEY&value=v")
        #expect(made.json?["value"] == "v")
        #expect(fixture.gitlab.leaks.values == 1)
        try fixture.ask(.put, Place.project.list + "/KEY", ["value": "w"])
        try fixture.ask(.get, Place.project.list + "/KEY?filter%5Benvironment_scope%5D=value")
        #expect(fixture.gitlab.leaks == (values: 1, tokens: 0))
        #expect(try fixture.control(.get, "leaks").json == ["values": 1, "tokens": 0])
        // The body wins.
        #expect(try fixture.ask(.put, Place.project.list + "/KEY?value=a", ["value": "b"]).json?["value"] == "b")
    }

    @Test(arguments: ["/projects/2", "/projects/acme%2Fweb", "/projects/ACME%2fWeb"]) func aProjectHasTwoNames(
        path: String
    ) throws {
        var fixture = GitLabSandboxFixture()
        try #require(fixture.web == 2 || path != "/projects/2", "the number is \(fixture.web)")
        #expect(try fixture.ask(.get, path).json?["id"] == .number(JSONNumber(fixture.web)))
        #expect(try fixture.ask(.get, path + "/variables").status == 200)
    }

    @Test(
        arguments: [
            ("", 1...20, "2", "1", "3"), ("?page=3", 41...45, "", "3", "3"),
            ("?per_page=30&page=2", 31...45, "", "2", "2"),
            ("?per_page=100", 1...45, "", "1", "1"), ("?per_page=1000", 1...45, "", "1", "1"),
        ])
    func aListComesInPages(query: String, numbers: ClosedRange<Int>, next: String, page: String, pages: String) throws {
        var fixture = GitLabSandboxFixture()
        for number in 1...45 { fixture.gitlab.setVariable("K\(number)", "v", of: .project("acme/web")) }
        let answer = try fixture.ask(.get, Place.project.list + query)
        #expect(answer.keys == numbers.map { "K\($0)" })
        #expect(answer.response[header: "x-next-page"] == next)
        #expect(answer.response[header: "x-page"] == page)
        #expect(answer.response[header: "x-total"] == "45")
        #expect(answer.response[header: "x-total-pages"] == pages)
        let link = answer.response[header: "link"] ?? ""
        #expect(link.contains("rel=\"next\"") == !next.isEmpty)
        #expect(link.contains("<http://127.0.0.1:8899/gitlab/api/v4/projects/acme%2Fweb/variables?"))
    }

    @Test(arguments: [("0", "20"), ("7", "7"), ("100", "100"), ("101", "100")])
    func aPageHoldsAHundredAtMost(size: String, given: String) throws {
        var fixture = GitLabSandboxFixture()
        for number in 1...120 { fixture.gitlab.setVariable("K\(number)", "v", of: .project("acme/web")) }
        let answer = try fixture.ask(.get, Place.project.list + "?per_page=" + size)
        #expect(answer.response[header: "x-per-page"] == given)
        #expect(String(answer.keys.count) == given)
    }

    @Test func anEmptyListHasOnePage() throws {
        var fixture = GitLabSandboxFixture()
        let answer = try fixture.ask(.get, Place.instance.list)
        #expect(answer.json == [])
        #expect(answer.response[header: "x-total"] == "0")
        #expect(answer.response[header: "x-total-pages"] == "1")
        #expect(answer.response[header: "x-next-page"] == "")
        #expect(try fixture.ask(.get, Place.instance.list + "?page=x").json == ["error": "page is invalid"])
    }

    @Test func everyAnswerCarriesWhatGitLabSends() throws {
        var fixture = GitLabSandboxFixture()
        let answer = try fixture.ask(.get, Place.project.list + "/NONE")
        #expect(answer.response[header: "content-type"] == "application/json")
        #expect(answer.response[header: "date"] == "Mon, 21 Sep 2026 14:13:20 GMT")
        #expect(answer.response[header: "x-request-id"]?.count == 26)
        #expect(answer.response[header: "ratelimit-limit"] == "2000")
        #expect(answer.response[header: "ratelimit-observed"] == "1")
        #expect(answer.response[header: "ratelimit-remaining"] == "1999")
        #expect(answer.response[header: "retry-after"] == nil)
    }

    @Test func aLimitHoldsForAMinuteAndForOneToken() throws {
        var fixture = GitLabSandboxFixture()
        fixture.gitlab.requestLimit = 2
        let other = fixture.gitlab.addToken(isAdministrator: true)
        for _ in 0..<2 { #expect(try fixture.ask(.get, "/user").status == 200) }
        let refused = try fixture.ask(.post, Place.project.list, ["key": "KEY", "value": "v"])
        #expect(refused.status == 429)
        #expect(refused.text == "Retry later\n")
        #expect(refused.response[header: "content-type"] == "text/plain")
        #expect(refused.response[header: "ratelimit-remaining"] == "0")
        #expect(fixture.gitlab.variables(of: .project("acme/web")).isEmpty)
        #expect(try fixture.ask(.get, "/user", as: other).status == 200)
        let wait = try #require(refused.response[header: "retry-after"].flatMap(Int.init))
        #expect((1...60).contains(wait))
        let reset = try #require(refused.response[header: "ratelimit-reset"].flatMap(Int.init))
        #expect(reset == 1_790_000_000 + wait)
        fixture.now.addTimeInterval(Double(wait) - 1)
        #expect(try fixture.ask(.get, "/user").status == 429)
        fixture.now.addTimeInterval(1)
        #expect(try fixture.ask(.get, "/user").status == 200)
    }

    @Test func aMovedProjectIsFoundButNotWritten() throws {
        var fixture = GitLabSandboxFixture()
        fixture.gitlab.setVariable("KEY", "v", of: .project("acme/web"))
        fixture.gitlab.moveProject("acme/web", to: "acme/shop/web")
        let moved = try fixture.ask(.get, Place.project.list + "/KEY")
        let location = "http://127.0.0.1:8899/gitlab/api/v4/projects/\(fixture.web)/variables/KEY"
        #expect(moved.status == 301)
        #expect(moved.response[header: "location"] == location)
        #expect(moved.text == "This resource has been moved permanently to " + location)
        for (method, path) in [(.put, "/KEY"), (.delete, "/KEY"), (.post, "")] as [(HTTPRequest.Method, String)] {
            let refused = try fixture.ask(method, Place.project.list + path, ["key": "K", "value": "v"])
            #expect(refused.status == 405)
            #expect(refused.message == "Non GET methods are not allowed for moved projects")
        }
        #expect(try fixture.ask(.get, "/projects/acme%2Fshop%2Fweb/variables/KEY").json?["value"] == "v")
        let stranger = fixture.gitlab.addToken()
        #expect(try fixture.ask(.get, Place.project.list, as: stranger).status == 404)
        // A new project at the old path takes the name.
        fixture.gitlab.addProject("acme/web")
        #expect(try fixture.ask(.get, Place.project.list).json == [])
    }
}
