import FoundationEssentials
import JSON
import PublisherKit
import TestSupport
import Testing

/// Many writers at one branch, over SSH, where each push has a process of its own at the server.
@Suite(.serialized, .timeLimit(.minutes(240)), .tags(.processes, .slow))
struct RaceTests {
    @Test("12 writers of 12 files at one branch all get through, each with one commit")
    func files() async throws {
        let secure = try await TransportTests.Secure()
        let outcomes = try await withThrowingTaskGroup { group in
            for number in 1...12 {
                let fixture = secure.fixture
                group.addTask {
                    var request = GitFixture.Request(deadline: 600)
                    request.operation = "01JDB000000000000000000002/\(number)/1"
                    return try await fixture.publish(request, ["path": .string("keys/\(number).age")])
                }
            }
            return try await group.reduce(into: [PublisherOutcome]()) { $0.append($1.outcome) }
        }
        #expect(outcomes == Array(repeating: .committed, count: 12), "\(outcomes)")
        let fixture = secure.fixture
        #expect(try await fixture.commits() == 14)
        #expect(try await fixture.sh("git -C remote.git ls-tree --name-only main keys/ | wc -l") == "12")
        let operations = try await fixture.sh(
            "git -C remote.git log --format='%(trailers:key=Ork-Operation,valueonly)' main | grep . | sort | uniq -c | awk '{print $1}' | uniq -c"
        )
        #expect(operations.split(separator: " ") == ["12", "1"])
        for number in [1, 12] {
            #expect(
                try await fixture.sh("git -C remote.git show main:keys/\(number).age | age -d -i mine.txt")
                    == SampleKey.successor)
        }
        try await fixture.sh("git -C remote.git fsck --strict")
    }

    @Test("5 writers of 5 values in one SOPS file all get through, and none loses another's")
    func values() async throws {
        let secure = try await TransportTests.Secure(["recipients": .null, "identity": .null])
        var fixture = try await secure.fixture.naming()
        try await fixture.commit(
            #"""
            printf 'creation_rules:\n  - age: %s\n' $MINE >.sops.yaml
            printf 'KEEP=1\nK3=\#(SampleKey.predecessor)\n' >all.env; sops encrypt -i all.env
            """#)
        fixture.with["path"] = "all.env"
        fixture.with["format"] = "dotenv"
        fixture.with["encrypt"] = "sops"
        let outcomes = try await withThrowingTaskGroup { group in
            for number in 1...5 {
                let fixture = fixture
                group.addTask {
                    var request = GitFixture.Request(deadline: 600)
                    request.value = String(SampleKey.successor.dropLast()) + "\(number)"
                    request.operation = "01JDB000000000000000000002/\(number)/1"
                    return try await fixture.publish(request, ["name": .string("K\(number)")])
                }
            }
            return try await group.reduce(into: [PublisherOutcome]()) { $0.append($1.outcome) }
        }
        #expect(outcomes == Array(repeating: .committed, count: 5), "\(outcomes)")
        #expect(try await fixture.commits() == 8)
        let text = try await fixture.sh("git -C remote.git show main:all.env >all.env; sops decrypt all.env | sort")
        let expected = (1...5).map { "K\($0)=\(SampleKey.successor.dropLast())\($0)" } + ["KEEP=1"]
        #expect(text == expected.joined(separator: "\n"))
    }

    /// `ORK_GIT_REMOTE_ROUNDS` makes it so many rounds of 20 writers.
    private static let rounds = ProcessInfo.processInfo.environment["ORK_GIT_REMOTE_ROUNDS"].flatMap { Int($0) }

    @Test("beside git itself every writer gets through, and nobody's commit is lost", arguments: ["ssh", "https"])
    func beside(transport: String) async throws {
        let ssh = transport == "ssh" ? try await TransportTests.Secure() : nil
        let https = transport == "https" ? try await TransportTests.Web() : nil
        let fixture = try #require(ssh?.fixture ?? https?.fixture)
        try await Race(fixture).run(rounds: Self.rounds ?? 1, writers: Self.rounds == nil ? 4 : 20, othersPause: 2)
    }

    @Test("a branch that is rewound after the push gets the commit again", arguments: [1, 100])
    func rewound(times: Int) async throws {
        let secure = try await TransportTests.Secure()
        try await secure.fixture.sh(
            """
            cat >hook <<'END'
            #!/bin/sh
            read old new name; [ "$1" = committed ] && [ "$name" = refs/heads/main ] && [ "$old" != "$new" ] || exit 0
            [ "$(git rev-list --count main)" = 3 ] && [ "$(cat ../struck | wc -l)" -lt \(times) ] || exit 0
            echo >>../struck; git update-ref refs/heads/main main~1
            END
            : >struck; install -m 755 hook remote.git/hooks/reference-transaction
            """)
        let answer = try await secure.fixture.publish(.init(deadline: times == 1 ? 60 : 5))
        #expect(answer.short == (times == 1 ? "committed" : "unknown unavailable"), "\(answer)")
        #expect(times == 1 || answer.outcome.error?.message.contains("rewound or replaced") == true, "\(answer)")
        #expect(try await secure.fixture.commits() == (times == 1 ? 3 : 2))
    }

    @Test("who changes the same value first wins, and the other one hears of a conflict")
    func sameValue() async throws {
        let secure = try await TransportTests.Secure()
        let fixture = secure.fixture
        // The hook of the first push writes another value before that push is taken.
        try await fixture.sh(
            """
            printf %s \(SampleKey.stranger) | age -r $MINE >theirs.age
            \(Self.committing("theirs.age", as: "key.age"))
            """)
        let answer = try await fixture.publish()
        #expect(answer.short == "rejected conflict with.path", "\(answer)")
        #expect(try await fixture.sh("git -C remote.git log -1 --format=%s main") == "theirs")
        try await fixture.sh("git -C remote.git fsck --strict")
    }

    @Test("a reader that is added while a push is under way is found when it is tried again", arguments: [true, false])
    func readerAdded(isNamed: Bool) async throws {
        let secure = try await TransportTests.Secure(["recipients": .null, "identity": .null])
        var fixture = isNamed ? try await secure.fixture.naming() : secure.fixture
        fixture.with.take(["path": "a.yaml", "format": "yaml", "name": "key", "encrypt": "sops"])
        try await fixture.commit(
            "printf 'key: \(SampleKey.predecessor)\\n' >a.yaml; sops --config /dev/null encrypt -i --age $MINE a.yaml")
        #expect(try await fixture.publish().outcome == .committed)
        // The hook of the next push writes the same value for one more reader before that push is taken.
        try await fixture.sh(
            """
            cp -r remote.git copy.git; git clone -q copy.git widened; cd widened
            sops --config /dev/null rotate -i --add-age $THEIRS a.yaml; cp a.yaml ../; cd ..
            \(Self.committing("a.yaml", as: "a.yaml"))
            """)
        let next = GitFixture.Request(
            value: SampleKey.stranger, expect: [SampleKey.successor], operation: "01JDC000000000000000000000/web/6666")
        let answer = try await fixture.publish(next)
        #expect(answer.short == "rejected configuration with.recipients", "\(answer)")
        #expect(try await fixture.sh("git -C remote.git log -1 --format=%s main") == "theirs")
    }

    /// Installs a hook of the next push, which commits this file to the branch before that push is taken.
    private static func committing(_ file: String, as path: String) -> String {
        """
        cat >hook <<'END'
        #!/bin/sh
        unset GIT_QUARANTINE_PATH; [ ! -e ../raced ] || exit 0; touch ../raced
        blob=$(git hash-object -w ../\(file)); export GIT_INDEX_FILE=../index
        git read-tree main; git update-index --add --cacheinfo 100644,$blob,\(path)
        git update-ref refs/heads/main $(git -c user.name=t -c user.email=t@t.invalid commit-tree -p main -m theirs $(git write-tree))
        END
        install -m 755 hook remote.git/hooks/pre-receive
        """
    }
}
