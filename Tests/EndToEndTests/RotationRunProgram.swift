import FoundationEssentials
import Glibc
import Synchronization

/// The process that a fault may kill, as soon as it has one.
final class Victim: Sendable {
    private let process = Mutex<Int32>(0)

    func set(_ process: Int32) { self.process.withLock { $0 = process } }

    /// Kills the process; a request of it may come in before its parent knows its number.
    func kill(_ signal: Int32 = SIGKILL) {
        while true {
            let process = process.withLock { $0 }
            if process > 0 {
                _ = Glibc.kill(process, signal)
                return
            }
            usleep(100)
        }
    }
}

/// One run of a program, to its end. It blocks: not for Swift's cooperative pool.
struct ProgramRun: Sendable {
    /// How it ended.
    enum Ending: Equatable, Sendable {
        case exited(Int32)
        case signalled(Int32)
    }

    let words: [String]
    let ending: Ending
    /// Whether the system wrote a core file.
    let leftCore: Bool
    let output: String
    let errors: String

    var isDone: Bool { ending == .exited(0) }

    /// The last hint, which says what to do next.
    var hint: String? {
        let line = errors.split(separator: "\n").last { $0.contains(": hint: ") }
        return line.flatMap { line in line.firstRange(of: ": hint: ").map { String(line[$0.upperBound...]) } }
    }

    /// A program that could not be started, or that did not end within a minute.
    struct Failure: Error {
        let reason: String
    }

    /// Starts `words` with no other environment than the given one, and keeps what it prints in the files `NAME.out`
    /// and `NAME.err` of `logs`.
    static func run(
        _ words: [String], environment: [String: String], input: String = "/dev/null", logs: String,
        name: String, victim: Victim? = nil
    ) throws(Failure) -> ProgramRun {
        let (output, errors) = ("\(logs)/\(name).out", "\(logs)/\(name).err")
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        let flags = O_WRONLY | O_CREAT | O_TRUNC
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input, O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, flags, 0o600)
        unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors, flags, 0o600)
        // The threads of libdispatch block most signals, and children inherit that.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var mask = sigset_t()
        unsafe sigemptyset(&mask)
        unsafe posix_spawnattr_setsigmask(&attributes, &mask)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var arguments: [UnsafeMutablePointer<CChar>?] = unsafe words.map { unsafe strdup($0) } + [nil]
        defer { unsafe arguments.forEach { unsafe free($0) } }
        var variables: [UnsafeMutablePointer<CChar>?] =
            unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        defer { unsafe variables.forEach { unsafe free($0) } }
        var process: Int32 = 0
        guard unsafe posix_spawn(&process, words[0], &actions, &attributes, &arguments, &variables) == 0 else {
            throw Failure(reason: "\(words[0]) cannot be started")
        }
        victim?.set(process)
        let status = try wait(process, words[0])
        return ProgramRun(
            words: words,
            ending: status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signalled(status & 0x7F),
            leftCore: status & 0x80 != 0, output: text(output), errors: text(errors))
    }

    private static func wait(_ process: Int32, _ name: String) throws(Failure) -> Int32 {
        let end = ContinuousClock.now + .seconds(60)
        var status: Int32 = 0
        while true {
            let answer = unsafe waitpid(process, &status, WNOHANG)
            if answer == process { return status }
            guard answer == 0 || errno == EINTR else { throw Failure(reason: "\(name) cannot be waited for") }
            guard ContinuousClock.now < end else {
                kill(process, SIGKILL)
                _ = unsafe waitpid(process, &status, 0)
                throw Failure(reason: "\(name) did not end within a minute")
            }
            usleep(2000)
        }
    }

    private static func text(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
