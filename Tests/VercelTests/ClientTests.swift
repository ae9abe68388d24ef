import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

import VercelSandbox
@testable import ork_publisher_vercel

/// The binary as the host runs it, over a socket, and Vercel's own command line at the same stand-in.
@Suite(.tags(.servers)) struct ClientTests {
    private static let name = VercelFixture.name
    private static let program = PublisherProgram("ork-publisher-vercel")

    private static func server(holding secret: Secret? = SampleKeys.predecessor) async throws -> VercelServer {
        try await onOwnThread {
            try VercelServer { vercel, now in
                vercel.add("NEIGHBOUR", "stays", type: "plain", target: ["production", "preview"], at: now)
                if let secret { vercel.add(name, SampleKeys.text(secret), at: now) }
                vercel.newState = "READY"
                vercel.deploy(at: now)
            }
        }
    }

    private static func run(
        _ verb: Verb, at server: VercelServer, _ more: JSONObject = [:], expect: [Secret] = [SampleKeys.predecessor]
    ) async throws -> JSONValue? {
        var with = VercelFixture.with
        with["url"] = .string(server.url)
        for (key, value) in more.members { with[key] = value }
        let token = server.service { vercel, _ in vercel.token.revealed() ?? "" }
        return try await program.run(
            verb.rawValue, input: try PublisherProgram.requests(verb, [("web", with)], expect: expect),
            environment: ["VERCEL_TOKEN": token], hiding: [Secret(token)])["web"]
    }

    @Test("it says what it can do")
    func info() async throws {
        let information = try #require(try await Self.program.run("info", environment: [:])["info"])
        #expect(
            information["readback"] == "value" && information["rollback"] == "value" && information["batch"] == true)
        #expect(information["with"]?["required"] == ["project", "name"])
        #expect(information["environment"]?["required"] == ["VERCEL_TOKEN"])
    }

    @Test("Vercel's own command line reads what it wrote, and its redeploy is the one that we send")
    func commandLine() async throws {
        let server = try await Self.server()
        let checked = try await Self.run(.check, at: server)
        #expect(checked?["outcome"] == "ready", "\(checked as Any)")
        let published = try await Self.run(.publish, at: server)
        #expect(published?["outcome"] == "committed", "\(published as Any)")
        let verified = try await Self.run(.verify, at: server)
        #expect(verified?["outcome"] == "match", "\(verified as Any)")
        let vercel = try await VercelCommandLine(at: server)
        let list = try await vercel.run(["env", "ls"])
        let rows = list.output.split(separator: "\n").filter { $0.contains(Self.name) }
        #expect(rows.count == 1 && rows.first?.contains("Production") == true, "\(list.output) \(list.errors)")
        let pulled = try await vercel.run(["env", "pull", "--environment", "production", "--yes", "pulled.env"])
        let file = try vercel.folder.read("pulled.env")
        #expect(file.contains(SampleKeys.text(SampleKeys.successor)), "\(pulled.errors)")
        let made = try #require(published?["receipt"]?["deployment"]?.string)
        let again = try await vercel.run(["redeploy", "dpl_3", "--no-wait", "--scope", "acme"])
        let bodies = server.bodies("POST", at: "/deployments")
        #expect(again.succeeded && bodies.count == 2 && bodies.first == bodies.last, "\(bodies) \(again.errors)")
        #expect(server.service { vercel, _ in vercel.deployments.contains { $0.id == made } })
    }

    @Test("a rollback by Vercel's own command line is noticed, and its promotion is enough to go on")
    func rollback() async throws {
        let server = try await Self.server()
        let published = try await Self.run(.publish, at: server)
        let made = try #require(published?["receipt"]?["deployment"]?.string)
        let vercel = try await VercelCommandLine(at: server)
        let back = try await vercel.run(["rollback", "dpl_3", "--yes", "--scope", "acme"])
        #expect(back.succeeded && server.service { vercel, _ in vercel.production } == "dpl_3", "\(back.errors)")
        let noticed = try await Self.run(.verify, at: server)
        #expect(
            noticed?["error"]?["message"]?.string?.contains("a rollback in Vercel leads production to") == true,
            "\(noticed as Any)")
        let forth = try await vercel.run(["promote", made, "--yes", "--scope", "acme"])
        #expect(forth.succeeded, "\(forth.errors)")
        let verified = try await Self.run(.verify, at: server)
        #expect(verified?["outcome"] == "match", "\(verified as Any)")
    }

    @Test("a record that Vercel's own command line made is replaced in place, as it made it")
    func addedByHand() async throws {
        let server = try await Self.server(holding: nil)
        let added = try await VercelCommandLine(at: server).run(
            ["env", "add", Self.name, "production", "--sensitive"], input: SampleKeys.text(SampleKeys.predecessor))
        #expect(
            server.service { vercel, _ in vercel.records.last?.type } == "sensitive", "\(added.output) \(added.errors)")
        let before = server.service { vercel, _ in vercel.records.map(\.shape) }
        let published = try await Self.run(.publish, at: server)
        #expect(published?["outcome"] == "committed", "\(published as Any)")
        #expect(server.service { vercel, _ in vercel.records.map(\.shape) } == before)
    }

    @Test(
        "it keeps the contract, with two records and a deployment after each write, and where nothing is deployed",
        arguments: ["production,preview/feature/one", "preview"])
    func conform(environments: String) async throws {
        let server = try await Self.server(holding: nil)
        let token = server.service { vercel, _ in vercel.token.revealed() ?? "" }
        let list = "curl -fsS -H \"Authorization: Bearer $VERCEL_TOKEN\" '\(server.url)"
        let reader = """
            for id in $(\(list)/v10/projects/shop/env?slug=acme' | jq -r '.envs[] | select(.key == "KEY") | .id'); do
            \(list)'/v1/projects/shop/env/$id?slug=acme | jq -r .value; done
            """
        let words =
            [BuiltProduct.path("ork-conform"), BuiltProduct.path("ork-publisher-vercel")]
            + (["project=shop", "team=acme", "name=KEY", "url=\(server.url)", "environments=\(environments)"]).flatMap {
                ["--with", $0]
            }
            + ["--env", "VERCEL_TOKEN", "--target-command", reader]
        let run = try await CommandRun(words, environment: ["VERCEL_TOKEN": token, "PATH": "/usr/bin:/bin"])
        #expect(run.output.split(separator: "\n").last == "23 passed, 0 failed, 1 skipped", "\(run.output)")
    }
}
