import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

/// Answers that get lost, and other hands between two calls.
@Suite(.tags(.servers)) struct ParameterFaultTests {
    static let losses: [(name: String, effect: @Sendable (AWSFixture) -> Void)] = [
        ("does not arrive", { $0.fail("PutParameter", .dropRequest) }),
        ("its answer is lost", { $0.fail("PutParameter", .dropReply) }),
        ("its answer is cut off", { $0.fail("PutParameter", .cutReply(afterBytes: 30)) }),
        ("the service breaks down", { $0.refuse("PutParameter", status: 500, "InternalServerError") }),
        ("another update is under way", { $0.refuse("PutParameter", times: 2, "TooManyUpdates") }),
    ]

    @Test("a write is settled by reading", arguments: losses.indices, [true, false])
    func settles(index: Int, exists: Bool) async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            if exists { try ParameterTests.begin(fixture, SampleKeys.text(SampleKeys.predecessor)) }
            Self.losses[index].effect(fixture)
            let with: JSONObject = ["name": .string("/" + fixture.name), "create": true]
            let answer = fixture.ask(.publish, of: .parameter, with)
            #expect(answer.outcome == .committed, "\(Self.losses[index].name)")
            #expect(answer.receipt == ["version": exists ? 2 : 1, "change": exists ? "updated" : "created"])
            #expect(try ParameterTests.held(fixture) == SampleKeys.text(SampleKeys.successor))
            #expect(fixture.ask(.publish, of: .parameter, with).outcome == .unchanged)
        }
    }

    @Test("a version that AWS does not find yet is looked for again, and not written twice")
    func late() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            try ParameterTests.begin(fixture, SampleKeys.text(SampleKeys.predecessor))
            fixture.fail(
                "PutParameter",
                .notifyBeforeReply { fixture.refuse("GetParameter", times: 3, "ParameterVersionNotFound") })
            let answer = fixture.ask(.publish, of: .parameter, ["name": .string("/" + fixture.name)])
            #expect(answer.outcome == .committed && answer.receipt?["version"] == 2, "\(answer)")
        }
    }

    @Test("a write over another's says so, and keeps what that one did to siblings")
    func between() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            func document(_ key: Secret, _ number: Int) -> String {
                #"{"key": "\#(SampleKeys.text(key))", "sibling": \#(number)}"#
            }
            try ParameterTests.begin(fixture, document(SampleKeys.predecessor, 1))
            let theirs = document(SampleKeys.predecessor, 2)
            fixture.fail(
                "PutParameter",
                .notifyBeforeRequest {
                    try? ParameterTests.begin(fixture, theirs, ["Overwrite": true])
                })
            let answer = fixture.ask(.publish, of: .parameter, ["name": .string("/" + fixture.name), "field": "key"])
            #expect(answer.outcome == .committed)
            #expect(answer.receipt?["version"] == 4 && answer.receipt?["replaced_version"] == 2)
            #expect(try ParameterTests.held(fixture) == document(SampleKeys.successor, 2))
        }
    }

    @Test("a whole value that somebody else wrote in between is told of")
    func whole() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            try ParameterTests.begin(fixture, SampleKeys.text(SampleKeys.predecessor))
            fixture.fail(
                "PutParameter", .notifyBeforeRequest { try? ParameterTests.begin(fixture, "x", ["Overwrite": true]) })
            let answer = fixture.ask(.publish, of: .parameter, ["name": .string("/" + fixture.name)])
            #expect(answer.outcome == .committed && answer.receipt?["replaced_version"] == 2)
            #expect(answer.message?.hasSuffix("version 2, which somebody else wrote meanwhile, was replaced") == true)
        }
    }

    @Test("another key in the field meanwhile is replaced, told of, and in the history")
    func foreign() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            try ParameterTests.begin(fixture, #"{"key": "\#(SampleKeys.text(SampleKeys.predecessor))"}"#)
            fixture.fail(
                "PutParameter",
                .notifyBeforeRequest {
                    try? ParameterTests.begin(
                        fixture, #"{"key": "\#(SampleKeys.text(SampleKeys.foreign))"}"#, ["Overwrite": true])
                })
            let answer = fixture.ask(.publish, of: .parameter, ["name": .string("/" + fixture.name), "field": "key"])
            #expect(answer.outcome == .committed && answer.receipt?["replaced_version"] == 2)
        }
    }

    @Test("somebody else makes the parameter first", arguments: [SampleKeys.predecessor, SampleKeys.foreign])
    func created(theirs: Secret) async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            fixture.fail(
                "PutParameter", .notifyBeforeRequest { try? ParameterTests.begin(fixture, SampleKeys.text(theirs)) })
            let answer = fixture.ask(
                .publish, of: .parameter, ["name": .string("/" + fixture.name), "create": true])
            let isKnown = theirs == SampleKeys.predecessor
            #expect(isKnown ? answer.outcome == .committed : answer.outcome.error?.code == .conflict)
            #expect(try ParameterTests.held(fixture) == SampleKeys.text(isKnown ? SampleKeys.successor : theirs))
        }
    }
}
