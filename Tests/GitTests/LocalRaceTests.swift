import Git
import TestSupport
import Testing

/// Many writers at one branch of a repository on this machine, git among them.
@Suite(.serialized, .tags(.processes), .timeLimit(.minutes(10)))
struct LocalRaceTests {
    /// Commits by hand until `stop` is there, and notes each commit that git says it put on the branch. It pauses after
    /// one, so that it does not starve the others.
    private static let others = """
        rm -f theirs; cd remote.git
        until [ -e ../stop ]; do
            old=$(git rev-parse main)
            new=$(git commit-tree -p $old -m theirs $old^{tree})
            ! git update-ref refs/heads/main $new $old 2>/dev/null || { echo $new >>../theirs; sleep 0.1; }
        done
        """

    @Test("of 25 rounds of 4 writers beside git itself, no commit that got through is lost")
    func race() async throws {
        let world = try await GitFolder()
        let remote = try world.local
        async let others = world.sh(Self.others)
        let ours = try await withThrowingTaskGroup { group in
            for writer in 1...4 {
                group.addTask {
                    try await world.work { repository in
                        try (1...25).map { try Self.commit("\(writer)/\($0)", repository, remote) }
                    }
                }
            }
            return try await group.reduce(into: [ObjectID]()) { $0 += $1 }
        }
        try await world.sh("touch stop")
        _ = try await others
        let theirs = try await world.sh("cat theirs").split(separator: "\n").map(String.init)
        let branch = Set(try await world.sh("git -C remote.git rev-list main").split(separator: "\n").map(String.init))
        #expect(ours.count == 100 && !theirs.isEmpty)
        #expect(ours.map(\.description).filter { !branch.contains($0) } == [])
        #expect(theirs.filter { !branch.contains($0) } == [])
        try await world.sh("git -C remote.git fsck --strict --full")
        #expect(try await world.sh("git -C remote.git for-each-ref --format='%(refname)'") == "refs/heads/main")
    }

    /// Adds a file to the branch, again and again while others are faster.
    private static func commit(
        _ path: String, _ repository: borrowing BareRepository, _ remote: GitRemote
    ) throws -> ObjectID {
        while true {
            let tip = try #require(try repository.fetch("main", from: remote))
            let commit = try #require(
                try repository.commit([GitChange(path: path, bytes: Array(path.utf8))], on: tip, .test))
            switch try repository.push(commit, to: "main", replacing: tip, at: remote) {
            case .done: return commit
            case .moved: continue
            case .refused(let reason): throw GitError(.denied, reason, hint: "")
            case .undone: throw GitError(.storage, "the branch lost \(commit)", hint: "")
            }
        }
    }

    @Test("of several who make a branch, one does, and the others hear that they were late")
    func newBranch() async throws {
        let world = try await GitFolder()
        let remote = try world.local
        let outcomes = try await withThrowingTaskGroup { group in
            for writer in 1...8 {
                group.addTask {
                    try await world.work { repository in
                        let tip = try #require(try repository.fetch("main", from: remote))
                        let change = GitChange(path: "\(writer)", bytes: [65])
                        let commit = try #require(try repository.commit([change], on: tip, .test))
                        return try repository.push(commit, to: "topic/new", replacing: nil, at: remote)
                    }
                }
            }
            return try await group.reduce(into: [PushOutcome]()) { $0.append($1) }
        }
        #expect(outcomes.filter { $0 == .done }.count == 1)
        #expect(outcomes.filter { $0 == .moved }.count == 7)
    }

    @Test(
        "what git never takes is said",
        arguments: [
            (
                "git -C remote.git branch topic main; git -C remote.git pack-refs --all", "topic/x",
                PushOutcome.refused("a branch of that folder exists")
            ),
            (
                "git -C remote.git symbolic-ref refs/heads/alias refs/heads/main", "alias",
                .refused("the branch is a symbolic reference")
            ),
        ])
    func untaken(script: String, branch: String, outcome: PushOutcome) async throws {
        let world = try await GitFolder()
        let remote = try world.local
        try await world.sh(script)
        let before = try await world.sh("git -C remote.git for-each-ref")
        let pushed = try await world.work { repository in
            let tip = try #require(try repository.fetch("main", from: remote))
            let commit = try #require(try repository.commit([GitChange(path: "a", bytes: [65])], on: tip, .test))
            return try repository.push(commit, to: branch, replacing: branch == "topic/x" ? nil : tip, at: remote)
        }
        #expect(pushed == outcome)
        #expect(try await world.sh("git -C remote.git for-each-ref") == before)
    }

    @Test("a lock that stays is named, as something that passes")
    func locked() async throws {
        let world = try await GitFolder()
        try await world.sh("touch remote.git/refs/heads/main.lock")
        let error = await #expect(throws: GitError.self) { try await world.change(try world.local) }
        #expect(error?.code == .unreachable && error?.message.contains("refs/heads/main.lock") == true)
        try await world.sh("rm remote.git/refs/heads/main.lock")
        #expect(try await world.change(try world.local) == .done)
    }

    @Test("a repository with a work tree takes no push, which would leave that behind")
    func workTree() async throws {
        let world = try await GitFolder()
        let remote = GitRemote(try GitAddress("file://" + world.folder.file("seed")))
        let code = try await code {
            try await world.work { repository in
                let tip = try #require(try repository.fetch("main", from: remote))
                let commit = try #require(try repository.commit([GitChange(path: "a", bytes: [65])], on: tip, .test))
                return try repository.push(commit, to: "main", replacing: tip, at: remote)
            }
        }
        #expect(code == .invalid)
    }
}
