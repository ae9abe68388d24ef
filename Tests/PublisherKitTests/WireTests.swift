import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing
import Timestamps

@Suite(.tags(.values)) struct WireTests {
    static let digests = ["a", "b", "c"].map { "sha256:" + String(repeating: $0, count: 64) }
    static let key = "sk-or-v1-" + String(repeating: "0f", count: 32)

    static func request() throws -> PublisherRequest {
        PublisherRequest(
            id: "1", operation: "01JDB/web/3f9a", rotation: "01JDB",
            deadline: try #require(Date(rfc3339: "2026-11-23T03:10:00Z")), target: "web",
            with: ["repository": "acme/web", "name": "OPENROUTER_API_KEY"],
            expect: digests.prefix(2).compactMap { Digest($0) }, digest: try #require(Digest(digests[2])),
            secret: Secret(key), receipt: ["updated_at": "2026-11-22T00:00:00Z"])
    }

    static let head = #"""
        {"protocol":1,"id":"1","operation":"01JDB/web/3f9a","rotation":"01JDB","deadline":"2026-11-23T03:10:00Z",\#
        "target":{"name":"web","with":{"repository":"acme/web","name":"OPENROUTER_API_KEY"}},\#
        "expect":["\#(digests[0])","\#(digests[1])"],
        """#

    static let publish = head + #""secret":{"value":"\#(key)","digest":"\#(digests[2])"}}"# + "\n"
    static let verify =
        head + #""secret":{"digest":"\#(digests[2])"},"receipt":{"updated_at":"2026-11-22T00:00:00Z"}}"# + "\n"

    static let rollback =
        head
        + #""receipt":{"updated_at":"2026-11-22T00:00:00Z"},"secret":{"value":"\#(key)","digest":"\#(digests[2])"}}"#
        + "\n"

    @Test(
        "a request is written as the contract has it",
        arguments: [(Verb.publish, publish), (.verify, verify), (.check, verify), (.rollback, rollback)])
    func requestsAreWritten(verb: Verb, line: String) throws {
        #expect(try Self.request().line(for: verb).revealed() == line)
    }

    @Test("the key that is put back goes with its request where there is one")
    func keysToPutBack() throws {
        var request = try Self.request()
        let whole = try PublisherRequest(parsing: Self.rollback.utf8, .rollback)
        #expect(whole.secret == request.secret)
        #expect(whole.receipt == request.receipt)
        request.secret = nil
        #expect(try request.line(for: .rollback).revealed() == Self.verify)
        let bare = try PublisherRequest(parsing: Self.verify.utf8, .rollback)
        #expect(bare.secret == nil)
        #expect(bare.receipt == request.receipt)
        #expect(throws: PublisherError.self) { try request.line(for: .publish) }
    }

    @Test("a request is read as it was written")
    func requestsAreRead() throws {
        let original = try Self.request()
        let published = try PublisherRequest(parsing: Self.publish.dropLast().utf8, .publish)
        #expect(published.secret == original.secret)
        #expect(published.receipt == nil)
        let verified = try PublisherRequest(parsing: Self.verify.dropLast().utf8, .verify)
        #expect(verified.secret == nil)
        #expect(verified.receipt == original.receipt)
        for request in [published, verified] {
            #expect(request.id == original.id)
            #expect(request.operation == original.operation)
            #expect(request.rotation == original.rotation)
            #expect(request.deadline == original.deadline)
            #expect(request.target == original.target)
            #expect(request.with == original.with)
            #expect(request.expect == original.expect)
            #expect(request.digest == original.digest)
        }
    }

    @Test("a secret with every ASCII character comes through", arguments: ["\"\\/\u{1}\n\r\t\u{7F}%&'", "ü😀"])
    func secretsComeThrough(text: String) throws {
        var request = try Self.request()
        request.secret = Secret(text)
        let line = try request.line(for: .publish).copyBytes()
        #expect(line.last == 10)
        #expect(line.dropLast().allSatisfy { $0 >= 32 })
        #expect(try PublisherRequest(parsing: line, .publish).secret == Secret(text))
    }

    @Test("a secret that cannot be written is an error")
    func secretsThatCannotBeWritten() throws {
        for secret in [nil, Secret([0xFF])] {
            var request = try Self.request()
            request.secret = secret
            #expect(throws: PublisherError.self) { try request.line(for: .publish) }
        }
    }

    @Test("unknown members of a request are ignored")
    func unknownMembers() throws {
        let line = publishLine(replacing: #""id":"1""#, by: #""grease":[{"x":null}],"id":"1""#)
        #expect(try PublisherRequest(parsing: line.utf8, .publish).id == "1")
    }

    @Test(
        "a request that breaks the contract is refused",
        arguments: [
            (#""protocol":1"#, #""protocol":2"#, "protocol 2, but only protocol 1"),
            (#""protocol":1"#, #""protocol":"1""#, "protocol in the request is not a whole number"),
            (#""protocol":1,"#, "", "no protocol"), (#""id":"1""#, #""id":1"#, "id in the request is not a string"),
            (#""id":"1","#, "", "no id"), ("2026-11-23T03:10:00Z", "tomorrow", "deadline"),
            (#""expect":["#, #""expect":["sha256:00","#, "expect"), (#""expect":["#, #""expect":[7,"#, "expect"),
            (#""value":"#, #""valu":"#, "no value"), (#""name":"web""#, #""name":null"#, "no name"),
            (#"{"protocol""#, #"["protocol""#, "not valid JSON"),
            (#""id":"1""#, #""id":"1","id":"2""#, "same key twice"),
        ])
    func brokenRequests(text: String, replacement: String, message: String) {
        let line = publishLine(replacing: text, by: replacement)
        let error = #expect(throws: PublisherError.self) { try PublisherRequest(parsing: line.utf8, .publish) }
        #expect(error?.message.contains(message) == true, "\(String(describing: error))")
        #expect(error?.message.contains("sk-or") == false)
    }

    private func publishLine(replacing text: String, by replacement: String) -> String {
        guard let range = Self.publish.firstRange(of: text) else { return "" }
        return Self.publish[..<range.lowerBound] + replacement + Self.publish[range.upperBound...]
    }

    static let answers: [(Verb, PublisherAnswer, String)] = [
        (.check, PublisherAnswer(.ready), #"{"id":"1","outcome":"ready"}"#),
        (
            .publish, PublisherAnswer(.committed, receipt: ["updated_at": "x"], message: "wrote it"),
            #"{"id":"1","outcome":"committed","receipt":{"updated_at":"x"},"message":"wrote it"}"#
        ),
        (.publish, PublisherAnswer(.unchanged), #"{"id":"1","outcome":"unchanged","held":"successor"}"#),
        (
            .publish, PublisherAnswer(.committed, held: .predecessor),
            #"{"id":"1","outcome":"committed","held":"predecessor"}"#
        ),
        (
            .publish,
            PublisherAnswer(
                .rejected(PublisherError(.denied, "no", hint: "ask", field: "with.repository", retryAfter: 60))),
            #"{"id":"1","outcome":"rejected","error":{"code":"denied","message":"no","hint":"ask","field":"with.repository","retry_after":60}}"#
        ),
        (
            .publish, PublisherAnswer(.unknown(PublisherError(.unavailable, "lost"))),
            #"{"id":"1","outcome":"unknown","error":{"code":"unavailable","message":"lost"}}"#
        ),
        (.rollback, PublisherAnswer(.committed), #"{"id":"1","outcome":"committed"}"#),
        (.verify, PublisherAnswer(.match), #"{"id":"1","outcome":"match","held":"successor"}"#),
        (.verify, PublisherAnswer(.mismatch), #"{"id":"1","outcome":"mismatch"}"#),
        (
            .verify, PublisherAnswer(.mismatch, held: .other, holds: Digest(digests[0])),
            #"{"id":"1","outcome":"mismatch","held":"other","holds":"\#(digests[0])"}"#
        ), (.verify, PublisherAnswer(.absent), #"{"id":"1","outcome":"absent","held":"nothing"}"#),
        (.verify, PublisherAnswer(.unverifiable), #"{"id":"1","outcome":"unverifiable"}"#),
    ]

    @Test("answers are written and read as the contract has them", arguments: answers)
    func answersAreWrittenAndRead(verb: Verb, answer: PublisherAnswer, line: String) throws {
        #expect(String(decoding: answer.line(id: "1"), as: UTF8.self) == line + "\n")
        let parsed = try PublisherAnswer.parse(line.utf8, verb)
        #expect(parsed.id == "1")
        #expect(parsed.answer == answer)
    }

    @Test(
        "an answer that breaks the contract is refused",
        arguments: [
            #"{"outcome":"committed"}"#, #"{"id":"1"}"#, #"{"id":1,"outcome":"committed"}"#,
            #"{"id":"1","outcome":"done"}"#,
            #"{"id":"1","outcome":"ready"}"#, #"{"id":"1","outcome":"rejected"}"#,
            #"{"id":"1","outcome":"rejected","error":"no"}"#, #"{"id":"1","outcome":"rejected","error":{}}"#,
            #"{"id":"1","outcome":"committed","receipt":"x"}"#, #"{"id":"1","outcome":"committed","message":7}"#, "[]",
            "",
        ])
    func brokenAnswers(line: String) {
        #expect(throws: PublisherError.self) { try PublisherAnswer.parse(line.utf8, .publish) }
    }

    @Test(
        "an answer that says nothing of what was held, or says it in other words, is read as it was",
        arguments: ["", #","held":"half","holds":"sha256:00""#, #","held":7,"holds":[]"#])
    func olderAnswers(members: String) throws {
        func read(_ outcome: String, _ verb: Verb) throws -> PublisherAnswer {
            try PublisherAnswer.parse(#"{"id":"1","outcome":"\#(outcome)"\#(members)}"#.utf8, verb).answer
        }
        #expect(try read("committed", .publish) == PublisherAnswer(.committed, held: .unknown))
        #expect(try read("unchanged", .publish) == PublisherAnswer(.unchanged, held: .successor))
        #expect(try read("absent", .verify) == PublisherAnswer(.absent, held: .nothing))
    }

    @Test(
        "a wish to make is in the request where the plan or the host has it",
        arguments: [
            ([:], false, false), ([:], true, true), (["create": true], false, true),
            (["create": "true"], false, true), (["create": false], true, true), (["create": "maybe"], false, false),
        ]
            as [(JSONObject, Bool, Bool)])
    func wishes(with: JSONObject, create: Bool, isMade: Bool) throws {
        let sample = try Self.request()
        let request = PublisherRequest(
            id: "1", operation: "o", rotation: "", deadline: sample.deadline, target: "web", with: with, expect: nil,
            create: create, digest: sample.digest)
        #expect(request.create == isMade)
        let line = try request.line(for: .check)
        #expect(line.revealed()?.contains(#""create":true,"secret""#) == isMade)
        #expect(try PublisherRequest(parsing: line.copyBytes(), .check).create == isMade)
    }

    @Test("a code of a later version is read as internal")
    func laterCodes() throws {
        let line = #"{"id":"1","outcome":"rejected","error":{"code":"new_one","message":"m"}}"#
        #expect(
            try PublisherAnswer.parse(line.utf8, .publish).answer.outcome == .rejected(PublisherError(.internal, "m")))
    }
}
