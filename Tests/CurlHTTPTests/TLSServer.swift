import TestSupport

/// Certificates made for one test and OpenSSL's own server to show them.
struct TLSServer {
    private let folder: TemporaryDirectory

    /// A tool that did not do its work.
    struct Failure: Error {
        let tool: String
    }

    /// Makes a private authority and a certificate of it for `subjectAltName`, `IP:127.0.0.1` for instance.
    init(for subjectAltName: String) async throws {
        folder = try TemporaryDirectory()
        try await make("authority", ["-subj", "/CN=authority"])
        try await make(
            "server",
            [
                "-subj", "/CN=server", "-CA", folder.file("authority.pem"), "-CAkey", folder.file("authority.key"),
                "-addext", "subjectAltName=\(subjectAltName)", "-addext", "basicConstraints=critical,CA:FALSE",
            ])
    }

    /// The file with the authority's certificate.
    var authority: String { folder.file("authority.pem") }

    /// The server's own certificate, which a client may show too, and its key.
    var certificate: String { folder.file("server.pem") }
    var key: String { folder.file("server.key") }

    private func make(_ name: String, _ arguments: [String]) async throws {
        let common = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-keyout", folder.file("\(name).key"), "-out", folder.file("\(name).pem"),
        ]
        let result = try await CommandRun(["openssl"] + common + arguments)
        guard result.succeeded else { throw Failure(tool: "openssl req") }
    }

    /// Runs `body` with the port of a server that answers every GET with 200.
    func serve<Value: Sendable>(
        _ options: [String] = [], _ body: @Sendable (Int) async throws -> Value
    ) async throws -> Value {
        let arguments = [
            "s_server", "-www", "-accept", "127.0.0.1:0", "-cert", folder.file("server.pem"),
            "-key", folder.file("server.key"),
        ]
        let server = try await onOwnThread {
            try ServerProgram(["/usr/bin/openssl"] + arguments + options) { $0.hasPrefix("ACCEPT ") }
        }
        defer { server.kill() }
        let line = String(decoding: server.greeting, as: UTF8.self)
        guard let colon = line.lastIndex(of: ":"),
            let port = Int(line[line.index(after: colon)...].prefix { $0.isNumber })
        else { throw Failure(tool: "openssl s_server") }
        return try await body(port)
    }
}
