import CurlHTTP
import FoundationEssentials
import HTTP
import Synchronization
import TestSupport
import Testing

@Suite("Trying again", .tags(.servers))
struct RetryTests {
    /// Answers all but the last of `tries` requests with `status`.
    private func failing(_ status: Int, headers: [(String, String)] = [], until tries: Int) throws -> LoopbackServer {
        try LoopbackServer { request, connection in
            let isLast = request.connection + request.number + 1 >= tries
            connection.respond(isLast ? 200 : status, headers: isLast ? [] : headers)
        }
    }

    @Test("statuses that promise something for later are tried again", arguments: [408, 429, 502, 503, 504, 529])
    func retriedStatuses(status: Int) async throws {
        let server = try failing(status, until: 3)
        #expect(try await CurlTransport(policy: .quick).answer(HTTPRequest(.get, try url(server.port))).status == 200)
        #expect(server.requests.count == 3)
    }

    @Test("each try is told of when it has ended, without the query, and without an address that is a credential")
    func traces() async throws {
        let server = try failing(503, until: 3)
        let traces = Mutex<[TransferTrace]>([])
        let transport = CurlTransport(
            policy: .quick, observer: TransferObserver(trace: { trace in traces.withLock { $0.append(trace) } }))
        var request = HTTPRequest(.put, try url(server.port).appending("/hook", query: [("token", "secret")]))
        _ = try await transport.answer(request)
        request.alias = "the hook"
        let (brief, hook) = (transport.brief, request)
        _ = try await onOwnThread { try brief.send(hook) }
        let told = traces.withLock { $0 }
        #expect(told.map(\.attempt) == [1, 2, 3, 1, 2])
        #expect(told.map { try? $0.result.get() } == [503, 503, 200, 503, 200])
        #expect(
            told.map(\.address) == Array(repeating: "http://127.0.0.1:\(server.port)/hook", count: 3) + [
                "the hook", "the hook",
            ])
        #expect(told.allSatisfy { $0.method == .put && $0.time > .zero })
    }

    @Test("that requests of a batch are sent again is told once, not for each of them")
    func toldOnce() async throws {
        let asked = Mutex(0)
        let server = try LoopbackServer { _, connection in
            let number = asked.withLock { count in
                count += 1
                return count
            }
            if number <= 4 {
                connection.respond(503, headers: [("Retry-After", "3")])
            } else {
                connection.respond(200)
            }
        }
        let told = Mutex<[String]>([])
        let observer = TransferObserver(tell: { text in told.withLock { $0.append(text) } })
        let requests = Array(repeating: HTTPRequest(.get, try url(server.port)), count: 4)
        let answers = try await CurlTransport(observer: observer).answers(requests)
        #expect(answers.count == 4 && asked.withLock(\.self) == 8)
        #expect(told.withLock { $0.count { $0.contains("it is asked again at") } } == 1)
    }

    @Test("other statuses are handed over at once", arguments: [400, 401, 403, 404, 409, 500])
    func otherStatuses(status: Int) async throws {
        let server = try failing(status, until: 2)
        #expect(
            try await CurlTransport(policy: .quick).answer(HTTPRequest(.delete, try url(server.port))).status == status)
        #expect(server.requests.count == 1)
    }

    @Test("the last answer is handed over when the tries are used up")
    func triesEnd() async throws {
        let server = try failing(503, until: 100)
        #expect(try await CurlTransport(policy: .quick).answer(HTTPRequest(.get, try url(server.port))).status == 503)
        #expect(server.requests.count == HTTPPolicy().tries)
    }

    @Test(
        "Retry-After is waited for",
        arguments: [
            [("Retry-After", "1")],
            // By the server's own clock, whatever ours says.
            [("Retry-After", "Mon, 23 Nov 1998 03:04:06 GMT"), ("Date", "Mon, 23 Nov 1998 03:04:05 GMT")],
        ])
    func retryAfterIsHonoured(headers: [(String, String)]) async throws {
        let server = try failing(429, headers: headers, until: 2)
        let start = ContinuousClock.now
        #expect(try await CurlTransport(policy: .quick).answer(HTTPRequest(.get, try url(server.port))).status == 200)
        #expect(ContinuousClock.now - start >= .seconds(1))
    }

    @Test(
        "a Retry-After behind the deadline hands the answer over at once",
        arguments: ["3600", "99999999999", "Fri, 01 Jan 2100 00:00:00 GMT"])
    func retryAfterIsTooLong(value: String) async throws {
        let server = try failing(429, headers: [("Retry-After", value)], until: 2)
        let answer = try await CurlTransport(policy: .quick).answer(HTTPRequest(.get, try url(server.port)))
        #expect(answer.status == 429)
        #expect(answer[header: "retry-after"] == value)
        #expect(server.requests.count == 1)
    }

    @Test("a Retry-After that is none, or over, means the ordinary wait", arguments: ["soon", "-1", "1.5", ""])
    func retryAfterIsGarbage(value: String) async throws {
        let server = try failing(503, headers: [("Retry-After", value)], until: 2)
        #expect(try await CurlTransport(policy: .quick).answer(HTTPRequest(.get, try url(server.port))).status == 200)
    }

    @Test(
        "a transport error is tried again, on every idempotent method",
        arguments: [.get, .put, .patch, .delete] as [HTTPRequest.Method])
    func transportErrors(method: HTTPRequest.Method) async throws {
        let server = try LoopbackServer { request, connection in
            if request.connection < 2 { connection.close() } else { connection.respond(200) }
        }
        #expect(try await CurlTransport(policy: .quick).answer(HTTPRequest(method, try url(server.port))).status == 200)
        #expect(server.requests.count == 3)
    }

    @Test("the deadline ends the tries")
    func deadlineEnds() async throws {
        let server = try LoopbackServer { _, connection in connection.stall() }
        var policy = HTTPPolicy.quick
        policy.tries = 1000
        policy.tryTimeout = .milliseconds(50)
        policy.deadline = .milliseconds(500)
        let start = ContinuousClock.now
        let error = try await CurlTransport(policy: policy).failure(HTTPRequest(.get, try url(server.port)))
        #expect(error?.code == .timeout)
        #expect((2...50).contains(server.requests.count))
        #expect(ContinuousClock.now - start < .seconds(300))
    }

    @Test("what an earlier try may have done is not forgotten by a later one that found nobody")
    func earlierTriesCount() async throws {
        let running = Slot<LoopbackServer>()
        let port = try running.value.withLock { slot in
            let server = try LoopbackServer { _, _ in running.value.withLock { $0 = nil } }
            slot = server
            return server.port
        }
        let error = try await CurlTransport(policy: .quick).failure(HTTPRequest(.get, try url(port)))
        #expect(error?.mayHaveArrived == true)
        let later = try await CurlTransport(policy: .quick).failure(HTTPRequest(.get, try url(port)))
        #expect(later?.code == .unreachable)
        #expect(later?.mayHaveArrived == false)
    }
}

/// Holds the only reference to something until it is emptied.
private final class Slot<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
}
