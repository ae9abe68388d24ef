import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

/// Many targets of one branch are one commit.
@Suite(.tags(.servers)) struct GroupTests {
    private static let targets: [JSONObject] = [
        ["path": "a.age", "format": "raw"], ["path": "b/b.env.age", "name": "KEY"],
        ["path": "b/c.yaml", "name": "x.key", "encrypt": "sops"],
        ["path": "b/c.yaml", "name": "y", "encrypt": "sops"],
    ]

    private static func fixture(_ more: JSONObject = [:]) async throws -> GitFixture {
        let key = SampleKey.predecessor
        var fixture = try await GitFixture(
            ["encrypt": "age"],
            """
            mkdir b; printf \(key) | age -r $MINE >a.age; printf 'KEY=\(key)\\nOTHER=1\\n' | age -r $MINE >b/b.env.age
            printf 'x:\\n  key: \(key)\\ny: \(key)\\n' >b/c.yaml
            sops --config /dev/null encrypt -i --age $MINE b/c.yaml
            """
        ).naming()
        fixture.environment["AGE_IDENTITY"] = try await fixture.sh("tail -1 mine.txt")
        fixture.with.take(more)
        return fixture
    }

    /// The commits that are there at first.
    private static let before = 3

    private static let readAll = """
        rm -rf read; git clone -q remote.git read; cd read
        age -d -i ../mine.txt <a.age; age -d -i ../mine.txt <b/b.env.age
        sops decrypt --extract '["x"]["key"]' b/c.yaml; sops decrypt --extract '["y"]' b/c.yaml
        """

    @Test("all are written in one commit, each with trailers of its own, and read back")
    func together() async throws {
        let fixture = try await Self.fixture()
        #expect(try await fixture.ask(.check, each: Self.targets).map(\.outcome) == Array(repeating: .ready, count: 4))
        let answers = try await fixture.ask(.publish, each: Self.targets)
        #expect(answers.map(\.outcome) == Array(repeating: .committed, count: 4), "\(answers)")
        #expect(try await fixture.commits() == Self.before + 1)
        #expect(Set(answers.map { $0.receipt?["commit"] }).count == 1)
        let key = SampleKey.successor
        let read = try await fixture.sh(Self.readAll)
        #expect(read == "\(key)KEY=\(key)\nOTHER=1\n\(key)\(key)")
        let show = "git -C remote.git show -s main --format="
        #expect(try await fixture.sh(show + "%s") == "Rotate the OpenRouter key in 3 files")
        let paths = try await fixture.sh(show + "'%(trailers:key=Ork-Path,valueonly)'")
        #expect(paths.split(separator: "\n") == ["a.age", "b/b.env.age", "b/c.yaml", "b/c.yaml"])
        #expect(try await fixture.ask(.verify, each: Self.targets).allSatisfy { $0.outcome == .match })
        #expect(try await fixture.ask(.publish, each: Self.targets).allSatisfy { $0.outcome == .unchanged })
        #expect(try await fixture.commits() == Self.before + 1)
    }

    @Test("who cannot decrypt knows each file by its own trailers and its proof")
    func sealed() async throws {
        var fixture = try await Self.fixture(["alone": true])
        fixture.environment["AGE_IDENTITY"] = nil
        let targets: [JSONObject] = [["path": "a.age", "format": "raw"], ["path": "k.age", "format": "raw"]]
        let answers = try await fixture.ask(.publish, each: targets)
        #expect(answers.allSatisfy { $0.outcome == .committed }, "\(answers)")
        #expect(try await fixture.commits() == Self.before + 1)
        let again = try await fixture.ask(.publish, each: targets)
        #expect(again.allSatisfy { $0.outcome == .unchanged }, "\(again)")
        for receipts in [answers, again].map({ $0.map(\.receipt) }) {
            let seen = try await fixture.ask(.verify, each: targets, receipts: receipts)
            #expect(seen.allSatisfy { $0.outcome == .match }, "\(seen)")
        }
        // Another file, and another file's receipt, are proof of nothing.
        let swapped = try await fixture.ask(.verify, each: targets, receipts: answers.map(\.receipt).reversed())
        #expect(swapped.allSatisfy { $0.outcome == .unverifiable }, "\(swapped)")
    }

    @Test("what is refused for one holds up none of the others")
    func conflict() async throws {
        let fixture = try await Self.fixture()
        try await fixture.commit("printf \(SampleKey.stranger) | age -r $MINE >a.age")
        let wrong: JSONObject = ["path": "none.age", "format": "raw", "create": "perhaps"]
        let answers = try await fixture.ask(.publish, each: Self.targets + [wrong])
        #expect(
            answers.map(\.short) == [
                "rejected conflict with.path", "committed", "committed", "committed",
                "rejected configuration with.create",
            ])
        #expect(try await fixture.commits() == Self.before + 2)
        #expect(try await fixture.sh("git -C remote.git show --name-only --format= main | grep -c .") == "2")
    }

    @Test("where the server does not take the commit for one of them, each gets a commit of its own")
    func apart() async throws {
        let fixture = try await Self.fixture()
        let secure = try await TransportTests.Secure()
        try await secure.fixture.sh(
            """
            cat >hook <<'END'
            #!/bin/sh
            read old new name; git diff --name-only $old $new | grep -q '^b/' && echo no b here && exit 1; exit 0
            END
            rm -rf remote.git; cp -r \(fixture.git.folder.file("remote.git")) .; cp \(fixture.git.folder.file("mine.txt")) .
            install -m 755 hook remote.git/hooks/pre-receive; git -C remote.git config http.receivepack true
            """)
        var over = secure.fixture
        over.with.take(["encrypt": "age", "path": .null, "format": .null, "name": .null, "identity": .null])
        over.with["recipients"] = fixture.with["recipients"]
        over.environment["AGE_IDENTITY"] = fixture.environment["AGE_IDENTITY"]
        over.environment["SOPS_AGE_KEY_FILE"] = fixture.environment["SOPS_AGE_KEY_FILE"]
        let more: [JSONObject] = Self.targets + [["path": "d.age", "format": "raw"]]
        let answers = try await over.ask(.publish, each: more)
        #expect(
            answers.map(\.short) == ["committed"] + Array(repeating: "rejected denied with.branch", count: 3)
                + ["committed"], "\(answers)")
        #expect(try await over.commits() == Self.before + 2)
    }

    @Test("other branches, messages and authors are commits of their own")
    func separate() async throws {
        let fixture = try await Self.fixture()
        let more: [JSONObject] = [
            ["path": "1.age", "format": "raw", "message": "one"], ["path": "2.age", "format": "raw", "message": "two"],
            ["path": "3.age", "format": "raw", "author": "Ada <ada@example.invalid>"],
            ["path": "4.age", "format": "raw", "branch": "other", "base": "main"],
            ["path": "5.age", "format": "raw", "message": "one"],
        ]
        let answers = try await fixture.ask(.publish, each: more)
        #expect(answers.allSatisfy { $0.outcome == .committed }, "\(answers)")
        #expect(try await fixture.commits() == Self.before + 3)
        #expect(try await fixture.commits("other") > Self.before)
    }

    @Test("one commit gives all of them their earlier values back")
    func rollback() async throws {
        let fixture = try await Self.fixture()
        #expect(try await fixture.ask(.publish, each: Self.targets).allSatisfy { $0.outcome == .committed })
        var request = GitFixture.Request(value: SampleKey.predecessor, expect: [SampleKey.successor])
        request.knowsValue = false
        let answers = try await fixture.ask(.rollback, each: Self.targets, request)
        #expect(answers.allSatisfy { $0.outcome == .committed }, "\(answers)")
        #expect(try await fixture.commits() == Self.before + 2)
        let key = SampleKey.predecessor
        let read = try await fixture.sh(Self.readAll)
        #expect(read == "\(key)KEY=\(key)\nOTHER=1\n\(key)\(key)")
    }
}
