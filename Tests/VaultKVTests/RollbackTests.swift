import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_vault_kv

/// The way back to the predecessor: a new version that holds the earlier value.
@Suite(.tags(.servers)) struct RollbackTests {
    /// The predecessor was there, the successor was published, and a neighbour has changed since.
    private static func begin(_ fixture: VaultFixture, _ mount: String) throws -> JSONObject {
        try fixture.put(["KEY": SampleKeys.value(SampleKeys.predecessor), "OTHER": "x"], mount: mount)
        #expect(try fixture.ask(.publish, ["mount": .string(mount)]).outcome == .committed)
        try fixture.put(["KEY": SampleKeys.value(SampleKeys.successor), "OTHER": "y"], mount: mount)
        return ["path": .string(fixture.path), "field": "KEY", "mount": .string(mount)]
    }

    private static func rollback(
        _ fixture: VaultFixture, _ with: JSONObject, knowing secret: Secret? = nil, rotation: String = Rotations.ours
    ) throws -> PublisherAnswer {
        try fixture.publisher().ask(
            .rollback,
            .rollback(with, knowing: secret, rotation: rotation, deadline: fixture.clock.now.addingTimeInterval(120)))
    }

    @Test(
        "the earlier value is put back once, and what neighbours have written stays",
        arguments: [("secret", true), ("secret", false), ("kv1", true)])
    func puttingBack(mount: String, isKnown: Bool) async throws {
        try await VaultFixture.run { fixture in
            let with = try Self.begin(fixture, mount)
            let secret = isKnown ? SampleKeys.predecessor : nil
            let answer = try Self.rollback(fixture, with, knowing: secret)
            #expect(answer.outcome == .committed, "\(answer)")
            let restored: JSONValue = ["KEY": SampleKeys.value(SampleKeys.predecessor), "OTHER": "y"]
            #expect(try fixture.fields(mount) == restored)
            #expect(try Self.rollback(fixture, with, knowing: secret).outcome == .unchanged)
            guard mount == "secret" else { return }
            #expect(answer.receipt?["version"] == 4)
            #expect(try fixture.metadata()?["version"] == 4)
        }
    }

    @Test("a write whose answer is lost is found, and made once", arguments: [Fault.Effect.dropReply, .dropRequest])
    func lost(effect: Fault.Effect) async throws {
        try await VaultFixture.run { fixture in
            let with = try Self.begin(fixture, "secret")
            fixture.fail(.patch, "/data/", effect)
            #expect(try Self.rollback(fixture, with).outcome == .committed)
            #expect(try Self.rollback(fixture, with).outcome == .unchanged)
            #expect(try fixture.metadata()?["version"] == 4)
        }
    }

    @Test("a value that nobody has any more is said to be unknown, and nothing is written")
    func unknown() async throws {
        try await VaultFixture.run { fixture in
            let with = try Self.begin(fixture, "secret")
            try fixture.server.ask(.post, "secret/destroy/\(fixture.path)", ["versions": [1]])
            let answer = try Self.rollback(fixture, with)
            #expect(answer.error?.code == .notFound && answer.outcome.word == "rejected", "\(answer)")
            #expect(try fixture.metadata()?["version"] == 3)
            #expect(try Self.rollback(fixture, with, knowing: SampleKeys.predecessor).outcome == .committed)

            let first = try Self.begin(fixture, "kv1")
            #expect(try Self.rollback(fixture, first).error?.code == .notFound)
        }
    }

    @Test("what a later rotation or somebody else has written stays", arguments: [true, false])
    func later(isKnown: Bool) async throws {
        try await VaultFixture.run { fixture in
            let with = try Self.begin(fixture, "secret")
            #expect(
                try fixture.ask(
                    .publish, expect: [SampleKeys.successor], secret: SampleKeys.foreign, rotation: Rotations.later
                ).outcome == .committed)
            let secret = isKnown ? SampleKeys.predecessor : nil
            let answer = try Self.rollback(fixture, with, knowing: secret)
            #expect(answer.error?.code == .conflict && answer.outcome.word == "rejected", "\(answer)")
            #expect(answer.held == .other)
            #expect(try fixture.fields() == ["KEY": SampleKeys.value(SampleKeys.foreign), "OTHER": "y"])
        }
    }

    @Test("a check seals the predecessor that it reads")
    func sealing() async throws {
        try await VaultFixture.run { fixture in
            try fixture.put(["KEY": SampleKeys.value(SampleKeys.predecessor)])
            let with: JSONObject = ["path": .string(fixture.path), "field": "KEY"]
            let answer = try fixture.publisher().ask(
                .check, .sealingCheck(with, deadline: fixture.clock.now.addingTimeInterval(120)))
            #expect(answer.outcome == .ready)
            #expect(try SampleRecipient.open(answer.sealed) == [SampleKeys.predecessor])
        }
    }
}
