import Git
import Subprocess
import TestSupport
import Testing

/// A repository made by git itself, with a branch `main`, and room for others.
struct World: Sendable {
    /// A program that did not do its work.
    struct Failure: Error {
        let output: String
    }

    let folder: TemporaryDirectory

    init() async throws {
        folder = try TemporaryDirectory()
        try await sh(
            """
            git init -q --bare -b main remote.git && git clone -q remote.git seed 2>/dev/null && cd seed
            mkdir deploy && echo one >deploy/app.env && echo '#!/bin/sh' >run && chmod 755 run && ln -s run link
            git add . && git commit -q -m first && echo two >>deploy/app.env && git commit -qam second
            git push -q origin HEAD:main && git rev-parse HEAD
            """)
    }

    /// Runs commands with nobody's configuration and returns what they print.
    @discardableResult
    func sh(_ script: String) async throws -> String {
        let who = "HOME=\(folder.path) GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t.invalid"
        let text = "export \(who) GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t.invalid\ncd '\(folder.path)' || exit\n"
        let result = try await run(
            .name("sh"), arguments: ["-ec", text + script], output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            throw Failure(output: result.standardOutput + result.standardError)
        }
        return result.standardOutput.split(separator: "\n").joined(separator: "\n")
    }

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
