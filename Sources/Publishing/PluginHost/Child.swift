import Glibc
import Secrets
import SystemPackage

/// One child process from its start to its end, with our ends of its pipes.
final class Child {
    /// Where the process stands. A moment is the one at which the next phase begins.
    enum Phase {
        case starting
        case running
        case leaving(until: ContinuousClock.Instant)
        case terminating(until: ContinuousClock.Instant)
        case killed
        /// Dead, its group too; waits to be reaped.
        case dead
    }

    let job: any ChildJob
    private(set) var phase = Phase.starting
    private(set) var input: FileDescriptor?
    private(set) var output: FileDescriptor?
    private(set) var error: FileDescriptor?
    /// Becomes readable when the process ends.
    private(set) var descriptor: FileDescriptor?

    private let grace: Duration
    private let spawn: Spawn
    private var process: pid_t?
    private var piece: (bytes: Secret, written: Int)?

    init(_ job: any ChildJob, number: Int, grace: Duration, _ mailbox: Mailbox) throws(Errno) {
        self.job = job
        self.grace = grace
        let input = try FileDescriptor.pipe(options: .closeOnExec)
        let output: (readEnd: FileDescriptor, writeEnd: FileDescriptor)
        let error: (readEnd: FileDescriptor, writeEnd: FileDescriptor)
        do {
            output = try FileDescriptor.pipe(options: .closeOnExec)
        } catch {
            Self.close([input.readEnd, input.writeEnd])
            throw error
        }
        do {
            error = try FileDescriptor.pipe(options: .closeOnExec)
        } catch {
            Self.close([input.readEnd, input.writeEnd, output.readEnd, output.writeEnd])
            throw error
        }
        for end in [input.writeEnd, output.readEnd, error.readEnd] { _ = fcntl(end.rawValue, F_SETFL, O_NONBLOCK) }
        (self.input, self.output, self.error) = (input.writeEnd, output.readEnd, error.readEnd)
        spawn = Spawn(
            job.launch, number: number, input: input.readEnd, output: output.writeEnd, error: error.writeEnd, mailbox)
    }

    func hasStarted(_ process: Int32, descriptor: Int32) {
        self.process = process
        self.descriptor = descriptor >= 0 ? FileDescriptor(rawValue: descriptor) : nil
        phase = .running
        if job.hasStarted(process) { write() } else { closeInput() }
    }

    func hasEnded(_ ending: Ending) {
        closeAll()
        job.hasEnded(ending)
    }

    /// Whether there is input that did not fit.
    var isWriting: Bool { piece != nil }

    /// Whether its end can only be seen by asking.
    var mustBeWatched: Bool {
        if case .dead = phase { return false }
        return process != nil && descriptor == nil
    }

    /// The moment at which `advance` has something to do, whatever the process does.
    var moment: ContinuousClock.Instant? {
        switch phase {
        case .starting, .killed, .dead: return nil
        case .leaving(let moment), .terminating(let moment): return moment
        case .running:
            if case .work(let moment) = job.wish { return moment }
            return .now
        }
    }

    /// Goes on to the next phase if it is time.
    func advance(at now: ContinuousClock.Instant) {
        guard process != nil else { return }
        if hasDied { return reap() }
        if case .running = phase, case .work(let moment) = job.wish, moment <= now { job.expire(at: now) }
        switch (phase, job.wish) {
        case (.running, .leave):
            phase = .leaving(until: now + grace)
            closeInput()
        case (.running, .stop), (.leaving, .stop):
            terminate(now)
        case (.leaving(let moment), _) where moment <= now:
            terminate(now)
        case (.terminating(let moment), _) where moment <= now:
            signal(SIGKILL)
            phase = .killed
        default:
            break
        }
    }

    /// Writes as much of the input as fits.
    func write() {
        while let input {
            guard let piece = piece ?? job.nextInput().map({ ($0, 0) }) else {
                if !job.keepsInputOpen { closeInput() }
                return
            }
            let written: Int
            do {
                written = try piece.bytes.withBytes { span throws in
                    try unsafe span.extracting(droppingFirst: piece.written).withUnsafeBytes {
                        try unsafe input.write($0)
                    }
                }
            } catch Errno.wouldBlock {
                self.piece = piece
                return
            } catch {
                return closeInput()
            }
            let total = piece.written + written
            self.piece = total < piece.bytes.count ? (piece.bytes, total) : nil
        }
    }

    /// Reads what there is of standard output.
    func readOutput() {
        guard let output else { return }
        if Self.drain(output, { job.receiveOutput($0) }) {
            self.output = nil
            job.outputEnded()
        }
    }

    /// Reads what there is of standard error.
    func readError() {
        guard let error else { return }
        if Self.drain(error, { job.receiveLog($0) }) { self.error = nil }
    }

    /// The process is dead: what it wrote is read, what it left behind in its group is killed.
    private func reap() {
        if case .dead = phase { return }
        phase = .dead
        readOutput()
        readError()
        signal(SIGKILL)
        closeAll()
        descriptor = nil
        spawn.release()
    }

    private func terminate(_ now: ContinuousClock.Instant) {
        if !job.keepsInputOpen { closeInput() }
        signal(SIGTERM)
        phase = .terminating(until: now + grace)
    }

    private func signal(_ number: Int32) {
        // The process is not reaped before `release`, so its number cannot have passed to another one.
        if let process { _ = kill(-process, number) }
    }

    private var hasDied: Bool {
        guard let process else { return false }
        if case .dead = phase { return true }
        var information = unsafe siginfo_t()
        let result = unsafe waitid(P_PID, id_t(process), &information, WEXITED | WNOHANG | WNOWAIT)
        return unsafe result == 0 && information.si_signo == SIGCHLD
    }

    private func closeInput() {
        piece = nil
        Self.close([input].compactMap { $0 })
        input = nil
    }

    private func closeAll() {
        closeInput()
        Self.close([output, error].compactMap { $0 })
        (output, error) = (nil, nil)
    }

    /// Reads until the pipe is empty, at most a megabyte at a time; closes it at its end and says so.
    private static func drain(_ pipe: FileDescriptor, _ receive: (ArraySlice<UInt8>) -> Void) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65536)
        for _ in 0..<16 {
            let count: Int
            do {
                count = try unsafe chunk.withUnsafeMutableBytes { try unsafe pipe.read(into: $0) }
            } catch Errno.wouldBlock {
                return false
            } catch {
                count = 0
            }
            guard count > 0 else {
                close([pipe])
                return true
            }
            receive(chunk[..<count])
        }
        return false
    }

    private static func close(_ descriptors: [FileDescriptor]) {
        for descriptor in descriptors { try? descriptor.close() }
    }
}
