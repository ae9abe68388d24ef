import JSON
import PublisherKit
import Secrets
import Sodium
import TestSupport
import Testing

/// The way back to the predecessor: one more commit, with the earlier value in the file of today.
@Suite(.timeLimit(.minutes(10)), .tags(.processes, .slow))
struct RollbackTests {
    /// The successor was published over the predecessor, and somebody has changed a neighbour since.
    private static func fixture(_ more: JSONObject = [:]) async throws -> GitFixture {
        func plaintext(_ key: String, _ other: String) -> String { "KEY=\(key)\\nOTHER=\(other)\\n" }
        var fixture = try await GitFixture(
            ["path": "prod.env.age", "name": "KEY", "encrypt": "age"],
            "printf '\(plaintext(SampleKey.predecessor, "x"))' | age -a -r $MINE >prod.env.age")
        fixture.with["identity"] = .string(fixture.git.folder.file("mine.txt"))
        fixture.with["recipients"] = .string(try await fixture.sh("echo $MINE"))
        fixture.with.take(more)
        #expect(try await fixture.publish().outcome == .committed)
        try await fixture.commit("printf '\(plaintext(SampleKey.successor, "y"))' | age -a -r $MINE >prod.env.age")
        return fixture
    }

    private static func request(knowing: Bool) -> GitFixture.Request {
        GitFixture.Request(
            value: SampleKey.predecessor, expect: [SampleKey.successor],
            operation: "01JDB000000000000000000002/web/4444",
            create: false, knowsValue: knowing)
    }

    @Test(
        "the earlier value is committed once, from the history or from the request, and neighbours stay",
        arguments: [true, false])
    func puttingBack(isKnown: Bool) async throws {
        let fixture = try await Self.fixture()
        let request = Self.request(knowing: isKnown)
        let before = try await fixture.commits()
        let answer = try await fixture.ask(.rollback, request)
        #expect(answer.outcome == .committed, "\(answer)")
        #expect(
            try await fixture.sh("git -C remote.git show main:prod.env.age | age -d -i mine.txt")
                == "KEY=\(SampleKey.predecessor)\nOTHER=y")
        #expect(
            try await fixture.sh("git -C remote.git show -s main --format=%s")
                == "Put back the OpenRouter key in prod.env.age")
        #expect(try await fixture.commits() == before + 1)
        #expect(try await fixture.ask(.rollback, request).outcome == .unchanged)
        #expect(try await fixture.commits() == before + 1)
    }

    @Test("what is not known, and what somebody else has written, is refused, and nothing is committed")
    func refused() async throws {
        let fixture = try await Self.fixture()
        var other = Self.request(knowing: false)
        other.value = SampleKey.stranger
        #expect(try await fixture.ask(.rollback, other).short == "rejected not_found with.path")
        try await fixture.commit("printf 'KEY=\(SampleKey.stranger)\\n' | age -a -r $MINE >prod.env.age")
        let before = try await fixture.commits()
        for isKnown in [true, false] {
            #expect(
                try await fixture.ask(.rollback, Self.request(knowing: isKnown)).short == "rejected conflict with.name")
        }
        #expect(try await fixture.commits() == before)
    }

    @Test("a branch that is to be merged gets the earlier value, though its base has it still")
    func branches() async throws {
        let fixture = try await Self.fixture(["branch": "rotate", "base": "main"])
        try await fixture.commit("printf 'KEY=\(SampleKey.predecessor)\\n' | age -a -r $MINE >prod.env.age")
        let request = Self.request(knowing: false)
        #expect(try await fixture.ask(.rollback, request).outcome == .committed)
        #expect(
            try await fixture.sh("git -C remote.git show rotate:prod.env.age | age -d -i mine.txt")
                == "KEY=\(SampleKey.predecessor)\nOTHER=x")
        #expect(try await fixture.ask(.rollback, request).outcome == .unchanged)
    }

    @Test("a file that cannot be decrypted is given back a key that is known, unless somebody has changed it since")
    func sealed() async throws {
        var fixture = try await GitFixture(
            ["path": "key.age", "format": "raw", "encrypt": "age", "alone": true],
            "printf '\(SampleKey.predecessor)' | age -a -r $MINE >key.age")
        fixture.with["recipients"] = .string(try await fixture.sh("echo $MINE"))
        #expect(try await fixture.publish().outcome == .committed)
        #expect(try await fixture.ask(.rollback, Self.request(knowing: false)).short == "rejected not_found with.path")
        #expect(try await fixture.ask(.rollback, Self.request(knowing: true)).outcome == .committed)
        #expect(try await fixture.ask(.rollback, Self.request(knowing: true)).outcome == .unchanged)
        #expect(try await fixture.ask(.rollback, Self.request(knowing: false)).short == "rejected not_found with.path")
        #expect(
            try await fixture.sh("git -C remote.git show main:key.age | age -d -i mine.txt") == SampleKey.predecessor)
        let again = GitFixture.Request(expect: [SampleKey.predecessor, SampleKey.successor])
        #expect(try await fixture.publish(again).outcome == .committed)
        try await fixture.commit("printf '\(SampleKey.stranger)' | age -a -r $MINE >key.age")
        #expect(try await fixture.ask(.rollback, Self.request(knowing: true)).short == "rejected conflict with.path")
    }

    @Test("a check seals the predecessor that it decrypts")
    func sealing() async throws {
        var fixture = try await GitFixture(
            ["path": "key.age", "format": "raw", "encrypt": "age"],
            "printf '\(SampleKey.predecessor)' | age -a -r $MINE >key.age")
        fixture.with["identity"] = .string(fixture.git.folder.file("mine.txt"))
        fixture.with["recipients"] = .string(try await fixture.sh("echo $MINE"))
        let answer = try await fixture.check(GitFixture.Request(sealTo: [try SampleRecipient.recipient]))
        #expect(answer.outcome == .ready)
        #expect(try SampleRecipient.open(answer.sealed) == [Secret(SampleKey.predecessor)])
    }
}
