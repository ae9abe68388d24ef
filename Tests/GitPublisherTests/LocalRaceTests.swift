import JSON
import PublisherKit
import TestSupport
import Testing

/// Many writers at one branch of a repository on this machine, each a process of its own with the same folder for
/// temporary files, as the targets of one `ork-publish` are.
@Suite(.serialized, .timeLimit(.minutes(10)), .tags(.processes))
struct LocalRaceTests {
    @Test("of 6 rounds of 4 writers every one gets through, and what is called committed is in the branch")
    func rounds() async throws {
        var fixture = try await GitFixture(["path": "key.age", "format": "raw", "encrypt": "age"])
        fixture.with["recipients"] = .string(try await fixture.sh("echo $MINE"))
        let temporary = try TemporaryDirectory()
        fixture.environment["TMPDIR"] = temporary.path
        var commits: [String] = []
        for round in 1...6 {
            let answers = try await withThrowingTaskGroup { group in
                for writer in 1...4 {
                    let fixture = fixture
                    group.addTask {
                        var request = GitFixture.Request()
                        request.operation = "01JDB000000000000000000002/\(round)-\(writer)/1"
                        return try await fixture.publish(request, ["path": .string("keys/\(round)-\(writer).age")])
                    }
                }
                return try await group.reduce(into: [PublisherAnswer]()) { $0.append($1) }
            }
            #expect(answers.map(\.outcome) == Array(repeating: .committed, count: 4), "\(answers)")
            commits += answers.compactMap { $0.receipt?["commit"]?.string }
        }
        let branch = Set(
            try await fixture.sh("git -C remote.git rev-list main").split(separator: "\n").map(String.init))
        #expect(commits.filter { !branch.contains($0) } == [])
        #expect(try await fixture.sh("git -C remote.git ls-tree --name-only main keys/ | wc -l") == "24")
        try await fixture.sh("git -C remote.git fsck --strict")
    }
}
