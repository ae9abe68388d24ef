import CurlHTTP
import FoundationEssentials
import HTTP
import Secrets
import TestSupport
import Testing

@Suite("What goes out and what comes back", .tags(.servers))
struct ExchangeTests {
    @Test("a request arrives as it was meant")
    func requestArrives() async throws {
        let server = try LoopbackServer { _, connection in connection.respond(200) }
        let request = HTTPRequest(
            .patch, try url(server.port, "/a/../b?q=%2F"), headers: [("X-Empty", ""), ("X-Note", "two  words")],
            bearer: Secret("token-1"), body: Array(#"{"a": "b"}"#.utf8))
        let transport = CurlTransport(policy: .once, userAgent: "ork/1.2.3")
        #expect(try await transport.answer(request).status == 200)

        let message = try #require(server.requests.first).message
        #expect(message.startLine == "PATCH /a/../b?q=%2F HTTP/1.1")
        #expect(message.text == #"{"a": "b"}"#)
        let fields = Dictionary(uniqueKeysWithValues: message.headers.map { ($0.name, $0.value) })
        #expect(
            fields == [
                "host": "127.0.0.1:\(server.port)", "user-agent": "ork/1.2.3", "accept": "application/json",
                "content-type": "application/json", "content-length": "10", "authorization": "Bearer token-1",
                "x-empty": "", "x-note": "two  words",
            ])
    }

    @Test("what the caller gives replaces the defaults")
    func defaultsGiveWay() async throws {
        let server = try LoopbackServer { _, connection in connection.respond(200) }
        let request = HTTPRequest(
            .post, try url(server.port), headers: [("Accept", "text/plain"), ("Content-Type", "text/csv")], body: [65])
        _ = try await CurlTransport(policy: .once).answer(request)
        let message = try #require(server.requests.first).message
        #expect(message.headers.filter { $0.name == "accept" }.map(\.value) == ["text/plain"])
        #expect(message.headers.filter { $0.name == "content-type" }.map(\.value) == ["text/csv"])
    }

    @Test(
        "every method goes out under its name, with a length where a body is expected",
        arguments: [
            (HTTPRequest.Method.get, nil), (.post, "0"), (.put, "0"), (.patch, "0"), (.delete, nil),
        ] as [(HTTPRequest.Method, String?)])
    func methodsKeepTheirNames(method: HTTPRequest.Method, length: String?) async throws {
        let server = try LoopbackServer { _, connection in connection.respond(204) }
        #expect(try await CurlTransport(policy: .once).answer(HTTPRequest(method, try url(server.port))).status == 204)
        let message = try #require(server.requests.first).message
        #expect(message.method == method.rawValue)
        #expect(message[header: "content-length"] == length)
        #expect(message[header: "content-type"] == nil)
    }

    @Test("a large body goes out at once, without asking first")
    func largeBody() async throws {
        let server = try LoopbackServer { request, connection in
            connection.respond(200, body: "\(request.message.body.count)")
        }
        let body = [UInt8](repeating: 120, count: 3 << 20)
        let answer = try await CurlTransport(policy: .once).answer(HTTPRequest(.put, try url(server.port), body: body))
        #expect(String(decoding: answer.body, as: UTF8.self) == "3145728")
        #expect(server.requests.first?.message[header: "expect"] == nil)
    }

    @Test("a response comes back whole")
    func responseComesBack() async throws {
        let server = try LoopbackServer { _, connection in
            connection.send(
                "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 201 Created\r\nX-A: 1\r\nx-a: 2\r\n")
            connection.send("Date: Mon, 23 Nov 2026 03:04:05 GMT\r\nTransfer-Encoding: chunked\r\n\r\n")
            connection.send("3\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n")
        }
        let answer = try await CurlTransport(policy: .once).answer(HTTPRequest(.get, try url(server.port)))
        #expect(answer.status == 201)
        #expect(answer.body == Array("abcde".utf8))
        #expect(answer.headers.map(\.name) == ["x-a", "x-a", "date", "transfer-encoding"])
        #expect(answer.headers.map(\.value).prefix(2) == ["1", "2"])
        #expect(answer.date == Date(timeIntervalSince1970: 1_795_403_045))
    }

    @Test("a redirect is handed over and not followed")
    func redirectIsNotFollowed() async throws {
        let other = try LoopbackServer { _, connection in connection.respond(200) }
        let server = try LoopbackServer { _, connection in
            connection.respond(307, headers: [("Location", "http://127.0.0.1:\(other.port)/")])
        }
        let request = HTTPRequest(.get, try url(server.port), bearer: Secret("token-1"))
        #expect(try await CurlTransport(policy: .once).answer(request).status == 307)
        #expect(other.connections == 0)
    }

    @Test(
        "a challenge does not make libcurl send a request again", arguments: ["Bearer", "Basic realm=x", "Negotiate"])
    func challengeIsHandedOver(challenge: String) async throws {
        let server = try LoopbackServer { _, connection in
            connection.respond(401, headers: [("WWW-Authenticate", challenge)])
        }
        let request = HTTPRequest(.post, try url(server.port), bearer: Secret("token-1"), body: [65])
        #expect(try await CurlTransport(policy: .quick).answer(request).status == 401)
        #expect(server.requests.count == 1)
    }

    @Test("IPv6 and names of this machine", arguments: ["[::1]", "localhost", "a.b.localhost"])
    func otherLoopbacks(host: String) async throws {
        let server = try LoopbackServer(ipv6: host == "[::1]") { _, connection in connection.respond(200) }
        let url = try HTTPURL("http://\(host):\(server.port)/")
        #expect(try await CurlTransport(policy: .once).answer(HTTPRequest(.get, url)).status == 200)
    }

    @Test(
        "what cannot be sent as it was meant is refused",
        arguments: [
            (.get, [("X-A", "1\r\nX-B: 2")], nil, nil), (.get, [("X-A", "1\nX-B: 2")], nil, nil),
            (.get, [("X-A", "\u{0}")], nil, nil), (.get, [("X-A", "\t")], nil, nil),
            (.get, [("X-A: 1\r\nX-B", "2")], nil, nil), (.get, [("", "2")], nil, nil), (.get, [("X A", "2")], nil, nil),
            (.get, [("Authorization", "Bearer x")], nil, nil), (.get, [("host", "evil.example")], nil, nil),
            (.post, [("Content-Length", "0")], nil, "a"), (.post, [("Transfer-Encoding", "chunked")], nil, "a"),
            (.get, [], "token\n", nil), (.get, [], "to ken", nil), (.get, [], "", nil), (.get, [], "t\r\nX-B: 2", nil),
            (.get, [], nil, "body"),
        ] as [(HTTPRequest.Method, [(String, String)], String?, String?)])
    func injectionIsRefused(
        method: HTTPRequest.Method, headers: [(String, String)], bearer: String?, body: String?
    ) async throws {
        let server = try LoopbackServer { _, connection in connection.respond(200) }
        let request = HTTPRequest(
            method, try url(server.port), headers: headers.map { (name: $0.0, value: $0.1) },
            bearer: bearer.map { Secret($0) }, body: body.map { Array($0.utf8) })
        let error = try #require(try await CurlTransport(policy: .quick).failure(request))
        #expect(error.code == .invalid)
        #expect(!error.mayHaveArrived)
        #expect(server.connections == 0)
    }

    @Test("a path that breaks out of the address is refused", arguments: [" /x", "\r\nX-B: 2", "#x"])
    func brokenAddressIsRefused(path: String) async throws {
        let server = try LoopbackServer { _, connection in connection.respond(200) }
        let error = try await CurlTransport(policy: .quick).failure(
            HTTPRequest(.get, try url(server.port).appending(path)))
        #expect(error?.code == .invalid)
        #expect(server.connections == 0)
    }
}
