import Glibc
import SystemPackage

/// A running program that says one line when it serves, and ends when its input does: with its last reference, and with
/// a test process that is killed, which runs no `deinit`.
package final class ServerProgram: Sendable {
    /// It could not be started.
    package enum Failure: Error {
        case start
    }

    /// Its first line, with its end; what there was, if it ended before that.
    package let greeting: [UInt8]
    /// Its process.
    package let process: Int32
    private let input: FileDescriptor

    /// Starts `arguments`, the program first, with no other environment than this.
    package init(_ arguments: [String], environment: [String: String] = [:]) throws {
        let (output, greeting) = try FileDescriptor.pipe(options: .closeOnExec)
        defer { try? output.close() }
        let (held, input) = try FileDescriptor.pipe(options: .closeOnExec)

        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, greeting.rawValue, STDOUT_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, held.rawValue, STDIN_FILENO)
        var words: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        var variables: [UnsafeMutablePointer<CChar>?] =
            unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        defer { unsafe variables.forEach { unsafe free($0) } }
        var process: Int32 = 0
        let status = unsafe posix_spawn(&process, arguments[0], &actions, nil, &words, &variables)
        try greeting.close()
        try held.close()
        guard status == 0 else {
            try? input.close()
            throw Failure.start
        }

        var line: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !line.contains(0x0A) {
            let count = unsafe try buffer.withUnsafeMutableBytes { try unsafe output.read(into: $0) }
            if count == 0 { break }
            line += buffer[..<count]
        }
        self.greeting = line
        self.process = process
        self.input = input
    }

    deinit {
        try? input.close()
        waitpid(process, nil, 0)
    }
}
