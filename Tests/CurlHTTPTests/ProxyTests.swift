import CurlHTTP
import Glibc
import HTTP
import Secrets
import TestSupport
import Testing

@Suite("Proxies of the environment", .tags(.servers))
struct ProxyTests {
    @Test("a proxy is asked for a tunnel, and sees no credential")
    func tunnel() async {
        // The variables belong to the process, so each test has one of its own.
        await #expect(processExitsWith: .success) {
            let proxy = try LoopbackServer { _, connection in
                connection.respond(403)
                connection.close()
            }
            unsafe _ = setenv("https_proxy", "http://127.0.0.1:\(proxy.port)", 1)
            let request = HTTPRequest(
                .post, try HTTPURL("https://api.example/keys?q=secret"), headers: [("X-Note", "secret")],
                bearer: Secret("secret"), body: Array("secret".utf8))
            let error = try #require(try await CurlTransport(policy: .once).failure(request))
            #expect(error.code == .unreachable)
            #expect(!error.mayHaveArrived)
            let message = try #require(proxy.requests.first).message
            #expect(message.startLine == "CONNECT api.example:443 HTTP/1.1")
            #expect(!String(decoding: message.raw, as: UTF8.self).contains("secret"))
        }
    }

    @Test("what is for this machine does not go through a proxy")
    func loopbackIsDirect() async {
        await #expect(processExitsWith: .success) {
            let proxy = try LoopbackServer { _, connection in connection.respond(500) }
            let server = try LoopbackServer { _, connection in connection.respond(200) }
            for name in ["http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"] {
                unsafe _ = setenv(name, "http://127.0.0.1:\(proxy.port)", 1)
            }
            #expect(
                try await CurlTransport(policy: .once).answer(HTTPRequest(.get, try url(server.port))).status == 200)
            #expect(proxy.connections == 0)
        }
    }
}
