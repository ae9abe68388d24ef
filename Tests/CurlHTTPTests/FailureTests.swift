import CurlHTTP
import HTTP
import Synchronization
import TestSupport
import Testing

@Suite("Servers that do not do as they should", .tags(.servers))
struct FailureTests {
    private var hasty: HTTPPolicy {
        var policy = HTTPPolicy.once
        policy.connectTimeout = .milliseconds(300)
        policy.tryTimeout = .milliseconds(600)
        return policy
    }

    @Test("a refused connection has certainly brought nothing there")
    func refused() async throws {
        let port = try LoopbackServer { _, _ in }.port
        let error = try await CurlTransport(policy: .once).failure(HTTPRequest(.post, try url(port)))
        #expect(error?.code == .unreachable)
        #expect(error?.mayHaveArrived == false)
    }

    @Test("so has a name that nobody has")
    func noSuchHost() async throws {
        let error = try await CurlTransport(policy: .once).failure(
            HTTPRequest(.post, try HTTPURL("https://ork.invalid/?q=secret")))
        #expect(error?.code == .unreachable)
        #expect(error?.mayHaveArrived == false)
        #expect(error?.message.contains("ork.invalid") == true)
        #expect(error?.message.contains("secret") == false)
    }

    @Test("so has a TLS handshake that never ends")
    func stallInHandshake() async throws {
        let server = try LoopbackServer { _, connection in connection.stall() }
        let error = try await CurlTransport(policy: hasty).failure(
            HTTPRequest(.post, try HTTPURL("https://127.0.0.1:\(server.port)/")))
        #expect(error?.code == .timeout)
        #expect(error?.mayHaveArrived == false)
    }

    @Test("so has a TLS handshake with a server that does not speak it")
    func plainServer() async throws {
        let server = try RawServer(sending: "HTTP/1.1 400 Bad Request\r\n\r\n")
        let error = try await CurlTransport(policy: .once).failure(
            HTTPRequest(.post, try HTTPURL("https://127.0.0.1:\(server.port)/")))
        #expect(error?.code == .unreachable)
        #expect(error?.mayHaveArrived == false)
    }

    @Test("a request that has less time than a try may take is left after its own")
    func shorterTime() async throws {
        let server = try LoopbackServer { _, connection in connection.stall() }
        // Without a time of its own it would be waited for until the server gives up.
        let request = HTTPRequest(.get, try url(server.port), timeout: .milliseconds(200))
        var policy = HTTPPolicy.once
        policy.tryTimeout = .seconds(3600)
        policy.deadline = .seconds(3600)
        #expect(try await CurlTransport(policy: policy).failure(request)?.code == .timeout)
    }

    @Test(
        "a server that says nothing, or stops in the middle, is left after the time for a try",
        arguments: [
            "", "HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
        ])
    func stall(beginning: String) async throws {
        let server = try LoopbackServer { _, connection in
            connection.send(beginning)
            connection.stall()
        }
        let error = try await CurlTransport(policy: hasty).failure(HTTPRequest(.post, try url(server.port)))
        #expect(error?.code == .timeout)
        #expect(error?.mayHaveArrived == true)
    }

    @Test(
        "an answer that is cut or no HTTP is no answer",
        arguments: [
            "", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n12345\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n12345",
            "SSH-2.0-OpenSSH_9.2\r\n", "<html>hello</html>", "HTTP/1.1 banana\r\n\r\n", "\u{0}\u{1}\u{2}\u{3}",
        ])
    func garbage(bytes: String) async throws {
        let server = try LoopbackServer { _, connection in
            connection.send(bytes)
            connection.close()
        }
        let error = try await CurlTransport(policy: .once).failure(HTTPRequest(.get, try url(server.port)))
        #expect(error?.code == .interrupted)
        #expect(error?.mayHaveArrived == true)
    }

    @Test("no beginning of an answer passes for an answer, wherever the connection ends")
    func cutAnywhere() async throws {
        let whole = Array("HTTP/1.1 103 -\r\nA: 1\r\n\r\nHTTP/1.1 200 -\r\nA: 1\r\nContent-Length: 2\r\n\r\n{}".utf8)
        let server = try LoopbackServer { request, connection in
            connection.send(Array(whole.prefix(Int(request.message.target.dropFirst()) ?? 0)))
            connection.close()
        }
        let requests = try (0...whole.count).map { HTTPRequest(.get, try url(server.port, "/\($0)")) }
        let answers = try await CurlTransport(policy: .once).answers(requests)
        #expect(answers.count == whole.count + 1)
        for (index, answer) in answers {
            #expect(((try? answer.get()) != nil) == (index == whole.count), "after \(index) bytes")
        }
    }

    @Test(
        "a body over the limit ends the transfer, announced or not",
        arguments: [
            ["Content-Length: 1001"], ["Transfer-Encoding: chunked"], ["Connection: close"],
        ])
    func tooLarge(headers: [String]) async throws {
        let server = try LoopbackServer { _, connection in
            connection.send("HTTP/1.1 200 OK\r\n\(headers[0])\r\n\r\n")
            if headers[0].hasPrefix("Transfer") { connection.send("3e9\r\n") }
            connection.send([UInt8](repeating: 120, count: 1001))
            if headers[0].hasPrefix("Transfer") { connection.send("\r\n0\r\n\r\n") }
            connection.close()
        }
        var policy = HTTPPolicy.quick
        policy.bodyLimit = 1000
        let error = try await CurlTransport(policy: policy).failure(HTTPRequest(.get, try url(server.port)))
        #expect(error?.code == .tooLarge)
        #expect(server.requests.count == 1)
        policy.bodyLimit = 1001
        #expect(
            try await CurlTransport(policy: policy).answer(HTTPRequest(.get, try url(server.port))).body.count == 1001)
    }

    @Test("header fields without end are not taken for ever")
    func endlessHeaders() async throws {
        let server = try LoopbackServer { _, connection in
            connection.send("HTTP/1.1 200 OK\r\n")
            let field = "X-Long: " + String(repeating: "x", count: 1000) + "\r\n"
            for _ in 0..<20_000 { connection.send(field) }
            connection.send("\r\n")
            connection.close()
        }
        let error = try await CurlTransport(policy: .once).failure(HTTPRequest(.get, try url(server.port)))
        #expect(error?.code == .interrupted)
    }

    @Test("what nobody waits for is given up when somebody asks to stop")
    func stopping() async throws {
        let isStopping = Atomic<Bool>(false)
        let server = try LoopbackServer { _, connection in
            isStopping.store(true, ordering: .relaxed)
            connection.stall()
        }
        var policy = HTTPPolicy.once
        policy.givesUpWhenStopping = true
        let observer = TransferObserver(isStopping: { isStopping.load(ordering: .relaxed) })
        let transport = CurlTransport(policy: policy, observer: observer)
        let error = try await transport.failure(HTTPRequest(.post, try url(server.port)))
        #expect(error?.message == "stopped before there was an answer")
        #expect(error?.mayHaveArrived == true)
    }
}
