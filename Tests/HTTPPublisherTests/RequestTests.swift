import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import SandboxWire
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_http

/// A service that keeps one text and notes what it was sent.
struct Shelf: ServiceSandbox {
    var asked: [HTTPRequest] = []
    /// What it answers, the last one again and again.
    var answers: [(Int, JSONValue)]

    mutating func answer(_ request: HTTPRequest, at now: Date) -> HTTPResponse {
        asked.append(request)
        let (status, body) = answers.count > 1 ? answers.removeFirst() : answers[0]
        return HTTPResponse(status, body, at: now)
    }
}

/// How requests leave, and what answers mean, by the description alone.
@Suite(.tags(.values)) struct RequestTests {
    private static let key = SampleKeys.text(SampleKeys.successor)

    private static func publish(
        _ description: String, _ answers: [(Int, JSONValue)] = [(200, [:])]
    ) throws -> (answer: PublisherAnswer, asked: [HTTPRequest]) {
        try ask(.publish, description, answers)
    }

    private static func ask(
        _ verb: Verb, _ description: String, _ answers: [(Int, JSONValue)] = [(200, [:])],
        receipt: JSONObject? = nil
    ) throws -> (answer: PublisherAnswer, asked: [HTTPRequest]) {
        let fixture = ServiceFixture(Shelf(answers: answers))
        let text = #"{"url": "https://api.example.com/v1", \#(description)}"#
        let with = try #require(try JSONValue(parsing: text.utf8).object)
        let publisher = HTTPPublisher(
            ServiceClients(
                DescribedService(), environment: ["TOKEN": "token-0123456789"], transport: fixture, clock: fixture))
        var request = PublisherRequest(verb, with, deadline: fixture.now.addingTimeInterval(60))
        if verb != .publish { request.receipt = receipt }
        return (publisher.ask(verb, request), fixture.withService { shelf, _ in shelf.asked })
    }

    private static let write = #""write": {"put": "/keys/a b/x", "json": {"value": "{secret}"}}"#

    @Test(
        "the credential goes where the description says",
        arguments: [
            (#""token": "TOKEN""#, .bearer(Secret("token-0123456789"))),
            (#""header": {"X-Api-Key": "TOKEN"}"#, .field("X-Api-Key", Secret("token-0123456789"))),
            (#""header": {"Authorization": "Convex TOKEN"}"#, .scheme("Convex", Secret("token-0123456789"))),
            (
                #""basic": {"user": "me", "password": "TOKEN"}"#,
                .scheme("Basic", Secret("bWU6dG9rZW4tMDEyMzQ1Njc4OQ=="))
            ),
        ] as [(String, HTTPAuthorization)])
    func credentials(text: String, authorization: HTTPAuthorization) throws {
        let asked = try Self.publish(text + ", " + Self.write).asked
        #expect(asked.map(\.authorization) == [authorization])
        #expect(asked[0].url.description == "https://api.example.com/v1/keys/a%20b/x")
    }

    @Test("a form is percent-encoded, with its own type")
    func form() throws {
        let write = #""token": "TOKEN", "write": {"post": "/f", "form": {"a b": "c&d", "key": "{secret}"}}"#
        let asked = try Self.publish(write).asked
        #expect(asked[0].body.map { String(decoding: $0, as: UTF8.self) } == "a%20b=c%26d&key=\(Self.key)")
        #expect(asked[0].headers.contains { $0 == ("Content-Type", "application/x-www-form-urlencoded") })
    }

    @Test("GraphQL gets the key as a variable, and an error in a good answer is a refusal that certainly wrote nothing")
    func graphQL() throws {
        let write = """
            "token": "TOKEN", "write": {"graphql": "mutation($v: String!){put(v:$v){id}}", "variables": {"v": "{secret}"}}
            """
        let asked = try Self.publish(write).asked
        let body = try JSONValue(parsing: try #require(asked[0].body))
        #expect(body == ["query": "mutation($v: String!){put(v:$v){id}}", "variables": ["v": .string(Self.key)]])
        let errors: JSONValue = ["errors": [["message": .string("Not Authorized for \(Self.key)")]], "data": nil]
        let refused = try Self.publish(write + #", "meanings": {"Not Authorized": "denied"}"#, [(200, errors)]).answer
        guard case .rejected(let error) = refused.outcome else {
            Issue.record("\(refused)")
            return
        }
        #expect(error.code == .denied && error.message.contains("Not Authorized"))
    }

    @Test(
        "a status means what the description says, and a good one may say that nothing was done",
        arguments: [
            (409, ["message": "locked"], .rateLimited, "locked"),
            (200, ["success": false, "errors": [["code": 10215]]], .configuration, ""),
            (
                200, ["success": false, "errors": [["code": 10215, "message": "not deployed"]]], .conflict,
                "10215: not deployed"
            ),
            (403, ["error": "no scope"], .denied, "no scope"),
        ] as [(Int, JSONValue, PublisherError.Code, String)])
    func meanings(status: Int, body: JSONValue, code: PublisherError.Code, words: String) throws {
        let write = """
            "token": "TOKEN", "meanings": {"409": "rate_limited", "10215": {"code": "conflict", "hint": "deploy it"}},
            "write": {"put": "/k", "json": "{secret}", "success": "/success"}
            """
        let error = try Self.publish(write, [(status, body)]).answer.error
        #expect(error?.code == code && error?.message.contains(words) == true, "\(error as Any)")
        if code == .conflict { #expect(error?.hint == "deploy it") }
    }

    @Test("an entry is found in a list by what it has")
    func list() throws {
        let text = """
            "token": "TOKEN", "name": "B",
            "read": {"get": "/all", "list": "/items", "find": {"name": "{name}"}, "at": "/value"}, \(Self.write)
            """
        func items(_ name: String) -> JSONValue {
            ["items": [["name": "A", "value": "x"], ["name": .string(name), "value": .string(Self.key)]]]
        }
        #expect(try Self.ask(.verify, text, [(200, items("B"))]).answer.outcome == .match)
        #expect(try Self.ask(.verify, text, [(200, items("C"))]).answer.outcome == .absent)
        // There is no list: the place is not there, which is another thing than an empty one.
        #expect(try Self.ask(.verify, text, [(404, ["message": "no"])]).answer.error?.code == .notFound)
    }

    @Test("a value that the service says it hides is compared with nothing")
    func hidden() throws {
        let text = #""token": "TOKEN", "read": {"get": "/k", "at": "/v", "hidden": "/is_secret"}, "# + Self.write
        func verify(_ isSecret: JSONValue) throws -> PublisherOutcome {
            try Self.ask(.verify, text, [(200, ["v": "****", "is_secret": isSecret])]).answer.outcome
        }
        #expect(try verify(true) == .unverifiable && verify(false) == .mismatch)
        let written = try Self.publish(text, [(200, ["v": "****", "is_secret": true]), (200, [:])]).answer
        #expect(written.outcome == .committed && written.message?.contains("not compared before") == true)
    }

    @Test("a key goes out and comes back in base64, and a custom method keeps its colon")
    func base64() throws {
        let text = """
            "token": "TOKEN", "name": "a:b", "read": {"get": "/{name}/latest:access", "at": "/data", "base64": true},
            "write": {"post": "/{name}:addVersion", "json": {"data": "{secret_base64}"}}
            """
        let encoded = Data(Self.key.utf8).base64EncodedString()
        let (answer, asked) = try Self.publish(text, [(404, [:]), (200, [:])])
        #expect(answer.outcome == .committed)
        #expect(
            asked.map(\.url.description) == [
                "https://api.example.com/v1/a%3Ab/latest:access", "https://api.example.com/v1/a%3Ab:addVersion",
            ])
        #expect(try JSONValue(parsing: try #require(asked[1].body)) == ["data": .string(encoded)])
        func verify(_ data: JSONValue) throws -> PublisherAnswer {
            try Self.ask(.verify, text, [(200, ["data": data])]).answer
        }
        #expect(try verify(.string(encoded)).outcome == .match)
        #expect(try verify("AAAA").outcome == .mismatch)
        #expect(try verify("?").error?.code == .unavailable)
    }

    @Test("a digest of unknown function counts if the answer to the write had it, whatever is shown later")
    func digest() throws {
        let text = """
            "token": "TOKEN", "read": {"get": "/k", "digest": "/d"},
            "write": {"put": "/k", "json": "{secret}", "digest": "/digest"}
            """
        func verify(_ shown: JSONValue, _ receipt: JSONObject?) throws -> PublisherOutcome {
            try Self.ask(.verify, text, [(200, ["d": shown])], receipt: receipt).answer.outcome
        }
        // The service goes on showing what it showed before.
        let written = try Self.publish(text, [(200, ["d": "old"]), (200, ["digest": "new"]), (200, ["d": "old"])])
        let receipt = try #require(written.answer.receipt)
        #expect(written.asked.map(\.method) == [.get, .put])
        #expect(try verify("new", receipt) == .match)
        #expect(try verify("old", receipt) == .mismatch)
        #expect(try verify("new", nil) == .unverifiable)
        let silent = try Self.publish(text, [(200, ["d": "old"]), (200, [:]), (200, ["d": "old"])]).answer
        #expect(silent.outcome == .committed)
        #expect(try verify("old", silent.receipt) == .unverifiable)
        let unsaid = try Self.publish(#""token": "TOKEN", "read": {"get": "/k", "digest": "/d"}, "# + Self.write)
        #expect(unsaid.answer.error?.field == "with.write.digest" && unsaid.asked.isEmpty)
    }

    @Test("what was written since is told by its time, unless that is still the one before the write")
    func since() throws {
        let time = #""token": "TOKEN", "read": {"get": "/k", "changed": "/t"}, "# + Self.write
        let times: [(Int, JSONValue)] = [(200, ["t": 1]), (200, [:]), (200, ["t": 2])]
        let moment = try #require(try Self.publish(time, times).answer.receipt)
        #expect(try Self.ask(.verify, time, [(200, ["t": 2])], receipt: moment).answer.outcome == .unverifiable)
        #expect(try Self.ask(.verify, time, [(200, ["t": 3])], receipt: moment).answer.outcome == .mismatch)
        let stale = try Self.publish(time, [(200, ["t": 1]), (200, [:]), (200, ["t": 1])]).answer.receipt
        #expect(try Self.ask(.verify, time, [(200, ["t": 2])], receipt: stale).answer.outcome == .unverifiable)
    }

    @Test("an id in an answer leads to nowhere else", arguments: ["..", "a/b", "a b", "", Self.key])
    func ids(id: String) throws {
        let text = """
            "token": "TOKEN", "redeploy": {"post": "/d", "id": "/id"},
            "wait": {"get": "/d/{id}", "at": "/s", "until": "ok"}, \(Self.write)
            """
        let (answer, asked) = try Self.publish(text, [(200, [:]), (200, ["id": .string(id)])])
        guard id == "a/b" || id == ".." else {
            #expect(answer.error != nil, "\(answer)")
            return
        }
        #expect(asked.count == 2 && answer.receipt?["deployment"] == .string(id))
        let seen = try Self.ask(.verify, text, receipt: answer.receipt)
        #expect(seen.asked.allSatisfy { $0.url.description == "https://api.example.com/v1/d/a%2Fb" }, "\(seen)")
        #expect(seen.answer.outcome != .match)
    }
}
