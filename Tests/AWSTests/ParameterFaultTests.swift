import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

/// Answers that get lost, and other hands between two calls.
@Suite(.tags(.servers)) struct ParameterFaultTests {
    static let losses: [(name: String, effect: @Sendable (World) -> Void)] = [
        ("does not arrive", { $0.fail("PutParameter", .dropRequest) }),
        ("its answer is lost", { $0.fail("PutParameter", .dropReply) }),
        ("its answer is cut off", { $0.fail("PutParameter", .cutReply(afterBytes: 30)) }),
        ("the service breaks down", { $0.refuse("PutParameter", status: 500, "InternalServerError") }),
        ("another update is under way", { $0.refuse("PutParameter", times: 2, "TooManyUpdates") }),
    ]

    @Test("a write is settled by reading", arguments: losses.indices, [true, false])
    func settles(index: Int, exists: Bool) async throws {
        try await onOwnThread {
            let world = try World()
            if exists { try ParameterTests.begin(world, Keys.text(Keys.predecessor)) }
            Self.losses[index].effect(world)
            let with: JSONObject = ["name": .string("/" + world.name), "create": true]
            let answer = world.ask(.publish, of: .parameter, with)
            #expect(answer.outcome == .committed, "\(Self.losses[index].name)")
            #expect(answer.receipt == ["version": exists ? 2 : 1, "change": exists ? "updated" : "created"])
            #expect(try ParameterTests.held(world) == Keys.text(Keys.successor))
            #expect(world.ask(.publish, of: .parameter, with).outcome == .unchanged)
        }
    }

    @Test("a write over another's says so, and keeps what that one did to siblings")
    func between() async throws {
        try await onOwnThread {
            let world = try World()
            func document(_ key: Secret, _ number: Int) -> String {
                #"{"key": "\#(Keys.text(key))", "sibling": \#(number)}"#
            }
            try ParameterTests.begin(world, document(Keys.predecessor, 1))
            let theirs = document(Keys.predecessor, 2)
            world.fail(
                "PutParameter",
                .notifyBeforeRequest {
                    try? ParameterTests.begin(world, theirs, ["Overwrite": true])
                })
            let answer = world.ask(.publish, of: .parameter, ["name": .string("/" + world.name), "field": "key"])
            #expect(answer.outcome == .committed)
            #expect(answer.receipt?["version"] == 4 && answer.receipt?["replaced_version"] == 2)
            #expect(try ParameterTests.held(world) == document(Keys.successor, 2))
        }
    }

    @Test("a whole value that somebody else wrote in between is told of")
    func whole() async throws {
        try await onOwnThread {
            let world = try World()
            try ParameterTests.begin(world, Keys.text(Keys.predecessor))
            world.fail(
                "PutParameter", .notifyBeforeRequest { try? ParameterTests.begin(world, "x", ["Overwrite": true]) })
            let answer = world.ask(.publish, of: .parameter, ["name": .string("/" + world.name)])
            #expect(answer.outcome == .committed && answer.receipt?["replaced_version"] == 2)
            #expect(answer.message?.hasSuffix("version 2, which somebody else wrote meanwhile, was replaced") == true)
        }
    }

    @Test("another key in the field meanwhile is replaced, told of, and in the history")
    func foreign() async throws {
        try await onOwnThread {
            let world = try World()
            try ParameterTests.begin(world, #"{"key": "\#(Keys.text(Keys.predecessor))"}"#)
            world.fail(
                "PutParameter",
                .notifyBeforeRequest {
                    try? ParameterTests.begin(
                        world, #"{"key": "\#(Keys.text(Keys.foreign))"}"#, ["Overwrite": true])
                })
            let answer = world.ask(.publish, of: .parameter, ["name": .string("/" + world.name), "field": "key"])
            #expect(answer.outcome == .committed && answer.receipt?["replaced_version"] == 2)
        }
    }

    @Test("somebody else makes the parameter first", arguments: [Keys.predecessor, Keys.foreign])
    func created(theirs: Secret) async throws {
        try await onOwnThread {
            let world = try World()
            world.fail("PutParameter", .notifyBeforeRequest { try? ParameterTests.begin(world, Keys.text(theirs)) })
            let answer = world.ask(
                .publish, of: .parameter, ["name": .string("/" + world.name), "create": true])
            let isKnown = theirs == Keys.predecessor
            #expect(isKnown ? answer.outcome == .committed : answer.outcome.error?.code == .conflict)
            #expect(try ParameterTests.held(world) == Keys.text(isKnown ? Keys.successor : theirs))
        }
    }
}
