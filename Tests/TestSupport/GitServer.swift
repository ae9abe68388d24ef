import FoundationEssentials
import TestSupport

/// A running `servers.py`, which ends what it started when it ends.
final class ServerProcess: Sendable {
    /// It did not start.
    struct Failure: Error {}

    /// On `127.0.0.1`.
    let port: Int
    private let program: ServerProgram

    init(_ arguments: [String]) throws {
        program = try ServerProgram(
            [try Python.interpreter(), "-B", Python.file("Python/servers.py")] + arguments,
            environment: ProcessInfo.processInfo.environment)
        guard let port = Int(String(decoding: program.greeting.dropLast(), as: UTF8.self)) else { throw Failure() }
        self.port = port
    }
}
