import CurlHTTP
import Glibc
import HTTP
import TestSupport
import Testing

@Suite("Certificates and TLS versions", .tags(.servers))
struct TLSTests {
    @Test(
        "a private authority is trusted when the environment names it", arguments: ["CURL_CA_BUNDLE", "SSL_CERT_FILE"])
    func privateAuthority(variable: String) async throws {
        let server = try await TLSServer(for: "IP:127.0.0.1")
        let status = try await server.serve { port in
            let transport = CurlTransport(policy: .once, environment: [variable: server.authority])
            return try await transport.answer(HTTPRequest(.get, try HTTPURL("https://127.0.0.1:\(port)/"))).status
        }
        #expect(status == 200)
    }

    @Test(
        "a certificate is refused, and nothing was sent, when",
        arguments: [
            // Nobody named its authority.
            ("127.0.0.1", "IP:127.0.0.1", false),
            // It is for another host.
            ("localhost", "IP:127.0.0.1", true), ("127.0.0.1", "DNS:localhost", true),
        ])
    func wrongCertificate(host: String, subject: String, isAuthorityNamed: Bool) async throws {
        let server = try await TLSServer(for: subject)
        let error = try await server.serve { port in
            let transport = CurlTransport(
                policy: .quick, environment: isAuthorityNamed ? ["CURL_CA_BUNDLE": server.authority] : [:])
            return try await transport.failure(HTTPRequest(.get, try HTTPURL("https://\(host):\(port)/")))
        }
        #expect(error?.code == .untrusted)
        #expect(error?.mayHaveArrived == false)
    }

    @Test("a file of authorities that is not there is an error, not a reason to trust others")
    func missingBundle() async throws {
        let transport = CurlTransport(policy: .quick, environment: ["CURL_CA_BUNDLE": "/nonexistent/ca.pem"])
        let server = try LoopbackServer { _, _ in }
        let error = try await transport.failure(HTTPRequest(.get, try HTTPURL("https://127.0.0.1:\(server.port)/")))
        #expect(error?.code == .untrusted)
        #expect(error?.message.contains("CURL_CA_BUNDLE") == true)
    }

    @Test("TLS 1.1 is refused and TLS 1.2 is not, even where the system's OpenSSL would take both")
    func oldVersions() async {
        // OpenSSL reads its configuration once, so the test has a process of its own.
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryDirectory()
            let configuration = try folder.write(
                """
                openssl_conf = main
                [main]
                ssl_conf = ssl
                [ssl]
                system_default = defaults
                [defaults]
                MinProtocol = TLSv1
                CipherString = DEFAULT@SECLEVEL=0
                [req]
                distinguished_name = name
                [name]
                """, to: "openssl.cnf")
            unsafe _ = setenv("OPENSSL_CONF", configuration, 1)
            let server = try await TLSServer(for: "IP:127.0.0.1")
            let transport = CurlTransport(policy: .once, environment: ["CURL_CA_BUNDLE": server.authority])
            let old = try await server.serve(["-tls1_1"]) { port in
                try await transport.failure(HTTPRequest(.get, try HTTPURL("https://127.0.0.1:\(port)/")))
            }
            #expect(old?.code == .unreachable)
            #expect(old?.mayHaveArrived == false)
            let new = try await server.serve(["-tls1_2"]) { port in
                try await transport.answer(HTTPRequest(.get, try HTTPURL("https://127.0.0.1:\(port)/"))).status
            }
            #expect(new == 200)
        }
    }
}
