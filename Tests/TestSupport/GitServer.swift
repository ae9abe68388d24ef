import FoundationEssentials

/// A git server that is not ours: OpenSSH's, or nginx with `git http-backend`. It ends with its last reference.
package final class GitServer: Sendable {
    /// It did not start.
    package struct Failure: Error {}

    /// On `127.0.0.1`.
    package let port: Int
    private let program: ServerProgram

    /// `ssh FOLDER`, or `https FOLDER REPOSITORIES CERTIFICATE`: see the script.
    package init(_ arguments: [String]) throws {
        program = try ServerProgram(
            [try Python.interpreter(), "-B", Python.file("Python/git_servers.py")] + arguments,
            environment: ProcessInfo.processInfo.environment)
        guard let port = Int(String(decoding: program.greeting.dropLast(), as: UTF8.self)) else { throw Failure() }
        self.port = port
    }
}
