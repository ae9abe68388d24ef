/// A folder in which git itself makes repositories: at first `remote.git`, whose branch `main` has a few files.
package struct GitFolder: Sendable {
    /// A program that did not do its work.
    package struct Failure: Error {
        let output: String
    }

    package let folder: TemporaryDirectory

    package init() async throws {
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
    package func sh(_ script: String, within time: Duration = .seconds(600)) async throws -> String {
        let who = "HOME=\(folder.path) GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t.invalid"
        let text = "export \(who) GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t.invalid\ncd '\(folder.path)' || exit\n"
        let result = try await CommandRun(["sh", "-ec", text + script], within: time)
        guard result.succeeded else {
            throw Failure(output: result.output + result.errors)
        }
        return result.output.split(separator: "\n").joined(separator: "\n")
    }
}
