import FoundationEssentials
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The scripts in `Python/`, run by the virtual environment that holds `Tests/requirements.txt`.
enum Python {
    /// What a script printed, on both streams, and whether it ended with 0.
    struct Outcome {
        let succeeded: Bool
        let output: String
    }

    /// The file of a script or a fixture of this suite.
    static func file(_ path: String) -> String {
        FilePath(#filePath).removingLastComponent().pushing(FilePath(path)).string
    }

    /// Runs a script with text on its standard input.
    static func run(_ script: String, _ arguments: [String] = [], input: String = "") async throws -> Outcome {
        let environment =
            ProcessInfo.processInfo.environment["ORK_TEST_VENV"] ?? BuiltProduct.repository + "/.venv-test"
        let interpreter = environment + "/bin/python"
        try #require(
            FileManager.default.isExecutableFile(atPath: interpreter),
            """
            \(interpreter) is missing: run Tests/run.sh, or python3 -m venv .venv-test && \
            .venv-test/bin/pip install -r Tests/requirements.txt, or name another environment in ORK_TEST_VENV
            """)
        let result = try await Subprocess.run(
            .path(FilePath(interpreter)), arguments: Arguments(["-B", file("Python/" + script)] + arguments),
            input: .string(input), output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        return Outcome(
            succeeded: result.terminationStatus.isSuccess,
            output: result.standardOutput + result.standardError)
    }
}
