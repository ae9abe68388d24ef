package import ChildProcesses
import Secrets

/// One run of a program to its end, with what it printed.
package struct CommandRun: Sendable {
    /// A program that is not there.
    package struct NotStarted: Error {
        let program: String?
    }

    package let ending: Ending
    package let output: String
    package let errors: String

    /// Whether it ended with 0.
    package var succeeded: Bool { ending == .exited(0) }

    /// Runs `words`, the program first: with a slash a file, else found in `PATH`. Its environment is the tests' own if
    /// none is given. What takes longer than `time` is hung.
    package init(
        _ words: [String], environment: [String: String]? = nil, in directory: String? = nil, input: String = "",
        within time: Duration = .seconds(600)
    ) async throws {
        var program = Program(words, directory: directory)
        if let environment { program.environment = environment }
        let run = try await onOwnThread { [program] in
            program.run(Run.Options(input: Secret(input), outputLimit: 16 << 20, time: time))
        }
        guard run.ending.obstacle == nil else { throw NotStarted(program: words.first) }
        ending = run.ending
        output = String(decoding: run.output.copyBytes(), as: UTF8.self)
        errors = String(decoding: run.errors.copyBytes(), as: UTF8.self)
    }
}
