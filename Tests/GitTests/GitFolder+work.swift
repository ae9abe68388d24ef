import Git
import TestSupport
import Testing

extension GitFolder {
    /// The repository as a path.
    var local: GitRemote {
        get throws { GitRemote(try GitAddress(folder.file("remote.git"))) }
    }

    /// Runs `body` with a new repository, off the cooperative pool.
    func work<Value: Sendable>(
        _ body: @escaping @Sendable (borrowing BareRepository) throws -> Value
    ) async throws -> Value {
        let place = try TemporaryDirectory()
        return try await onOwnThread {
            let repository = try BareRepository(at: place.file("bare"))
            return try body(repository)
        }
    }

    /// Fetches `main`, writes one file and pushes.
    func change(_ remote: GitRemote, _ text: String = "three\n") async throws -> PushOutcome {
        try await work { repository in
            let tip = try #require(try repository.fetch("main", from: remote))
            let commit = try #require(
                try repository.commit([GitChange(path: "deploy/app.env", bytes: Array(text.utf8))], on: tip, .test))
            return try repository.push(commit, to: "main", replacing: tip, at: remote)
        }
    }
}

extension GitCommit {
    static let test = GitCommit(
        author: GitPerson(name: "ork", email: "ork@example.invalid", time: 1_700_000_000), message: "rotate the key")
}

/// The code of the error that `body` throws; `nil` if it throws none.
func code(_ body: () async throws -> some Any) async throws -> GitError.Code? {
    do {
        _ = try await body()
        return nil
    } catch let error as GitError {
        return error.code
    }
}
