import Dispatch
import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Synchronization
import TestSupport
import Testing

@Suite(.tags(.values)) struct ServiceClientTests {
    @Test("a call is sent below the address, every segment encoded, with the credential as bearer")
    func request() throws {
        let bench = try Bench([.answer(200, #"{"k": "v"}"#)])
        let answer = try bench.send(Bench.read)
        #expect(try answer.object().string("k") == "v")
        let request = try #require(bench.transport.requests.first)
        #expect(request.url.description == "https://plain.example/api/a%20b/c%2Fd?e=%2A")
        #expect(request.method == .get && request.isIdempotent)
        #expect(request.bearer == Secret("t0-of-plain"))
        #expect(request.headers.contains { $0 == (name: "accept", value: "application/json") })
        #expect(request.timeout == .seconds(599))
    }

    @Test(
        "a read is tried again when it was not answered",
        arguments: [ScriptedTransport.Answer.lost, .unsent, .answer(500), .answer(502), .answer(503), .answer(408)])
    func secondTry(first: ScriptedTransport.Answer) throws {
        let bench = try Bench([first, first, .answer(200)])
        #expect(try bench.send(Bench.read).status == 200)
        #expect(bench.transport.requests.count == 3)
    }

    @Test("what does not get better is given up after five tries, a write as one that may have been done")
    func fiveTries() throws {
        let read = try Bench([.answer(503)])
        let error = #expect(throws: ServiceError.self) { try read.send(Bench.read) }
        #expect(error?.error.code == .unavailable && error?.mayHaveTakenEffect == false)
        #expect(read.transport.requests.count == 5)
        let write = try Bench([.answer(503)])
        let doubt = #expect(throws: ServiceError.self) { try write.send(Bench.write) }
        #expect(doubt?.mayHaveTakenEffect == true)
        #expect(write.transport.requests.count == 5)
    }

    @Test("a service that says how long it is away is asked again then and not before (RFC 9110, section 10.2.3)")
    func away() throws {
        let bench = try Bench([.answer(503, "{}", ["retry-after": "30"]), .answer(200)])
        #expect(try bench.send(Bench.read).status == 200)
        #expect(bench.clock.seconds == 30)
        let long = try Bench([.answer(503, "{}", ["retry-after": "1000"])])
        let error = #expect(throws: ServiceError.self) { try long.send(Bench.read, within: 60) }
        #expect(error?.error.code == .unavailable && error?.error.retryAfter == 1000)
        #expect(long.transport.requests.count == 1 && long.clock.seconds == 0)
    }

    @Test(
        "it is certain that a write was not done only where the server never saw it or refused every try",
        arguments: [
            ([.unsent], false), ([.lost], true), ([.answer(500)], true), ([.answer(403)], false),
            ([.answer(422)], false), ([.lost, .answer(403)], true), ([.answer(502), .answer(401)], true),
            ([.unsent, .answer(404)], false),
        ] as [([ScriptedTransport.Answer], Bool)])
    func certainty(answers: [ScriptedTransport.Answer], mayHaveTakenEffect: Bool) throws {
        let bench = try Bench(answers)
        let error = #expect(throws: ServiceError.self) { try bench.send(Bench.write) }
        #expect(error?.mayHaveTakenEffect == mayHaveTakenEffect)
        #expect(error?.answer.outcome.word == (mayHaveTakenEffect ? "unknown" : "rejected"))
    }

    @Test(
        "what is not idempotent is sent again only if the server never saw it",
        arguments: [(.lost, 1, true), (.answer(500), 1, true), (.unsent, 5, false)]
            as [(ScriptedTransport.Answer, Int, Bool)])
    func posts(answer: ScriptedTransport.Answer, times: Int, mayHaveTakenEffect: Bool) throws {
        let bench = try Bench([answer])
        let error = #expect(throws: ServiceError.self) { try bench.send(Bench.make) }
        #expect(error?.mayHaveTakenEffect == mayHaveTakenEffect)
        #expect(bench.transport.requests.count == times)
    }

    @Test(
        "a refusal is told in the words of its status, at once",
        arguments: [
            (401, "denied", "Plain does not accept the token in PLAIN_TOKEN (401: no, no)"),
            (403, "denied", "Plain refuses to read the thing (403: no, no)"),
            (404, "not_found", "Plain has nothing there to read the thing (404: no, no)"),
            (307, "not_found", "Plain answers with a redirect to read the thing (307)"),
            (409, "conflict", "Plain refuses to read the thing (409: no, no)"),
            (422, "configuration", "Plain refuses to read the thing (422: no, no)"),
            (418, "configuration", "plain is a teapot"),
            (204, "unavailable", "Plain answers something unexpected to read the thing (204)"),
        ])
    func refusals(status: Int, code: String, message: String) throws {
        let bench = try Bench([.answer(status, #"{"message": "no,\nno"}"#)])
        let error = try #require(#expect(throws: ServiceError.self) { try bench.send(Bench.read) }?.error)
        #expect(error.code.rawValue == code)
        #expect(error.message == message)
        #expect(bench.transport.requests.count == 1)
        #expect(status == 418 || error.hint != nil)
    }

    @Test(
        "a service's own words are shown in one line of bounded length",
        arguments: [
            (
                #"{"message": {"value": ["is invalid", "is too long"], "key": "x"}}"#,
                "value is invalid, is too long; key x"
            ),
            (#"{"error": "insufficient_scope"}"#, "insufficient_scope"),
            (#"{"error": "invalid_token", "error_description": "Token was revoked"}"#, "Token was revoked"),
            (
                #"{"message": "the token t0-of-plain is bad"}"#,
                "the token <redacted> is bad"
            ),
            (#"{"message": "\#(String(repeating: "x", count: 500))"}"#, String(repeating: "x", count: 200) + "…"),
            (#"{"message": 1}"#, nil), ("<html>", nil), (#"["message"]"#, nil), ("", nil),
        ])
    func words(body: String, expected: String?) throws {
        let bench = try Bench([.answer(422, body)])
        let error = #expect(throws: ServiceError.self) { try bench.send(Bench.read) }
        #expect(error?.error.message == "Plain refuses to read the thing (422\(expected.map { ": \($0)" } ?? ""))")
    }

    @Test("what a write sent is not repeated from the service's words")
    func secretInWords() throws {
        let bench = try Bench([.answer(422, #"{"message": "value 'hush-hush' is too short"}"#)])
        var call = Bench.write
        call.secret = Secret("hush-hush")
        let error = #expect(throws: ServiceError.self) { try bench.send(call) }
        #expect(error?.error.message == "Plain refuses to write the thing (422: value '<redacted>' is too short)")
    }

    @Test("a read is repeated until what it shows is settled, five times at most")
    func settled() throws {
        let bench = try Bench([.answer(200, #"{"n": 1}"#), .answer(200, #"{"n": 2}"#), .answer(200, #"{"n": 3}"#)])
        let end = bench.clock.now.addingTimeInterval(60)
        let answer = try bench.client.send(Bench.read, until: end) { answer throws(ServiceError) in
            try answer.object().integer("n") == 2
        }
        #expect(try answer.object().integer("n") == 2)
        #expect(bench.transport.requests.count == 2)
        let last = try bench.client.send(Bench.read, until: end) { _ in false }
        #expect(try last.object().integer("n") == 3)
        #expect(bench.transport.requests.count == 7)
    }

    @Test("after a write that was done, no failure says that it was not")
    func after() {
        let failure = ServiceError(PublisherError(.denied, "no reading"))
        let error = #expect(throws: ServiceError.self) {
            try ServiceError.after("the thing is written") { () throws(ServiceError) in throw failure }
        }
        #expect(error?.mayHaveTakenEffect == true)
        #expect(error?.error == PublisherError(.denied, "the thing is written, but no reading"))
        #expect(error?.answer.outcome.word == "unknown")
    }

    @Test("an answer that is none is told as such, and never quoted")
    func garbage() throws {
        let garbage: [ScriptedTransport.Answer] = [
            .answer(200, "<html>sk-or-v1</html>"), .answer(200, #"{"k": 1"#), .answer(200, "[]"), .answer(200, ""),
            .answer(200, #"{"k": "v"}"#, ["content-type": "text/html"]), .answer(200, #"{"k": 1}"#),
        ]
        for answer in garbage {
            let bench = try Bench([answer])
            let error = #expect(throws: ServiceError.self) { try bench.send(Bench.read).object().string("k") }
            #expect(error?.error.code == .unavailable)
            #expect(error?.error.message.hasPrefix("the answer of Plain is ") == true)
            #expect(error?.error.message.contains("sk-or") == false)
        }
        let written = try Bench([.answer(201, "<html>")])
        let error = #expect(throws: ServiceError.self) { try written.send(Bench.write).object() }
        #expect(error?.mayHaveTakenEffect == true)
    }

    @Test("an answer to a write tells whether an earlier try may have been done", arguments: [true, false])
    func repetition(lost: Bool) throws {
        let bench = try Bench([lost ? .lost : .unsent, .answer(204)])
        #expect(try bench.send(Bench.write).isRepetition == lost)
    }

    @Test(
        "words can be told from each other beyond what is shown of them",
        arguments: [("HAS ALREADY", true), ("been taken", true), ("is free", false)])
    func says(words: String, expected: Bool) throws {
        let text = String(repeating: "K", count: 300) + " has already been taken"
        let bench = try Bench([.answer(400, #"{"message": "\#(text)"}"#)])
        var call = Bench.read
        call.statuses = [400]
        #expect(try bench.send(call).says(words) == expected)
    }

    @Test("who writes at one place waits, who writes at another does not")
    func places() async throws {
        let client = try Bench([.answer(200)]).client
        let log = Log()
        let (entered, leave) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        async let first: Void = onOwnThread {
            client.alone(at: "a") {
                entered.signal()
                leave.wait()
                log.add("first at a")
            }
        }
        try await onOwnThread { entered.wait() }
        async let second: Void = onOwnThread { client.alone(at: "a") { log.add("second at a") } }
        try await onOwnThread {
            client.alone(at: "b") { log.add("at b") }
            leave.signal()
        }
        _ = try await (first, second)
        #expect(log.lines == ["at b", "first at a", "second at a"])
    }

    @Test("of the bounds of several targets the smallest counts")
    func smallestBound() async throws {
        let meter = MeteringTransport()
        let clients = ServiceClients(PlainService(), environment: ["PLAIN_TOKEN": "t"], transport: meter)
        for settings in [["writes": 6], ["writes": 2], [:], ["writes": 3]] as [JSONObject] {
            _ = try clients.client(for: Settings(settings))
        }
        let client = try clients.client(for: Settings([:]))
        try await Self.writeTwelve(client)
        #expect(meter.highest == 2)
    }

    @Test("no more writes are under way at once than were allowed")
    func gate() async throws {
        let meter = MeteringTransport()
        let client = ServiceClient(
            PlainService(), at: try HTTPURL("https://plain.example"), credentials: StaticToken(Secret("t")), writes: 3,
            transport: meter)
        try await Self.writeTwelve(client)
        #expect(meter.highest == 3)
    }

    @Test("nothing is sent when there is no time left")
    func late() throws {
        let bench = try Bench([.answer(200)])
        let error = #expect(throws: ServiceError.self) { try bench.send(Bench.read, within: 0.5) }
        #expect(error?.error.code == .unavailable)
        #expect(bench.transport.requests.isEmpty)
    }

    /// Twelve writes, each on a thread of its own.
    private static func writeTwelve(_ client: ServiceClient) async throws {
        try await withThrowingTaskGroup { group in
            for _ in 0..<12 {
                group.addTask {
                    try await onOwnThread {
                        _ = try client.send(Bench.write, until: Date.now.addingTimeInterval(60))
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}

private final class Log: Sendable {
    private let state = Mutex<[String]>([])

    var lines: [String] { state.withLock { $0 } }

    func add(_ line: String) { state.withLock { $0.append(line) } }
}
