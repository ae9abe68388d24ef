import CProcess
import Glibc
import Secrets
package import SystemPackage

/// A process that was started, with our ends of its pipes. It is killed and reaped at the latest when it goes.
///
/// It leads a session of its own, so that a signal from our terminal is ours alone and lets it finish what it writes, and so
/// that all that it starts can be told from what others have started: see `Descendants`.
package final class ChildProcess {
    /// Its number, which stays its own until `reap`.
    package let id: Int32
    /// Becomes readable when it ends; `nil` where the kernel has no such descriptor.
    let descriptor: FileDescriptor?
    /// Where we write what it reads. Ours do not block.
    package private(set) var input: FileDescriptor?
    package private(set) var output: FileDescriptor?
    package private(set) var errors: FileDescriptor?
    private var ending: Ending?

    /// Errors are the system's: of the pipes, or of starting the program.
    package init(_ program: Program) throws(Errno) {
        guard let file = program.file else { throw program.absence }
        // A program that does not read must be an error of `write`, and one that ended must wait for us to reap it.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGCHLD, SIG_DFL)
        var opened: [FileDescriptor] = []
        var isStarted = false
        defer { if !isStarted { Self.close(opened) } }
        func pipe() throws(Errno) -> (readEnd: FileDescriptor, writeEnd: FileDescriptor) {
            let pipe = try FileDescriptor.pipe(options: .closeOnExec)
            opened += [pipe.readEnd, pipe.writeEnd]
            return pipe
        }
        func outlet(_ stream: Program.Stream) throws(Errno) -> (ours: FileDescriptor?, theirs: FileDescriptor?) {
            switch stream {
            case .inherited: return (nil, nil)
            case .collected:
                let pipe = try pipe()
                return (pipe.readEnd, pipe.writeEnd)
            case .discarded:
                guard
                    let nowhere = try? FileDescriptor.open(
                        FilePath("/dev/null"), .writeOnly, options: .closeOnExec)
                else { throw .noSuchFileOrDirectory }
                opened.append(nowhere)
                return (nil, nowhere)
            }
        }
        let attachment = program.attachment.map { MemoryFile($0) } ?? nil
        guard program.attachment == nil || attachment != nil else { throw .noMemory }
        guard attachment == nil || program.image == nil else { throw .invalidArgument }
        let third = attachment?.descriptor ?? program.image?.descriptor.rawValue ?? -1
        let input = try pipe()
        let (output, errors) = (try outlet(program.output), try outlet(program.errors))
        let theirs = [input.readEnd, output.theirs, errors.theirs]
        id = try Self.start(file, program, theirs.map { $0?.rawValue ?? -1 } + [third])
        isStarted = true
        Self.close(theirs.compactMap(\.self))
        (self.input, self.output, self.errors) = (input.writeEnd, output.ours, errors.ours)
        let descriptor = ork_process_descriptor(id)
        self.descriptor = descriptor >= 0 ? FileDescriptor(rawValue: descriptor) : nil
        for end in [self.input, self.output, self.errors] {
            if let end { _ = fcntl(end.rawValue, F_SETFL, O_NONBLOCK) }
        }
    }

    deinit {
        if ending == nil {
            send(SIGKILL)
            reap()
        }
        closeInput()
        closeOutput()
        closeErrors()
        Self.close([descriptor].compactMap(\.self))
    }

    /// Whether it is dead. Its number is still its own, and so its group's.
    var hasDied: Bool {
        guard ending == nil else { return true }
        var information = unsafe siginfo_t()
        let result = unsafe waitid(P_PID, id_t(id), &information, WEXITED | WNOHANG | WNOWAIT)
        return unsafe result != 0 && errno != EINTR || information.si_signo == SIGCHLD
    }

    /// Signals it and its group, and by TERM also those who have left the group. They are below it as long as it lives;
    /// afterwards `Descendants` ends them.
    package func send(_ number: Int32) {
        guard ending == nil else { return }
        if number == SIGTERM { Descendants.signal(number, below: id) }
        kill(-id, number)
    }

    /// Waits for its end and takes its status. Its number may pass to another process.
    @discardableResult
    package func reap() -> Ending {
        if let ending { return ending }
        var information = unsafe siginfo_t()
        while unsafe waitid(P_PID, id_t(id), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        let ending = Descendants.reap(id)
        self.ending = ending
        return ending
    }

    package func closeInput() {
        Self.close([input].compactMap(\.self))
        input = nil
    }

    package func closeOutput() {
        Self.close([output].compactMap(\.self))
        output = nil
    }

    package func closeErrors() {
        Self.close([errors].compactMap(\.self))
        errors = nil
    }

    private static func close(_ descriptors: [FileDescriptor]) {
        for descriptor in descriptors { try? descriptor.close() }
    }

    private static func start(_ file: String, _ program: Program, _ descriptors: [Int32]) throws(Errno) -> pid_t {
        let arguments = program.arguments
        let texts = arguments + program.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        var pointers: [UnsafeMutablePointer<CChar>?] = unsafe texts.map { unsafe strdup($0) }
        defer { unsafe pointers.forEach { unsafe free($0) } }
        unsafe pointers.insert(nil, at: arguments.count)
        unsafe pointers.append(nil)
        let process = unsafe pointers.withUnsafeBufferPointer { all -> pid_t in
            guard let start = all.baseAddress else { return -EINVAL }
            return Descendants.start {
                let environment = unsafe start + arguments.count + 1
                let diesWithUs: Int32 = program.diesWithUs ? 1 : 0
                let process =
                    if let directory = program.directory {
                        unsafe ork_process_start(file, start, environment, directory, descriptors, diesWithUs)
                    } else {
                        unsafe ork_process_start(file, start, environment, nil, descriptors, diesWithUs)
                    }
                return process < 0 ? -errno : process
            }
        }
        guard process > 0 else { throw Errno(rawValue: -process) }
        return process
    }
}
