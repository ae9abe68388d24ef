import FoundationEssentials

/// OpenSSH's agent in the foreground, which holds no key at first.
package struct SSHAgent: Sendable {
    private let program: ServerProgram

    /// Returns when it listens at `path`.
    package init(at path: String) throws {
        let environment = ProcessInfo.processInfo.environment
        program = try ServerProgram(["ssh-agent", "-D", "-a", path], environment: environment)
    }

    package func end() { program.kill() }
}
