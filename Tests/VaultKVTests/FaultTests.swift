import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing
import Timestamps

@testable import ork_publisher_vault_kv

/// Answers that get lost or are none, in front of a real server.
@Suite(.tags(.servers)) struct FaultTests {
    /// What happens on the way, what was there, and how it ends.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var mount = "secret"
        var policy = "full"
        var held: JSONValue? = ["KEY": SampleKeys.value(SampleKeys.predecessor), "OTHER": "x"]
        let fault: @Sendable (VaultFixture) -> Void
        var outcome = "committed"
        /// `nil` where it depends on who of the tries was seen.
        var change: String?
        /// The version that is there afterwards.
        var version: Int? = 2
        var holds: Secret? = SampleKeys.successor
    }

    private static let page = Fault.Effect.answer(
        status: 200, headers: [("Content-Type", "text/html")], body: "<!DOCTYPE html>")

    static let cases = [
        Case(
            testDescription: "a patch that got lost is sent again", fault: { $0.fail(.patch, "/data/", .dropRequest) }),
        Case(
            testDescription: "a patch whose answer got lost is found", fault: { $0.fail(.patch, "/data/", .dropReply) },
            change: "updated"),
        Case(
            testDescription: "a patch whose answer was cut off is found",
            fault: { $0.fail(.patch, "/data/", .cutReply(afterBytes: 60)) }, change: "updated"),
        Case(
            testDescription: "a patch answered by a page is made again", fault: { $0.fail(.patch, "/data/", page) },
            change: "updated"),
        Case(
            testDescription: "a patch whose answers all get lost is found",
            fault: { $0.fail(.patch, "/data/", times: 5, .dropReply) }, change: "updated"),
        Case(
            testDescription: "a creation whose answer got lost is found", held: nil,
            fault: { $0.fail(.post, "/data/", .dropReply) }, change: "created", version: 1),
        Case(
            testDescription: "a creation that got lost is sent again", held: nil,
            fault: { $0.fail(.post, "/data/", .dropRequest) }, version: 1),
        Case(
            testDescription: "a map written back whose answer got lost is found", policy: "nopatch",
            fault: { $0.fail(.post, "/data/", .dropReply) }, change: "updated"),
        Case(
            testDescription: "a lost answer in KV version 1 is settled by reading", mount: "kv1",
            fault: { $0.fail(.post, "kv1/", .dropReply) }, version: nil),
        Case(
            testDescription: "a lost request in KV version 1 is made again", mount: "kv1",
            fault: { $0.fail(.post, "kv1/", .dropRequest) }, change: "updated", version: nil),
        Case(
            testDescription: "a reading whose answer got lost is repeated",
            fault: { $0.fail(.get, "/data/", .dropReply) },
            change: "updated"),
        Case(
            testDescription: "the question for the mount is repeated",
            fault: { $0.fail(.get, "ui/mounts", .dropReply) },
            change: "updated"),
        Case(
            testDescription: "a server that breaks down before it has written is asked again",
            fault: { $0.fail(.patch, "/data/", .answer(status: 500)) }),
        Case(
            testDescription: "a mark that got lost is no reason to fail",
            fault: { $0.fail(.patch, "/metadata/", times: 5, .dropRequest) }, change: "updated"),
        Case(
            testDescription: "a server that never answers a write may have written",
            fault: { $0.fail(.patch, "/data/", times: 99, .dropRequest) }, outcome: "unknown", version: 1,
            holds: SampleKeys.predecessor),
        Case(
            testDescription: "a server that answers no reading has written nothing",
            fault: { $0.fail(.get, "/data/", times: 99, .dropRequest) }, outcome: "rejected", version: 1,
            holds: SampleKeys.predecessor),
    ]

    @Test("what gets lost is settled by asking, and nothing beside the key is touched", arguments: cases)
    func losses(row: Case) async throws {
        try await VaultFixture.run { fixture in
            if let held = row.held { try fixture.put(held, mount: row.mount) }
            let publisher = try fixture.publisher(["VAULT_TOKEN": SampleKeys.text(fixture.server.token(row.policy))])
            row.fault(fixture)
            let answer = try fixture.ask(.publish, ["mount": .string(row.mount)], of: publisher)
            #expect(answer.outcome.word == row.outcome, "\(answer)")
            if let change = row.change { #expect(answer.receipt?["change"]?.string == change, "\(answer)") }
            var expected = row.held?.object ?? [:]
            expected["KEY"] = row.holds.map(SampleKeys.value)
            #expect(try fixture.fields(row.mount) == .object(expected))
            if let version = row.version { #expect(try fixture.metadata()?["version"]?.integer == version) }
            fixture.proxy.faults = []
            // Asked again with the same operation, it has no second effect.
            let again = try fixture.ask(.publish, ["mount": .string(row.mount)])
            #expect(again.outcome.word == (row.outcome == "committed" ? "unchanged" : "committed"), "\(again)")
        }
    }

    @Test("a reply that was lost before another hand wrote the field is no certain refusal")
    func lostAndOverwritten() async throws {
        try await VaultFixture.run { fixture in
            try fixture.put(["KEY": SampleKeys.value(SampleKeys.predecessor), "OTHER": "x"])
            let isFirst = Once()
            fixture.proxy.faults = [
                Fault(
                    .notifyBeforeReply {
                        if isFirst.take() { _ = try? fixture.put(["KEY": SampleKeys.value(SampleKeys.foreign)]) }
                    }
                ) {
                    method, _ in method == "PATCH"
                },
                Fault(.dropReply) { method, _ in method == "PATCH" },
            ]
            let answer = try fixture.ask(.publish)
            #expect(answer.outcome.word == "unknown", "\(answer)")
            #expect(answer.error?.code == .conflict)
            #expect(try fixture.fields() == ["KEY": SampleKeys.value(SampleKeys.foreign)])
        }
    }

    @Test("a throttled request waits as long as Vault says, or five seconds")
    func throttled() async throws {
        try await VaultFixture.run { fixture in
            try fixture.put(["KEY": SampleKeys.value(SampleKeys.predecessor)])
            fixture.fail(.get, "/data/", .answer(status: 429, headers: [("Retry-After", "7")], body: "{}"))
            fixture.fail(
                .patch, "/data/", times: 2,
                .answer(
                    status: 429, headers: [("Content-Type", "application/json")],
                    body: #"{"errors": ["request path \"x\": rate limit quota exceeded"]}"#))
            #expect(try fixture.ask(.publish).outcome == .committed)
            #expect(fixture.clock.slept.rounded() == 22)
        }
    }

    @Test("a node that has not heard of the token yet is asked again, as HashiCorp's own client does (api/client.go)")
    func notCaughtUp() async throws {
        try await VaultFixture.run { fixture in
            let late = Fault.Effect.answer(
                status: 412, headers: [("Content-Type", "application/json")],
                body: #"{"errors": ["required index state not present"]}"#)
            try fixture.put(["KEY": SampleKeys.value(SampleKeys.predecessor)])
            fixture.fail(.get, "/data/", times: 3, late)
            fixture.fail(.patch, "/data/", times: 2, late)
            #expect(try fixture.ask(.publish).outcome == .committed)
            fixture.fail(.get, "/data/", times: 99, late)
            let error = try fixture.ask(.verify).error
            #expect(error?.code == .unavailable && error?.message.contains("lags behind") == true, "\(error as Any)")
        }
    }

    @Test("a standby that still shows what was there before the write is asked again, and believed at last")
    func stale() async throws {
        try await VaultFixture.run { fixture in
            try fixture.put(["KEY": SampleKeys.value(SampleKeys.predecessor)])
            let before = try fixture.server.ask(.get, "secret/data/\(fixture.path)").body?.text() ?? ""
            let answer = try fixture.ask(.publish)
            let stale = Fault.Effect.answer(status: 200, headers: [("Content-Type", "application/json")], body: before)
            fixture.fail(.get, "/data/", times: 3, stale)
            #expect(try fixture.ask(.verify, receipt: answer.receipt).outcome == .match)
            fixture.fail(.get, "/data/", times: 99, stale)
            #expect(try fixture.ask(.verify, receipt: answer.receipt).outcome == .mismatch)
        }
    }

    @Test("every request is marked as one to Vault, which a listener may ask for (require_request_header)")
    func marked() async throws {
        try await VaultFixture.run { fixture in
            fixture.proxy.faults = [
                Fault(.answer(status: 412, body: "missing 'X-Vault-Request' header"), times: 99) {
                    $0[header: "x-vault-request"] != "true"
                }
            ]
            let publisher = try fixture.publisher(fixture.appRole("ork"))
            #expect(try fixture.ask(.publish, ["auth": "approle"], of: publisher).outcome == .committed)
        }
    }

    @Test("a quota that outlasts the deadline is told with the time to come back")
    func beyondTheDeadline() async throws {
        try await VaultFixture.run { fixture in
            fixture.fail(.get, "/data/", .answer(status: 429, headers: [("Retry-After", "300")], body: "{}"))
            let answer = try fixture.ask(.publish)
            #expect(answer.error?.code == .rateLimited && answer.error?.retryAfter == 300, "\(answer)")
            #expect(answer.outcome.word == "rejected")
        }
    }

    @Test("a real quota of OpenBao is kept, and the key is written")
    func realQuota() async throws {
        try await VaultFixture.run { fixture in
            while try fixture.server.ask(.get, "slow/data/\(fixture.path)").status != 429 {}
            let publisher = try fixture.publisher(clock: SystemClock())
            let answer = try fixture.ask(.publish, ["mount": "slow"], of: publisher)
            #expect(answer.outcome == .committed, "\(answer)")
        }
    }

    @Test("a key is read back whatever stands in between", arguments: ["secret", "kv1"])
    func verifyAgain(mount: String) async throws {
        try await VaultFixture.run { fixture in
            try fixture.put(["KEY": SampleKeys.value(SampleKeys.successor)], mount: mount)
            fixture.fail(.get, fixture.path, .dropReply)
            #expect(try fixture.ask(.verify, ["mount": .string(mount)]).outcome == .match)
        }
    }
}
