import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_fly_secret

/// The binary as the host runs it, over a socket, and the published document of the API that its requests and the stand-in's
/// answers keep to.
@Suite(.tags(.servers)) struct ClientTests {
    private static let name = FlyFixture.name
    private static let program = PublisherProgram("ork-publisher-fly-secret")

    private static func server(holding secret: Secret? = SampleKeys.predecessor) async throws -> FlyServer {
        try await onOwnThread {
            try FlyServer { fly, now in
                fly.set("NEIGHBOUR", "stays", at: now)
                if let secret { fly.set(name, SampleKeys.text(secret), at: now) }
                for number in 1...3 { fly.add("m\(number)", at: now) }
                fly.add("m4", state: "stopped", at: now)
                fly.launching = ["started"]
            }
        }
    }

    private static func run(_ verb: Verb, at server: FlyServer, receipt: JSONValue? = nil) async throws -> JSONValue? {
        var with = FlyFixture.with
        with["url"] = .string("\(server.url)/v1")
        let token = server.service { fly, _ in fly.token }
        var input = try PublisherProgram.requests(verb, [("web", with)], expect: [SampleKeys.predecessor])
        if let receipt, let request = try JSONValue(parsing: Array(input.utf8.dropLast())).object {
            var request = request
            request["receipt"] = receipt
            input = JSONValue.object(request).text() + "\n"
        }
        return try await program.run(
            verb.rawValue, input: input, environment: ["FLY_API_TOKEN": token], hiding: [Secret(token)])["web"]
    }

    @Test("it says what it can do")
    func info() async throws {
        let information = try #require(try await Self.program.run("info", environment: [:])["info"])
        #expect(
            information["digest"] == true && information["readback"] == "none" && information["rollback"] == "value"
                && information["batch"] == true)
        #expect(information["with"]?["required"] == ["app", "name"])
        #expect(information["environment"]?["required"] == ["FLY_API_TOKEN"])
    }

    @Test("it writes, updates the machines and verifies")
    func steps() async throws {
        let server = try await Self.server()
        let checked = try await Self.run(.check, at: server)
        #expect(checked?["outcome"] == "ready", "\(checked as Any)")
        let published = try await Self.run(.publish, at: server)
        #expect(published?["outcome"] == "committed", "\(published as Any)")
        let verified = try await Self.run(.verify, at: server, receipt: published?["receipt"])
        #expect(verified?["outcome"] == "match", "\(verified as Any)")
        server.service { fly, _ in
            #expect(fly.machines.allSatisfy { SampleKeys.name($0.secrets[Self.name]) == "successor" })
            #expect(fly.machines.map(\.state) == ["started", "started", "started", "stopped"])
        }
    }

    @Test("our requests, and what the stand-in answers, are by the published OpenAPI of the Machines API")
    func published() async throws {
        let fixture = FlyFixture(machines: ["m1", "m2"])
        fixture.fly { fly, now in
            fly.add("m3", state: "stopped", at: now)
            fly.machines[0].isCordoned = true
            fly.machines[1].hostStatus = "unreachable"
        }
        _ = fixture.ask(.check)
        _ = fixture.ask(.publish)
        fixture.fly { fly, _ in fly.machines[1].hostStatus = "ok" }
        let answer = fixture.ask(.publish)
        _ = fixture.ask(.verify, receipt: answer.receipt)
        _ = fixture.ask(.check, ["app": "other"])
        let run = try await Python.run("exchanges.py", input: fixture.transcript.text())
        #expect(run.succeeded && run.output.contains(" exchanges of 7 operations"), "\(run.output)")
    }

    @Test("it keeps the contract, with a machine and without one")
    func conform() async throws {
        for machines in [1, 0] {
            let server = try await onOwnThread {
                try FlyServer { fly, now in
                    for number in 0..<machines { fly.add("m\(number)", at: now) }
                    fly.launching = ["started"]
                }
            }
            let token = server.service { fly, _ in fly.token }
            let words =
                [BuiltProduct.path("ork-conform"), BuiltProduct.path("ork-publisher-fly-secret")]
                + ["app=shop", "name=KEY", "url=\(server.url)/v1"].flatMap { ["--with", $0] } + [
                    "--env", "FLY_API_TOKEN",
                ]
            let run = try await CommandRun(words, environment: ["FLY_API_TOKEN": token, "PATH": "/usr/bin:/bin"])
            #expect(
                run.output.split(separator: "\n").last == "21 passed, 0 failed, 3 skipped",
                "\(run.output) \(run.errors)")
        }
    }
}
