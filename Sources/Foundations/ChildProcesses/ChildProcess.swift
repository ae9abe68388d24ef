import Glibc
import Secrets
import SystemPackage

/// A process that was started, and our ends of its pipes. It is reaped before it goes.
@safe
struct ChildProcess: ~Copyable {
    private let process: pid_t
    private var input: Int32
    private let outputEnd: Int32
    private var secret: (bytes: Secret, written: Int)?
    private var status: Int32?
    /// What it printed so far, up to the limit.
    private(set) var output: [UInt8] = []
    /// Whether it printed more than the limit.
    private(set) var hasOverflown = false

    private let outputLimit: Int

    /// `nil` if there are no pipes left or the file is no program that can be started.
    init?(_ file: String, _ program: Program, capture: Bool) {
        let attachment = program.attachment.map { MemoryFile($0) } ?? nil
        guard program.attachment == nil || attachment != nil else { return nil }
        guard let toChild = try? FileDescriptor.pipe(options: .closeOnExec) else { return nil }
        let fromChild = capture ? try? FileDescriptor.pipe(options: .closeOnExec) : nil
        guard capture == (fromChild != nil) else {
            Self.close([toChild.readEnd.rawValue, toChild.writeEnd.rawValue])
            return nil
        }
        let ours = (input: toChild.writeEnd.rawValue, output: fromChild?.readEnd.rawValue ?? -1)
        let theirs = (input: toChild.readEnd.rawValue, output: fromChild?.writeEnd.rawValue ?? -1)
        let process = Self.spawn(
            file, program, input: theirs.input, output: theirs.output, attachment: attachment?.descriptor ?? -1)
        Self.close([theirs.input, theirs.output])
        guard let process else {
            Self.close([ours.input, ours.output])
            return nil
        }
        self.process = process
        outputLimit = program.outputLimit
        input = ours.input
        outputEnd = ours.output
        for end in [ours.input, ours.output] where end >= 0 { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    }

    deinit {
        Self.close([input, outputEnd])
        if status == nil {
            kill(process, SIGKILL)
            _ = waitpid(process, nil, 0)
        }
    }

    var hasEnded: Bool { status != nil }

    /// How it ended, once it has.
    var ending: Program.Ending {
        guard let status else { return .timedOut }
        return status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signalled(status & 0x7F)
    }

    /// Says what stands on its standard input; nothing means that it is empty.
    mutating func feed(_ secret: Secret?) {
        self.secret = secret.map { ($0, 0) }
        write()
    }

    func signal(_ number: Int32) {
        if !hasEnded { kill(process, number) }
    }

    /// Waits a little for something to happen, takes and gives what it can, and looks whether it ended.
    mutating func exchange(milliseconds: Int32) {
        // Negative descriptors are not looked at.
        var polled = [
            pollfd(fd: secret == nil ? -1 : input, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: hasOverflown ? -1 : outputEnd, events: Int16(POLLIN), revents: 0),
        ]
        _ = unsafe poll(&polled, 2, milliseconds)
        if polled[0].revents != 0 { write() }
        if polled[1].revents != 0 {
            drain()
            // At the end of the pipe `poll` returns at once, and so will the program.
            if polled[1].revents & Int16(POLLIN) == 0 { usleep(1000) }
        }
        var status: Int32 = 0
        if unsafe waitpid(process, &status, WNOHANG) == process { self.status = status }
    }

    /// Takes what is in the pipe.
    mutating func drain() {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while outputEnd >= 0, !hasOverflown {
            let count = unsafe read(outputEnd, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            output += chunk[..<count]
            hasOverflown = output.count > outputLimit
        }
        unsafe explicit_bzero(&chunk, chunk.count)
    }

    /// Writes what fits and closes the pipe after the last byte, or when nobody reads it any more.
    private mutating func write() {
        while let (bytes, written) = secret, written < bytes.count {
            let count = bytes.withBytes { span in
                unsafe span.withUnsafeBytes { all in
                    let rest = unsafe UnsafeRawBufferPointer(rebasing: all[written...])
                    return unsafe Glibc.write(input, rest.baseAddress, rest.count)
                }
            }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return }
            secret = count > 0 ? (bytes, written + count) : nil
        }
        secret = nil
        Self.close([input])
        input = -1
    }

    private static func close(_ descriptors: [Int32]) {
        for descriptor in descriptors where descriptor >= 0 { Glibc.close(descriptor) }
    }

    private static func spawn(
        _ file: String, _ program: Program, input: Int32, output: Int32, attachment: Int32
    ) -> pid_t? {
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        unsafe posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        if output >= 0 {
            unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        } else {
            unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        }
        // After the others, whose own numbers it could have.
        if attachment >= 0 { unsafe posix_spawn_file_actions_adddup2(&actions, attachment, 3) }
        // We ignore SIGPIPE and may have signals blocked; the program starts as from a shell.
        var every = sigset_t()
        var none = sigset_t()
        unsafe sigfillset(&every)
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &every)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        let arguments = program.arguments
        let texts = arguments + program.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        var pointers: [UnsafeMutablePointer<CChar>?] = unsafe texts.map { unsafe strdup($0) }
        defer { unsafe pointers.forEach { unsafe free($0) } }
        unsafe pointers.insert(nil, at: arguments.count)
        unsafe pointers.append(nil)
        var process: pid_t = 0
        let failure = unsafe pointers.withUnsafeMutableBufferPointer { all -> Int32 in
            guard let start = all.baseAddress else { return EINVAL }
            return unsafe posix_spawn(&process, file, &actions, &attributes, start, start + arguments.count + 1)
        }
        return failure == 0 ? process : nil
    }
}
