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
            #expect(
                error.message
                    == "no connection to api.example through the proxy that https_proxy names, which answers 403; "
                    + "ask whoever runs the proxy to allow api.example, or name api.example in NO_PROXY")
            let message = try #require(proxy.requests.first).message
            #expect(message.startLine == "CONNECT api.example:443 HTTP/1.1")
            #expect(!String(decoding: message.raw, as: UTF8.self).contains("secret"))
        }
    }

    @Test("a proxy that is in the way is told by its variable alone, and only if it was asked")
    func named() async {
        await #expect(processExitsWith: .success) {
            func message(_ variables: [String: String]) async throws -> String {
                for name in ["https_proxy", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
                    unsafe _ = setenv(name, variables[name] ?? "", 1)
                }
                let request = HTTPRequest(.get, try HTTPURL("https://api.invalid/keys"))
                return try #require(try await CurlTransport(policy: .once).failure(request)).message
            }
            let dead = "http://ann:wonderland@127.0.0.1:1"
            for name in ["HTTPS_PROXY", "ALL_PROXY"] {
                let told =
                    "no connection to api.invalid through the proxy that \(name) names (curl 7); check that the proxy is up"
                #expect(try await message([name: dead]) == told)
            }
            #expect(
                try await message(["https_proxy": "http://ann:wonderland@proxy.invalid:3128"])
                    == "no such host for the proxy of api.invalid; check https_proxy")
            for exception in ["api.invalid", "other, .invalid", "*"] {
                let direct = try await message(["HTTPS_PROXY": dead, "NO_PROXY": exception])
                #expect(direct == "no such host: api.invalid; check the address and the network")
            }
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
