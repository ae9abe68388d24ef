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
        var world = World()
        let fields = [(name: "private-token", value: world.gitlab.token.revealed() ?? "")]
        let answer = try world.ask(
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
        var world = World()
        let fields = [(name: "private-token", value: world.gitlab.token.revealed() ?? ""), ("content-type", type)]
        let answer = try world.ask(.post, Place.project.list, body: Array(body.utf8), headers: fields)
        #expect(answer.status == status)
        #expect(answer.json?["error"]?.string != nil)
    }

    @Test func truthIsWrittenInManyWays() throws {
        var world = World()
        for (index, text) in ["true", "1", "yes", "on", "T"].enumerated() {
            let wish: JSONValue = ["key": .string("K\(index)"), "value": "v", "protected": .string(text), "raw": "no"]
            let made = try world.ask(.post, Place.project.list, wish)
            #expect(made.json?["protected"] == true)
            #expect(made.json?["raw"] == false)
        }
    }

    @Test func aValueInTheAddressWorksAndIsNoted() throws {
        var world = World()
        let made = try world.ask(.post, Place.project.list + "?key=KEY&value=v")
        #expect(made.json?["value"] == "v")
        #expect(world.gitlab.leaks.values == 1)
        try world.ask(.put, Place.project.list + "/KEY", ["value": "w"])
        try world.ask(.get, Place.project.list + "/KEY?filter%5Benvironment_scope%5D=value")
        #expect(world.gitlab.leaks == (values: 1, tokens: 0))
        #expect(try world.control(.get, "leaks").json == ["values": 1, "tokens": 0])
        // The body wins.
        #expect(try world.ask(.put, Place.project.list + "/KEY?value=a", ["value": "b"]).json?["value"] == "b")
    }

    @Test(arguments: ["/projects/2", "/projects/acme%2Fweb", "/projects/ACME%2fWeb"]) func aProjectHasTwoNames(
        path: String
    ) throws {
        var world = World()
        try #require(world.web == 2 || path != "/projects/2", "the number is \(world.web)")
        #expect(try world.ask(.get, path).json?["id"] == .number(JSONNumber(world.web)))
        #expect(try world.ask(.get, path + "/variables").status == 200)
    }

    @Test(
        arguments: [
            ("", 1...20, "2", "1", "3"), ("?page=3", 41...45, "", "3", "3"),
            ("?per_page=30&page=2", 31...45, "", "2", "2"),
            ("?per_page=100", 1...45, "", "1", "1"), ("?per_page=1000", 1...45, "", "1", "1"),
        ])
    func aListComesInPages(query: String, numbers: ClosedRange<Int>, next: String, page: String, pages: String) throws {
        var world = World()
        for number in 1...45 { world.gitlab.setVariable("K\(number)", "v", of: .project("acme/web")) }
        let answer = try world.ask(.get, Place.project.list + query)
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
        var world = World()
        for number in 1...120 { world.gitlab.setVariable("K\(number)", "v", of: .project("acme/web")) }
        let answer = try world.ask(.get, Place.project.list + "?per_page=" + size)
        #expect(answer.response[header: "x-per-page"] == given)
        #expect(String(answer.keys.count) == given)
    }

    @Test func anEmptyListHasOnePage() throws {
        var world = World()
        let answer = try world.ask(.get, Place.instance.list)
        #expect(answer.json == [])
        #expect(answer.response[header: "x-total"] == "0")
        #expect(answer.response[header: "x-total-pages"] == "1")
        #expect(answer.response[header: "x-next-page"] == "")
        #expect(try world.ask(.get, Place.instance.list + "?page=x").json == ["error": "page is invalid"])
    }

    @Test func everyAnswerCarriesWhatGitLabSends() throws {
        var world = World()
        let answer = try world.ask(.get, Place.project.list + "/NONE")
        #expect(answer.response[header: "content-type"] == "application/json")
        #expect(answer.response[header: "date"] == "Mon, 21 Sep 2026 14:13:20 GMT")
        #expect(answer.response[header: "x-request-id"]?.count == 26)
        #expect(answer.response[header: "ratelimit-limit"] == "2000")
        #expect(answer.response[header: "ratelimit-observed"] == "1")
        #expect(answer.response[header: "ratelimit-remaining"] == "1999")
        #expect(answer.response[header: "retry-after"] == nil)
    }

    @Test func aLimitHoldsForAMinuteAndForOneToken() throws {
        var world = World()
        world.gitlab.requestLimit = 2
        let other = world.gitlab.addToken(isAdministrator: true)
        for _ in 0..<2 { #expect(try world.ask(.get, "/user").status == 200) }
        let refused = try world.ask(.post, Place.project.list, ["key": "KEY", "value": "v"])
        #expect(refused.status == 429)
        #expect(refused.text == "Retry later\n")
        #expect(refused.response[header: "content-type"] == "text/plain")
        #expect(refused.response[header: "ratelimit-remaining"] == "0")
        #expect(world.gitlab.variables(of: .project("acme/web")).isEmpty)
        #expect(try world.ask(.get, "/user", as: other).status == 200)
        let wait = try #require(refused.response[header: "retry-after"].flatMap(Int.init))
        #expect((1...60).contains(wait))
        let reset = try #require(refused.response[header: "ratelimit-reset"].flatMap(Int.init))
        #expect(reset == 1_790_000_000 + wait)
        world.now.addTimeInterval(Double(wait) - 1)
        #expect(try world.ask(.get, "/user").status == 429)
        world.now.addTimeInterval(1)
        #expect(try world.ask(.get, "/user").status == 200)
    }

    @Test func aMovedProjectIsFoundButNotWritten() throws {
        var world = World()
        world.gitlab.setVariable("KEY", "v", of: .project("acme/web"))
        world.gitlab.moveProject("acme/web", to: "acme/shop/web")
        let moved = try world.ask(.get, Place.project.list + "/KEY")
        let location = "http://127.0.0.1:8899/gitlab/api/v4/projects/\(world.web)/variables/KEY"
        #expect(moved.status == 301)
        #expect(moved.response[header: "location"] == location)
        #expect(moved.text == "This resource has been moved permanently to " + location)
        for (method, path) in [(.put, "/KEY"), (.delete, "/KEY"), (.post, "")] as [(HTTPRequest.Method, String)] {
            let refused = try world.ask(method, Place.project.list + path, ["key": "K", "value": "v"])
            #expect(refused.status == 405)
            #expect(refused.message == "Non GET methods are not allowed for moved projects")
        }
        #expect(try world.ask(.get, "/projects/acme%2Fshop%2Fweb/variables/KEY").json?["value"] == "v")
        let stranger = world.gitlab.addToken()
        #expect(try world.ask(.get, Place.project.list, as: stranger).status == 404)
        // A new project at the old path takes the name.
        world.gitlab.addProject("acme/web")
        #expect(try world.ask(.get, Place.project.list).json == [])
    }
}
