import ChildProcesses
import Glibc
import SystemPackage

/// A running program that says one line when it serves, and ends when its input does: with its last reference, and with
/// a test process that is killed, which runs no `deinit`.
package final class ServerProgram: Sendable {
    /// The line that it says when it serves, with its end; what there was, if it ended before that.
    package let greeting: [UInt8]
    /// Its process.
    package var process: Int32 { unsafe server.id }
    // Nobody calls it between `init` and `deinit`.
    private nonisolated(unsafe) let server: ChildProcess

    /// Starts `arguments`, the program first, with no other environment than this. Waits for its first line, or for the
    /// first that `isGreeting`.
    package init(
        _ arguments: [String], environment: [String: String] = [:], isGreeting: (String) -> Bool = { _ in true }
    ) throws {
        var program = Program(arguments, environment: environment)
        program.errors = .inherited
        let server = try ChildProcess(program)
        var line: [UInt8] = []
        var byte: [UInt8] = [0]
        while let output = server.output {
            var polled = pollfd(fd: output.rawValue, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&polled, 1, -1) > 0 else { continue }
            guard unsafe try byte.withUnsafeMutableBytes({ try unsafe output.read(into: $0) }) > 0 else { break }
            line += byte
            guard byte[0] == UInt8(ascii: "\n") else { continue }
            if isGreeting(String(decoding: line, as: UTF8.self)) { break }
            line = []
        }
        greeting = line
        unsafe self.server = server
    }

    /// For a program that does not end when its input does.
    package func kill() { unsafe server.send(SIGKILL) }

    deinit {
        unsafe server.closeInput()
        unsafe server.reap()
    }
}
