import FoundationEssentials
import SystemPackage

/// The scripts in a suite's `Python/`, run by the virtual environment that holds `Tests/requirements.txt`.
package enum Python {
    /// What a script printed, on both streams, and whether it ended with 0.
    package struct Outcome: Sendable {
        package let succeeded: Bool
        package let output: String
    }

    /// The virtual environment is not there.
    package struct Missing: Error, CustomStringConvertible {
        package let description: String
    }

    /// The file of a script or a fixture beside the caller's source.
    package static func file(_ path: String, beside source: String = #filePath) -> String {
        FilePath(source).removingLastComponent().pushing(FilePath(path)).string
    }

    /// The interpreter of the virtual environment.
    package static func interpreter() throws -> String {
        let environment =
            ProcessInfo.processInfo.environment["ORK_TEST_VENV"] ?? BuiltProduct.repository + "/.venv-test"
        let interpreter = environment + "/bin/python"
        guard FileManager.default.isExecutableFile(atPath: interpreter) else {
            throw Missing(
                description: """
                    \(interpreter) is missing: run Tests/run.sh, or python3 -m venv .venv-test && \
                    .venv-test/bin/pip install -r Tests/requirements.txt, or name another environment in ORK_TEST_VENV
                    """)
        }
        return interpreter
    }

    /// Runs a script beside the caller's source with text on its standard input.
    package static func run(
        _ script: String, _ arguments: [String] = [], input: String = "", beside source: String = #filePath
    ) async throws -> Outcome {
        let interpreter = try interpreter()
        let script = file("Python/" + script, beside: source)
        let result = try await CommandRun([interpreter, "-B", script] + arguments, input: input)
        return Outcome(succeeded: result.succeeded, output: result.output + result.errors)
    }
}
