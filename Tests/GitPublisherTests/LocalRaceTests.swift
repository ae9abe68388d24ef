import FoundationEssentials
import JSON
import PublisherKit
import TestSupport
import Testing

/// Many writers at one branch, each a process of its own with the same folder for temporary files, as the targets of one
/// `ork-publish` are, and git beside them. `ORK_GIT_ROUNDS` sets the number of rounds for a repository on this machine.
@Suite(.serialized, .timeLimit(.minutes(60)), .tags(.processes))
struct LocalRaceTests {
    private static let rounds = ProcessInfo.processInfo.environment["ORK_GIT_ROUNDS"].flatMap { Int($0) } ?? 6

    @Test(
        "every one of 4 writers gets through each time, and no commit that was called committed is lost, nor one of git's"
    )
    func rounds() async throws {
        var fixture = try await GitFixture(["path": "key.age", "format": "raw", "encrypt": "age"])
        fixture.with["recipients"] = .string(try await fixture.sh("echo $MINE"))
        let race = try Race(fixture)
        try await race.run(rounds: Self.rounds, writers: 4, othersPause: 0.3)
    }
}

/// Rounds of writers of one file each, beside others who commit by `git update-ref NEW OLD` and `git push`.
struct Race {
    private let fixture: GitFixture
    private let temporary: TemporaryDirectory

    init(_ fixture: GitFixture) throws {
        var fixture = fixture
        temporary = try TemporaryDirectory()
        fixture.environment["TMPDIR"] = temporary.path
        self.fixture = fixture
    }

    // Each notes the commits that git says it put on the branch. They pause, so as not to starve the rest, and end with the test,
    // however that ends.
    private static func others(pausing seconds: Double) -> String {
        """
        rm -f stop; : >theirs; : >pushed; git clone -q remote.git colleague 2>/dev/null
        (
            cd colleague
            while [ ! -e ../stop ] && kill -0 $PPID 2>/dev/null; do
                git fetch -q origin main; git reset -q --hard origin/main; git commit -q --allow-empty -m pushed
                ! git push -q origin HEAD:main 2>/dev/null || git rev-parse HEAD >>../pushed
                sleep \(seconds)
            done
        ) &
        cd remote.git
        while [ ! -e ../stop ] && kill -0 $PPID 2>/dev/null; do
            old=$(git rev-parse main)
            new=$(git commit-tree -p $old -m theirs $old^{tree})
            ! git update-ref refs/heads/main $new $old 2>/dev/null || echo $new >>../theirs
            sleep \(seconds)
        done
        wait
        """
    }

    func run(rounds: Int, writers: Int, othersPause: Double) async throws {
        async let others = fixture.sh(Self.others(pausing: othersPause), within: .seconds(14400))
        var commits: [String] = []
        for round in 1...rounds {
            let answers = try await withThrowingTaskGroup { group in
                for writer in 1...writers {
                    group.addTask {
                        var request = GitFixture.Request()
                        request.operation = "01JDB000000000000000000002/\(round)-\(writer)/1"
                        return try await fixture.publish(request, ["path": .string("keys/\(round)-\(writer).age")])
                    }
                }
                return try await group.reduce(into: [PublisherAnswer]()) { $0.append($1) }
            }
            #expect(answers.map(\.outcome) == Array(repeating: .committed, count: writers), "\(answers)")
            commits += answers.compactMap { $0.receipt?["commit"]?.string }
        }
        try await fixture.sh("touch stop")
        _ = try await others
        let theirs = try await lines("cat theirs pushed")
        let branch = Set(try await lines("git -C remote.git rev-list main"))
        #expect(commits.count == rounds * writers && !theirs.isEmpty)
        #expect(commits.filter { !branch.contains($0) } == [])
        #expect(theirs.filter { !branch.contains($0) } == [])
        #expect(try await lines("git -C remote.git ls-tree --name-only main keys/").count == rounds * writers)
        #expect(try await lines("ls \(temporary.path)") == [], "folders for the work are left behind")
        try await fixture.sh("git -C remote.git fsck --strict")
        print("\(commits.count) of ours, \(theirs.count) of git's, none lost")
    }

    private func lines(_ script: String) async throws -> [String] {
        try await fixture.sh(script).split(separator: "\n").map(String.init)
    }
}
