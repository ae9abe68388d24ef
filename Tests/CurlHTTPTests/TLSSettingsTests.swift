import CurlHTTP
import FoundationEssentials
import HTTP
import Secrets
import TestSupport
import Testing

@Suite("One server's own authority, certificate and name", .tags(.servers))
struct TLSSettingsTests {
    private static func read(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path))) }

    private static func ask(
        _ server: TLSServer, options: [String] = [], host: String = "127.0.0.1", environment: [String: String] = [:],
        _ tls: TLSSettings
    ) async throws -> Result<HTTPResponse, TransportError> {
        try await server.serve(options) { port in
            let transport = CurlTransport(policy: .once, environment: environment, tls: tls)
            return try await transport.answers([HTTPRequest(.get, try HTTPURL("https://\(host):\(port)/"))])[0].answer
        }
    }

    @Test("an authority that is given as bytes is trusted")
    func authority() async throws {
        let server = try await TLSServer(for: "IP:127.0.0.1")
        let tls = TLSSettings(authorities: try Self.read(server.authority))
        #expect(try await Self.ask(server, tls).get().status == 200)
    }

    @Test("and no other one beside it, also where the environment names it")
    func others() async throws {
        let server = try await TLSServer(for: "IP:127.0.0.1")
        let stranger = try await TLSServer(for: "IP:127.0.0.1")
        let tls = TLSSettings(authorities: try Self.read(stranger.authority))
        let answer = try await Self.ask(server, environment: ["CURL_CA_BUNDLE": server.authority], tls)
        guard case .failure(let error) = answer else { throw Wrong() }
        #expect(error.code == .untrusted && !error.mayHaveArrived)
        #expect(error.message.hasPrefix("the certificate of 127.0.0.1 is not trusted: it is of another authority"))
    }

    @Test(
        "the name that the certificate must have can be another than the address's",
        arguments: [
            ("127.0.0.1", "api.example", "api.example", true), ("127.0.0.1", "other.example", "api.example", false),
            ("localhost", "localhost", "api.example", false), ("localhost", "api.example", "api.example", true),
        ])
    func serverName(host: String, name: String, subject: String, isTrusted: Bool) async throws {
        let server = try await TLSServer(for: "DNS:\(subject)")
        let tls = TLSSettings(authorities: try Self.read(server.authority), serverName: name)
        switch try await Self.ask(server, host: host, tls) {
        case .success(let response): #expect(isTrusted && response.status == 200)
        case .failure(let error): #expect(!isTrusted && error.code == .untrusted && !error.mayHaveArrived)
        }
    }

    @Test("a client certificate is shown to a server that wants one", arguments: [true, false])
    func client(_ hasOne: Bool) async throws {
        let server = try await TLSServer(for: "IP:127.0.0.1")
        var tls = TLSSettings(authorities: try Self.read(server.authority))
        if hasOne {
            tls.client = .init(
                certificate: try Self.read(server.certificate), key: Secret(try Self.read(server.key)))
        }
        switch try await Self.ask(
            server, options: ["-Verify", "1", "-verify_return_error", "-CAfile", server.authority], tls)
        {
        case .success(let response): #expect(hasOne && response.status == 200)
        case .failure: #expect(!hasOne)
        }
    }

    @Test("what is no certificate, or not that key's, is told")
    func broken() async throws {
        let server = try await TLSServer(for: "IP:127.0.0.1")
        let stranger = try await TLSServer(for: "IP:127.0.0.1")
        var tls = TLSSettings(authorities: Array("-----BEGIN CERTIFICATE-----\n".utf8))
        guard case .failure(let authority) = try await Self.ask(server, tls) else { throw Wrong() }
        #expect(authority.code == .untrusted)
        #expect(authority.message == "the authority that is given for 127.0.0.1 is no certificate in PEM")
        tls = TLSSettings(
            authorities: try Self.read(server.authority),
            client: .init(certificate: try Self.read(server.certificate), key: Secret(try Self.read(stranger.key))))
        guard case .failure(let client) = try await Self.ask(server, tls) else { throw Wrong() }
        #expect(client.code == .untrusted && client.message.hasPrefix("the client certificate for 127.0.0.1"))
    }

    private struct Wrong: Error {}
}
