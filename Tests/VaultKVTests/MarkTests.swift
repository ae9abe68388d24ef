import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_vault_kv

/// What stands in `custom_metadata`, and versions that are gone.
@Suite(.tags(.servers)) struct MarkTests {
    private static func mark(_ fixture: VaultFixture) throws -> JSONValue? {
        try fixture.metadata()?["custom_metadata"]?["ork:KEY"]?.string.flatMap { try? JSONValue(parsing: $0.utf8) }
    }

    @Test("the rotation and the operation are marked, and other metadata stays")
    func marked() async throws {
        try await VaultFixture.run { fixture in
            try fixture.put(["KEY": SampleKeys.value(SampleKeys.predecessor)])
            try fixture.server.ask(
                .post, "secret/metadata/\(fixture.path)", ["custom_metadata": ["owner": "me", "ork:OTHER": "x"]])
            #expect(try fixture.ask(.publish).outcome == .committed)
            let metadata = try fixture.metadata()?["custom_metadata"]?.object
            #expect(metadata?.keys.sorted() == ["ork:KEY", "ork:OTHER", "owner"])
            #expect(metadata?["owner"] == "me")
            #expect(
                try Self.mark(fixture)
                    == ["rotation": .string(Rotations.ours), "operation": .string("\(Rotations.ours)/web/2b2b")])
        }
    }

    @Test("an older rotation is refused, whatever it may replace", arguments: [true, false])
    func older(mayReplaceAll: Bool) async throws {
        try await VaultFixture.run { fixture in
            try fixture.put(["KEY": SampleKeys.value(SampleKeys.predecessor), "OTHER": "x"])
            _ = try fixture.ask(.publish, rotation: Rotations.later)
            // Somebody takes the key out by hand.
            try fixture.put(["OTHER": "x"])
            let expect = mayReplaceAll ? nil : [SampleKeys.predecessor, SampleKeys.successor]
            for verb in [Verb.check, .publish] {
                let answer = try fixture.ask(verb, expect: expect, rotation: Rotations.ours)
                #expect(answer.outcome.word == "rejected" && answer.error?.code == .conflict, "\(answer)")
                #expect(answer.error?.message.contains("by a later rotation (\(Rotations.later))") == true)
            }
            #expect(try fixture.fields() == ["OTHER": "x"])
            // Of another field it says nothing.
            #expect(try fixture.ask(.publish, ["field": "OTHER2"], rotation: Rotations.earlier).outcome == .committed)
            #expect(try fixture.ask(.publish, rotation: Rotations.later).outcome == .committed)
        }
    }

    @Test("a later rotation takes the mark over", arguments: [Rotations.earlier, Rotations.ours])
    func later(first: String) async throws {
        try await VaultFixture.run { fixture in
            _ = try fixture.ask(.publish, secret: SampleKeys.predecessor, rotation: first)
            #expect(try fixture.ask(.publish).outcome == .committed)
            #expect(try Self.mark(fixture)?["rotation"] == .string(Rotations.ours))
        }
    }

    @Test("a mark that was lost is made up for when the step is run again")
    func madeUpFor() async throws {
        try await VaultFixture.run { fixture in
            try fixture.put(["KEY": SampleKeys.value(SampleKeys.successor)])
            #expect(try fixture.ask(.publish).outcome == .unchanged)
            #expect(try Self.mark(fixture)?["rotation"] == .string(Rotations.ours))
        }
    }

    @Test("where the policy has no patch on the metadata, that is told and the key written")
    func notAllowed() async throws {
        try await VaultFixture.run { fixture in
            let publisher = try fixture.publisher(["VAULT_TOKEN": SampleKeys.text(fixture.server.token("nopatch"))])
            let check = try fixture.ask(.check, of: publisher)
            #expect(check.message?.contains("will not be marked") == true, "\(check)")
            let answer = try fixture.ask(.publish, of: publisher)
            #expect(answer.outcome == .committed)
            #expect(
                answer.message?.contains(
                    "not marked with its rotation: that needs the capability patch on secret/metadata/\(fixture.path)")
                    == true, "\(answer)")
            #expect(try Self.mark(fixture) == nil)
        }
    }

    @Test("a mark of somebody else's making is no mark", arguments: ["later", "{}", #"{"rotation": 1}"#, "[]"])
    func foreignMark(text: String) async throws {
        try await VaultFixture.run { fixture in
            try fixture.server.ask(
                .post, "secret/metadata/\(fixture.path)", ["custom_metadata": ["ork:KEY": .string(text)]])
            #expect(try fixture.ask(.publish).outcome == .committed)
            #expect(try Self.mark(fixture)?["rotation"] == .string(Rotations.ours))
        }
    }

    @Test("an operation that is too long for Vault is left out")
    func longOperation() {
        let mark = Mark(rotation: Rotations.ours, operation: String(repeating: "o", count: 500))
        #expect(mark.text == #"{"rotation":"\#(Rotations.ours)"}"#)
        #expect(Mark(rotation: "r", operation: "o").text == #"{"rotation":"r","operation":"o"}"#)
    }

    @Test("a version that was deleted or destroyed is told apart, and followed by the next", arguments: [true, false])
    func gone(isDestroyed: Bool) async throws {
        try await VaultFixture.run { fixture in
            try fixture.put(["KEY": SampleKeys.value(SampleKeys.foreign), "OTHER": "x"])
            if isDestroyed {
                try fixture.server.ask(.put, "secret/destroy/\(fixture.path)", ["versions": [1]])
            } else {
                try fixture.server.ask(.delete, "secret/data/\(fixture.path)")
            }
            let note = "its version 1 was \(isDestroyed ? "destroyed" : "deleted")"
            let verify = try fixture.ask(.verify)
            #expect(verify.outcome == .absent && verify.message == note)
            #expect(try fixture.ask(.check).message?.contains(note) == true)
            let answer = try fixture.ask(.publish)
            #expect(answer.outcome == .committed && answer.message?.contains(note) == true, "\(answer)")
            #expect(answer.receipt == ["version": 2, "change": "created"])
            #expect(try fixture.fields() == ["KEY": SampleKeys.value(SampleKeys.successor)])
        }
    }

    @Test("a version that Vault will delete by itself is told of")
    func ending() async throws {
        try await VaultFixture.run { fixture in
            try fixture.server.ask(.post, "secret/metadata/\(fixture.path)", ["delete_version_after": "1h"])
            _ = try fixture.ask(.publish)
            let answer = try fixture.ask(.verify)
            #expect(answer.outcome == .match)
            #expect(answer.message?.hasPrefix("this version ends at ") == true, "\(answer)")
        }
    }
}
