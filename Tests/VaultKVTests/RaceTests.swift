import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_vault_kv

/// Another hand between reading and writing. KV version 2 lets nothing get lost.
@Suite(.tags(.servers)) struct RaceTests {
    /// What the other hand does, and what comes of it.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var held: JSONValue? = ["KEY": SampleKeys.value(SampleKeys.predecessor), "OTHER": "x"]
        let hand: @Sendable (VaultFixture) throws -> Void
        let outcome: String
        var code: PublisherError.Code?
        let holds: JSONValue
        var version = 3
    }

    static let cases = [
        Case(
            testDescription: "a sibling that was changed meanwhile is kept", hand: { try $0.patch(["OTHER": "y"]) },
            outcome: "committed", holds: ["KEY": SampleKeys.value(SampleKeys.successor), "OTHER": "y"]),
        Case(
            testDescription: "a sibling that was added meanwhile is kept", hand: { try $0.patch(["NEW": [1]]) },
            outcome: "committed", holds: ["KEY": SampleKeys.value(SampleKeys.successor), "OTHER": "x", "NEW": [1]]),
        Case(
            testDescription: "a sibling that was removed meanwhile stays away",
            hand: { _ = try $0.put(["KEY": SampleKeys.value(SampleKeys.predecessor)]) }, outcome: "committed",
            holds: ["KEY": SampleKeys.value(SampleKeys.successor)]),
        Case(
            testDescription: "another value that came meanwhile is a conflict, and stays",
            hand: { try $0.patch(["KEY": SampleKeys.value(SampleKeys.foreign)]) }, outcome: "rejected", code: .conflict,
            holds: ["KEY": SampleKeys.value(SampleKeys.foreign), "OTHER": "x"], version: 2),
        Case(
            testDescription: "the same key that came meanwhile is found",
            hand: { try $0.patch(["KEY": SampleKeys.value(SampleKeys.successor)]) }, outcome: "committed",
            holds: ["KEY": SampleKeys.value(SampleKeys.successor), "OTHER": "x"], version: 2),
        Case(
            testDescription: "a secret that was made meanwhile is compared", held: nil,
            hand: { _ = try $0.put(["KEY": SampleKeys.value(SampleKeys.foreign)]) }, outcome: "rejected",
            code: .conflict,
            holds: ["KEY": SampleKeys.value(SampleKeys.foreign)], version: 1),
        Case(
            testDescription: "a secret that was made meanwhile with other fields keeps them", held: nil,
            hand: { _ = try $0.put(["OTHER": "y"]) }, outcome: "committed",
            holds: ["KEY": SampleKeys.value(SampleKeys.successor), "OTHER": "y"], version: 2),
    ]

    @Test("what another hand does between reading and writing is not lost", arguments: cases, ["full", "nopatch"])
    func meanwhile(row: Case, policy: String) async throws {
        try await VaultFixture.run { fixture in
            if let held = row.held { try fixture.put(held) }
            let isFirst = Once()
            // Reading tells the version; then comes the other hand.
            fixture.proxy.faults = [
                Fault(.notifyBeforeReply { if isFirst.take() { try? row.hand(fixture) } }) { method, target in
                    method == "GET" && target.contains("secret/data/")
                }
            ]
            let publisher = try fixture.publisher(["VAULT_TOKEN": SampleKeys.text(fixture.server.token(policy))])
            let answer = try fixture.ask(.publish, of: publisher)
            #expect(answer.outcome.word == row.outcome, "\(answer)")
            #expect(answer.error?.code == row.code)
            #expect(try fixture.fields() == row.holds)
            #expect(try fixture.metadata()?["version"]?.integer == row.version)
        }
    }

    @Test(
        "a secret that was deleted meanwhile is made anew; what is written back brings its siblings along",
        arguments: [
            ("full", ["KEY": SampleKeys.value(SampleKeys.successor)]),
            ("nopatch", ["KEY": SampleKeys.value(SampleKeys.successor), "OTHER": "x"]),
        ] as [(String, JSONValue)])
    func deleted(policy: String, holds: JSONValue) async throws {
        try await VaultFixture.run { fixture in
            try fixture.put(["KEY": SampleKeys.value(SampleKeys.predecessor), "OTHER": "x"])
            let isFirst = Once()
            fixture.proxy.faults = [
                Fault(
                    .notifyBeforeReply {
                        if isFirst.take() { _ = try? fixture.server.ask(.delete, "secret/data/\(fixture.path)") }
                    }
                ) { method, target in method == "GET" && target.contains("secret/data/") }
            ]
            let publisher = try fixture.publisher(["VAULT_TOKEN": SampleKeys.text(fixture.server.token(policy))])
            #expect(try fixture.ask(.publish, of: publisher).outcome == .committed)
            #expect(try fixture.fields() == holds)
            #expect(try fixture.metadata()?["version"] == 2)
        }
    }

    @Test("who writes all the time is told of, and loses nothing")
    func endless() async throws {
        try await VaultFixture.run { fixture in
            try fixture.put(["KEY": SampleKeys.value(SampleKeys.predecessor), "n": 0])
            fixture.proxy.faults = [
                Fault(.notifyBeforeRequest { try? fixture.patch(["n": 1]) }, times: 9) { method, _ in method == "PATCH"
                }
            ]
            let answer = try fixture.ask(.publish)
            #expect(answer.outcome.word == "rejected" && answer.error?.code == .conflict, "\(answer)")
            #expect(answer.error?.message.contains("is written by somebody else all the time") == true)
            #expect(try fixture.fields() == ["KEY": SampleKeys.value(SampleKeys.predecessor), "n": 1])
        }
    }

    @Test("two fields of one secret that are written at the same time are both there", arguments: ["secret", "kv1"])
    func twoFields(mount: String) async throws {
        let fixture = try await onOwnThread { try VaultFixture() }
        let publisher = try fixture.publisher()
        try await withThrowingTaskGroup { group in
            for field in ["A", "B", "C", "D"] {
                group.addTask {
                    try await onOwnThread {
                        let with: JSONObject = ["mount": .string(mount), "field": .string(field)]
                        let answer = try fixture.ask(.publish, with, of: publisher, target: field)
                        #expect(answer.outcome == .committed, "\(answer)")
                    }
                }
            }
            try await group.waitForAll()
        }
        let key = SampleKeys.value(SampleKeys.successor)
        let held = try await onOwnThread { try fixture.fields(mount) }
        #expect(held == ["A": key, "B": key, "C": key, "D": key])
    }
}
