import ChildProcesses
import FoundationEssentials
import Glibc
import HTTP
import JSON
import PublisherKit
import Secrets
import Sodium
import Synchronization
import TestSupport
import Testing

/// The binary as the host runs it.
@Suite(.tags(.servers)) struct ProgramTests {
    /// What it printed, by id.
    private func run(
        _ word: String, _ environment: [String: String], input: String = "", hides secrets: [Secret] = []
    ) async throws -> [String: JSONValue] {
        try await PublisherProgram("ork-publisher-vault-kv").run(
            word, input: input, environment: environment, hiding: secrets)
    }

    private func lines(
        _ verb: Verb, _ targets: [(name: String, with: JSONObject)], expect: [Secret] = []
    ) throws -> String {
        let targets = targets.map { name, with in
            var with = with
            with["field"] = "KEY"
            return (name: name, with: with)
        }
        return try PublisherProgram.requests(verb, targets, expect: expect, rotation: Rotations.ours)
    }

    @Test("it says what it is")
    func info() async throws {
        let information = try #require(try await run("info", [:])["info"])
        #expect(
            information["batch"] == true && information["readback"] == "value" && information["rollback"] == "native")
        #expect(information["with"]?["required"] == ["path", "field"])
        #expect(information["environment"]?["required"] == [])
    }

    @Test("it writes, reads back and leaves no token behind")
    func writes() async throws {
        let server = try await onOwnThread { try OpenBaoServer() }
        let role = try server.role("ork")
        let environment = [
            "VAULT_ADDR": server.url, "VAULT_ROLE_ID": role.id, "VAULT_SECRET_ID": SampleKeys.text(role.secretID),
        ]
        let targets: [(String, JSONObject)] = [
            ("a", ["path": "apps/a", "auth": "approle"]), ("b", ["path": "apps/b", "auth": "approle"]),
            ("c", ["path": "apps/c", "mount": "kv1", "auth": "approle"]),
        ]
        func tokens() async throws -> Int? {
            try await onOwnThread {
                try server.ask(.get, "auth/token/accessors?list=true").body?["data"]?["keys"]?.array?.count
            }
        }
        let before = try await tokens()
        for (verb, outcome) in [
            (Verb.check, "ready"), (.verify, "absent"), (.publish, "committed"), (.verify, "match"),
            (.publish, "unchanged"),
        ] {
            let answers = try await run(
                verb.rawValue, environment, input: try lines(verb, targets), hides: [role.secretID])
            for (name, _) in targets { #expect(answers[name]?["outcome"] == .string(outcome), "\(answers)") }
        }
        let after = try await tokens()
        #expect(before != nil && before == after)
    }

    @Test(
        "a private authority is trusted when the environment names it, and a certificate of another name is not",
        arguments: [
            ("DNS:localhost", "localhost", "VAULT_CACERT", true), ("IP:127.0.0.1", "127.0.0.1", "CURL_CA_BUNDLE", true),
            ("DNS:localhost", "127.0.0.1", "VAULT_CACERT", false), ("DNS:localhost", "localhost", nil, false),
        ] as [(String, String, String?, Bool)])
    func tls(name: String, host: String, variable: String?, isTrusted: Bool) async throws {
        let server = try await onOwnThread { try OpenBaoServer(tlsName: name) }
        var environment = [
            "VAULT_ADDR": "https://\(host):\(server.port)", "VAULT_TOKEN": SampleKeys.text(try server.token("full")),
        ]
        if let variable { environment[variable] = server.authority }
        let answer = try await run(
            "publish", environment, input: try lines(.publish, [("a", ["path": "apps/a"])]),
            hides: [try server.token("full")])["a"]
        if isTrusted {
            #expect(answer?["outcome"] == "committed", "\(answer ?? nil)")
        } else {
            #expect(answer?["outcome"] == "rejected")
            #expect(answer?["error"]?["message"]?.string?.contains("is not trusted") == true, "\(answer ?? nil)")
        }
    }

    @Test(
        "a publisher that is killed at its write is started again, and the key is there once",
        arguments: [(true, "unchanged", 2), (false, "committed", 2)])
    func killed(isWritten: Bool, outcome: String, version: Int) async throws {
        let server = try await onOwnThread { try OpenBaoServer() }
        let environment = ["VAULT_TOKEN": SampleKeys.text(try server.token("full"))]
        let input = try lines(.publish, [("a", ["path": "apps/a"])], expect: [SampleKeys.predecessor])
        try await onOwnThread {
            try server.ask(
                .post, "secret/data/apps/a", ["data": ["KEY": SampleKeys.value(SampleKeys.predecessor), "OTHER": "x"]])
            let process = Mutex<Int32>(0)
            let kill: @Sendable () -> Void = {
                // The process is known some milliseconds after its start.
                while process.withLock({ $0 }) == 0 { usleep(1000) }
                _ = Glibc.kill(process.withLock { $0 }, SIGKILL)
            }
            let proxy = try FaultProxy(upstreamPort: server.port)
            proxy.faults = [
                Fault(isWritten ? .notifyBeforeReply(kill) : .notifyBeforeRequest(kill)) { method, _ in
                    method == "PATCH"
                },
                Fault(isWritten ? .dropReply : .dropRequest) { method, _ in method == "PATCH" },
            ]
            let address = ["VAULT_ADDR": "http://127.0.0.1:\(proxy.port)"]
            let publisher = Program(
                [BuiltProduct.path("ork-publisher-vault-kv"), "publish"],
                environment: environment.merging(address) { $1 })
            let run = publisher.run(Run.Options(input: Secret(input))) { number in process.withLock { $0 = number } }
            #expect(run.ending == .signalled(SIGKILL) && run.output.count == 0)
        }
        let answers = try await run("publish", environment.merging(["VAULT_ADDR": server.url]) { $1 }, input: input)
        #expect(answers["a"]?["outcome"] == .string(outcome), "\(answers)")
        let held = try await onOwnThread { try server.ask(.get, "secret/data/apps/a").body?["data"] }
        #expect(held?["data"] == ["KEY": SampleKeys.value(SampleKeys.successor), "OTHER": "x"])
        #expect(held?["metadata"]?["version"]?.integer == version)
    }
}
