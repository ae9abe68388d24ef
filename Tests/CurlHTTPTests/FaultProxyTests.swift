import CurlHTTP
import HTTP
import Synchronization
import TestSupport
import Testing

@Suite("The fault proxy that other tests rely on", .tags(.servers))
struct FaultProxyTests {
    private func server() throws -> LoopbackServer {
        try LoopbackServer { request, connection in
            if request.message.target == "/chunked" {
                connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
            } else if request.message.target == "/open" {
                connection.send("HTTP/1.1 200 OK\r\n\r\nok")
                connection.close()
            } else {
                connection.respond(200, body: request.message.text.isEmpty ? "ok" : request.message.text)
            }
        }
    }

    @Test("without faults every byte passes, whatever ends the body, on connections that are kept")
    func bytesPass() async throws {
        let server = try server()
        let proxy = try FaultProxy(upstreamPort: server.port)
        let transport = CurlTransport(policy: .once)
        for path in ["/", "/chunked", "/?a=1", "/open"] {
            let answer = try await transport.answer(HTTPRequest(.get, try url(proxy.port, path)))
            #expect(answer.body == Array("ok".utf8))
        }
        let body = [UInt8](repeating: 120, count: 1 << 20)
        #expect(try await transport.answer(HTTPRequest(.put, try url(proxy.port), body: body)).body == body)
        #expect(server.connections == 2)
        #expect(proxy.exchanges.map(\.path) == ["/", "/chunked", "/?a=1", "/open", "/"])
        #expect(proxy.exchanges.map(\.method) == ["GET", "GET", "GET", "GET", "PUT"])
        #expect(proxy.exchanges.map(\.status) == Array(repeating: 200, count: 5))
    }

    @Test(
        "a fault strikes its exchange and no other",
        arguments: [
            (.dropRequest, nil, 2), (.dropReply, nil, 3), (.cutReply(afterBytes: 20), nil, 3),
            (.stall(.milliseconds(10)), nil, 3), (.delay(.milliseconds(10)), 200, 3), (.answer(status: 418), 418, 2),
        ] as [(Fault.Effect, Int?, Int)])
    func faultStrikes(effect: Fault.Effect, status: Int?, seen: Int) async throws {
        let server = try server()
        let proxy = try FaultProxy(upstreamPort: server.port, faults: [Fault(effect, at: 1)])
        let transport = CurlTransport(policy: .once)
        var statuses: [Int?] = []
        for _ in 0..<3 {
            let answers = try await transport.answers([
                HTTPRequest(.get, try url(proxy.port), wantsFreshConnection: true)
            ])
            statuses.append(try? answers[0].answer.get().status)
        }
        #expect(statuses == [200, status, 200])
        #expect(server.requests.count == seen)
        #expect(proxy.exchanges.map(\.isPassedOn) == [true, status != nil, true])
        #expect(proxy.exchanges.map { $0.status != nil } == [true, status == 418 || seen == 3, true])
    }

    @Test("a fault can be meant for a kind of request, and for some of them only")
    func faultChooses() async throws {
        let server = try server()
        let proxy = try FaultProxy(upstreamPort: server.port)
        proxy.faults = [
            Fault(.answer(status: 429, headers: [("Retry-After", "0")]), times: 2) { method, _ in method == "PUT" }
        ]
        let transport = CurlTransport(policy: .quick)
        #expect(try await transport.answer(HTTPRequest(.get, try url(proxy.port))).status == 200)
        #expect(try await transport.answer(HTTPRequest(.put, try url(proxy.port))).status == 200)
        #expect(proxy.exchanges.map(\.status) == [200, 429, 429, 200])
        #expect(proxy.faults.isEmpty)
        #expect(server.requests.count == 2)
    }

    @Test("the test is told before the request and before the reply")
    func notifications() async throws {
        let server = try server()
        let seen = Mutex<[Int]>([])
        let note = { @Sendable in seen.withLock { $0.append(server.requests.count) } }
        let proxy = try FaultProxy(
            upstreamPort: server.port,
            faults: [Fault(.notifyBeforeReply(note), at: 0), Fault(.notifyBeforeRequest(note), at: 0)])
        #expect(try await CurlTransport(policy: .once).answer(HTTPRequest(.get, try url(proxy.port))).status == 200)
        #expect(seen.withLock { $0 } == [0, 1])
    }

    @Test("a server that closes an idle connection closes it for the client as well")
    func idleCloseIsPassedOn() async throws {
        let server = try LoopbackServer { _, connection in
            connection.respond(200)
            connection.close()
        }
        let proxy = try FaultProxy(upstreamPort: server.port)
        let answer = try await onOwnThread {
            let client = try Socket.connected(to: proxy.port)
            client.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
            var answer: [UInt8] = []
            // The last read is of the end: nothing else would come of a connection that is kept.
            while case let part = client.read(), !part.isEmpty { answer += part }
            return answer
        }
        #expect(answer.starts(with: "HTTP/1.1 200".utf8))
    }
}
