import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_vault_kv

/// Which KV version a mount has, where Vault does not tell it of the mount.
@Suite(.tags(.servers)) struct VersionTests {
    private static let denied = Fault.Effect.answer(
        status: 403, headers: [("Content-Type", "application/json")],
        body: #"{"errors": ["preflight capability check returned 403"]}"#)

    @Test(
        "it is found out by asking for the secret", arguments: ["secret", "kv1", "apps/kv"], [true, false])
    func asked(mount: String, isThere: Bool) async throws {
        try await VaultFixture.run { fixture in
            if isThere {
                try fixture.put(["KEY": SampleKeys.value(SampleKeys.predecessor), "OTHER": "x"], mount: mount)
            }
            fixture.fail(.get, "ui/mounts", times: 9, Self.denied)
            let answer = try fixture.ask(.publish, ["mount": .string(mount)])
            #expect(answer.outcome == .committed, "\(answer)")
            let expected: JSONValue =
                isThere
                ? ["KEY": SampleKeys.value(SampleKeys.successor), "OTHER": "x"]
                : ["KEY": SampleKeys.value(SampleKeys.successor)]
            #expect(try fixture.fields(mount) == expected)
            #expect(try fixture.ask(.verify, ["mount": .string(mount)]).outcome == .match)
        }
    }

    @Test("also by a token that may see all of the mount, and where the version was deleted")
    func asRoot() async throws {
        try await VaultFixture.run { fixture in
            try fixture.put(["KEY": SampleKeys.value(SampleKeys.predecessor)])
            try fixture.server.ask(.delete, "secret/data/\(fixture.path)")
            fixture.fail(.get, "ui/mounts", times: 9, Self.denied)
            let publisher = try fixture.publisher(["VAULT_TOKEN": SampleKeys.text(fixture.server.root)])
            let answer = try fixture.ask(.publish, of: publisher)
            #expect(answer.outcome == .committed && answer.receipt?["version"] == 2, "\(answer)")
        }
    }

    @Test("a path that means two things is not guessed at", arguments: ["data", "metadata", "config"])
    func ambiguous(first: String) async throws {
        try await VaultFixture.run { fixture in
            fixture.fail(.get, "ui/mounts", times: 9, Self.denied)
            let answer = try fixture.ask(.publish, ["path": .string("\(first)/x")])
            #expect(answer.error?.code == .configuration && answer.error?.field == "with.path", "\(answer)")
        }
    }

    @Test("a path that begins with data/ is taken as it stands, and told of")
    func doubled() async throws {
        try await VaultFixture.run { fixture in
            let answer = try fixture.ask(.publish, ["path": .string("data/\(fixture.path)")])
            #expect(answer.outcome == .committed)
            #expect(answer.message?.contains("the path begins with data/") == true)
            #expect(try fixture.server.ask(.get, "secret/data/data/\(fixture.path)").status == 200)
        }
    }

    @Test("a mount that became another version meanwhile is told")
    func changed() async throws {
        let server = try await onOwnThread { try OpenBaoServer() }
        try await onOwnThread {
            let fixture = try VaultFixture(server)
            let publisher = try fixture.publisher(["VAULT_TOKEN": SampleKeys.text(server.root)])
            #expect(try fixture.ask(.publish, ["mount": "kv1"], of: publisher).outcome == .committed)
            try server.ask(.delete, "sys/mounts/kv1")
            try server.ask(.post, "sys/mounts/kv1", ["type": "kv", "options": ["version": "2"]])
            let answer = try fixture.ask(.publish, ["mount": "kv1"], of: publisher)
            #expect(
                answer.error?.message == "kv1 is of KV version 2, and was taken for version 1", "\(answer)")
        }
    }
}
