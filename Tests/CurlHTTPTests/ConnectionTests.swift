import CurlHTTP
import HTTP
import Secrets
import TestSupport
import Testing

@Suite("Connections, and how often a request goes out", .tags(.servers))
struct ConnectionTests {
    /// Answers a connection's first request and closes on every later one, after reading it whole.
    private func forgetful() throws -> LoopbackServer {
        try LoopbackServer { request, connection in
            if request.number == 0 { connection.respond(200) } else { connection.close() }
        }
    }

    @Test("batches of one transport share a connection")
    func connectionsAreKept() async throws {
        let server = try LoopbackServer { _, connection in connection.respond(200) }
        let transport = CurlTransport(policy: .once)
        for _ in 0..<3 { _ = try await transport.answer(HTTPRequest(.get, try url(server.port))) }
        #expect(server.connections == 1)
        #expect(server.requests.count == 3)
    }

    @Test("threads that share a transport have a connection each, and keep it")
    func connectionsOfThreads() async throws {
        let server = try LoopbackServer { _, connection in connection.respond(200) }
        let transport = CurlTransport(policy: .once)
        let address = try url(server.port)
        try await withThrowingTaskGroup { group in
            for _ in 0..<4 {
                group.addTask {
                    try await onOwnThread {
                        for _ in 0..<25 { _ = try transport.send(HTTPRequest(.get, address)) }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(server.requests.count == 100)
        #expect((1...4).contains(server.connections))
    }

    @Test("libcurl sends again what it sent on a reused connection, which is why a POST never goes there")
    func libcurlResends() async throws {
        let server = try forgetful()
        let transport = CurlTransport(policy: .once)
        _ = try await transport.answer(HTTPRequest(.get, try url(server.port)))
        let request = HTTPRequest(.post, try url(server.port), body: [65], isIdempotent: true)
        #expect(try await transport.answer(request).status == 200)
        #expect(server.requests.map(\.message.method) == ["GET", "POST", "POST"])
    }

    @Test("a POST goes out once, on a connection of its own, and nothing follows it there")
    func postIsSentOnce() async throws {
        let server = try forgetful()
        let transport = CurlTransport(policy: .quick)
        _ = try await transport.answer(HTTPRequest(.get, try url(server.port)))
        #expect(try await transport.answer(HTTPRequest(.post, try url(server.port), body: [65])).status == 200)
        _ = try await transport.answer(HTTPRequest(.post, try url(server.port), body: [66]))
        _ = try await transport.answer(HTTPRequest(.get, try url(server.port)))
        let posts = server.requests.filter { $0.message.method == "POST" }
        #expect(posts.map(\.connection) == [1, 2])
        #expect(posts.map(\.number) == [0, 0])
        #expect(server.requests.filter { $0.connection == 1 || $0.connection == 2 }.count == 2)
    }

    @Test("a POST whose answer is lost goes out once, and is told to have perhaps arrived")
    func lostAnswerOfPost() async throws {
        let server = try LoopbackServer { request, connection in
            if request.message.method == "POST" { connection.close() } else { connection.respond(200) }
        }
        let transport = CurlTransport(policy: .quick)
        _ = try await transport.answer(HTTPRequest(.get, try url(server.port)))
        let error = try #require(
            try await transport.failure(HTTPRequest(.post, try url(server.port, "/?q=secret"), body: [65])))
        #expect(error.code == .interrupted)
        #expect(error.mayHaveArrived)
        #expect(!error.message.contains("secret"))
        #expect(server.requests.filter { $0.message.method == "POST" }.count == 1)
    }

    @Test("a POST is not tried again after an answer that asks for it", arguments: [408, 429, 502, 503, 504, 529])
    func postIsNotRetried(status: Int) async throws {
        let server = try LoopbackServer { _, connection in connection.respond(status, headers: [("Retry-After", "0")]) }
        #expect(
            try await CurlTransport(policy: .quick).answer(HTTPRequest(.post, try url(server.port))).status == status)
        #expect(server.requests.count == 1)
    }

    @Test("a GET survives a reused connection that ends")
    func getIsSentAgain() async throws {
        let server = try forgetful()
        let transport = CurlTransport(policy: .quick)
        for _ in 0..<2 {
            #expect(try await transport.answer(HTTPRequest(.get, try url(server.port))).status == 200)
        }
        #expect(server.requests.count == 3)
    }

    @Test("a request that wants a fresh connection gets one, and leaves it to nobody")
    func freshConnection() async throws {
        let server = try LoopbackServer { _, connection in connection.respond(200) }
        let transport = CurlTransport(policy: .once)
        for isFresh in [false, true, true, false] {
            _ = try await transport.answer(
                HTTPRequest(.get, try url(server.port), wantsFreshConnection: isFresh))
        }
        #expect(server.requests.map(\.connection) == [0, 1, 2, 0])
    }
}
