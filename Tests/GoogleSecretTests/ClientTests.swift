import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_google_secret

/// The binary as the host runs it, over a socket, and Google's own client with its discovery documents at the same stand-in.
@Suite(.tags(.servers)) struct ClientTests {
    private static let program = PublisherProgram("ork-publisher-google-secret")

    private static func server(holding secret: Secret? = SampleKeys.predecessor) async throws -> CloudServer {
        try await onOwnThread {
            try CloudServer { google, now in
                google.secrets[CloudFixture.name] = []
                if let secret { google.add(CloudFixture.name, SampleKeys.text(secret), at: now) }
                google.serve("web", CloudFixture.name, at: now)
                google.isFast = true
            }
        }
    }

    private static func run(_ verb: Verb, at server: CloudServer) async throws -> JSONValue? {
        var with = CloudFixture.with
        with["url"] = .string("\(server.url)/v1")
        with["run_url"] = .string("\(server.url)/v2")
        let token = server.service { google, _ in google.token }
        return try await program.run(
            verb.rawValue,
            input: try PublisherProgram.requests(verb, [("web", with)], expect: [SampleKeys.predecessor]),
            environment: ["GOOGLE_OAUTH_ACCESS_TOKEN": token], hiding: [Secret(token)])["web"]
    }

    @Test("it says what it can do")
    func info() async throws {
        let information = try #require(try await Self.program.run("info", environment: [:])["info"])
        #expect(
            information["readback"] == "value" && information["rollback"] == "value" && information["batch"] == true)
        #expect(information["with"]?["required"] == ["project", "name"])
    }

    @Test("Google's client reads what it wrote, and its forced revision is sent as ours is")
    func client() async throws {
        let server = try await Self.server()
        let checked = try await Self.run(.check, at: server)
        #expect(checked?["outcome"] == "ready", "\(checked as Any)")
        let published = try await Self.run(.publish, at: server)
        #expect(published?["outcome"] == "committed", "\(published as Any)")
        let verified = try await Self.run(.verify, at: server)
        #expect(verified?["outcome"] == "match", "\(verified as Any)")
        let token = server.service { google, _ in google.token }
        let read = try await Python.run("client.py", [server.url, token, CloudFixture.name])
        try #require(read.succeeded, "\(read.output)")
        let seen = try JSONValue(parsing: read.output.utf8)
        #expect(
            seen["value"] == .string(SampleKeys.text(SampleKeys.successor)) && seen["versions"] == 2, "\(read.output)")
        let revision = published?["receipt"]?["services"]?["europe-west1/web"]?["revision"]?.string ?? "none"
        #expect(seen["serves"]?.string?.hasSuffix("/revisions/\(revision)") == true, "\(read.output)")
        let bodies = server.bodies("PATCH")
        #expect(
            bodies.count == 2 && bodies.first?["template"] == bodies.last?["template"]
                && bodies.first?.object?.keys == bodies.last?.object?.keys, "\(bodies)")
    }

    @Test("our requests, and what the stand-in answers, are by Google's discovery documents")
    func documents() async throws {
        let fixture = CloudFixture()
        _ = fixture.ask(.check)
        let answer = fixture.ask(.publish)
        _ = fixture.ask(.verify, receipt: answer.receipt)
        fixture.finish()
        _ = fixture.ask(.verify)
        _ = fixture.ask(.check, ["services": ["europe-west1/other"]])
        let run = try await Python.run("documents.py", input: fixture.transcript.text())
        #expect(run.succeeded && run.output.contains(" exchanges of 6 methods"), "\(run.output)")
    }

    @Test("it keeps the contract, with a service and without one")
    func conform() async throws {
        for services in [["services=europe-west1/web"], []] {
            let server = try await Self.server(holding: nil)
            let token = server.service { google, _ in google.token }
            let reader =
                "curl -fsS -H \"Authorization: Bearer $GOOGLE_OAUTH_ACCESS_TOKEN\" '\(server.url)/v1/projects/acme/secrets/\(CloudFixture.name)/versions/latest:access'"
                + " | jq -r .payload.data | base64 -d"
            let settings =
                [
                    "project=acme", "name=\(CloudFixture.name)", "url=\(server.url)/v1", "run_url=\(server.url)/v2",
                ] + services
            let words =
                [BuiltProduct.path("ork-conform"), BuiltProduct.path("ork-publisher-google-secret")]
                + settings.flatMap { ["--with", $0] }
                + ["--env", "GOOGLE_OAUTH_ACCESS_TOKEN", "--target-command", reader]
            let run = try await CommandRun(
                words, environment: ["GOOGLE_OAUTH_ACCESS_TOKEN": token, "PATH": "/usr/bin:/bin"])
            #expect(
                run.output.split(separator: "\n").last == "23 passed, 0 failed, 1 skipped",
                "\(run.output) \(run.errors)")
        }
    }
}
