import Glibc
import SystemPackage
import TestSupport

/// A running `servers.py`, which ends with its last reference, and with the test process.
final class ServerProcess: Sendable {
    /// It did not start.
    struct Failure: Error {}

    /// On `127.0.0.1`.
    let port: Int
    private let process: Int32
    private let input: FileDescriptor

    init(_ arguments: [String]) throws {
        let (output, greeting) = try FileDescriptor.pipe(options: .closeOnExec)
        defer { try? output.close() }
        let (held, input) = try FileDescriptor.pipe(options: .closeOnExec)
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, greeting.rawValue, STDOUT_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, held.rawValue, STDIN_FILENO)
        let python = try Python.interpreter()
        var words: [UnsafeMutablePointer<CChar>?] =
            unsafe ([python, "-B", Python.file("Python/servers.py")] + arguments).map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        var process: Int32 = 0
        let status = unsafe posix_spawn(&process, python, &actions, nil, &words, environ)
        try greeting.close()
        try held.close()
        guard status == 0 else { throw Failure() }
        var line = ""
        var buffer = [UInt8](repeating: 0, count: 64)
        while !line.hasSuffix("\n") {
            let count = unsafe try buffer.withUnsafeMutableBytes { try unsafe output.read(into: $0) }
            if count == 0 { break }
            line += String(decoding: buffer[..<count], as: UTF8.self)
        }
        guard let port = Int(line.dropLast()) else {
            Self.end(process, input)
            throw Failure()
        }
        self.port = port
        self.process = process
        self.input = input
    }

    deinit { Self.end(process, input) }

    // The end of its input makes it end what it started, and itself.
    private static func end(_ process: Int32, _ input: FileDescriptor) {
        try? input.close()
        waitpid(process, nil, 0)
    }
}
