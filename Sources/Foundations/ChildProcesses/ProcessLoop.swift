import Glibc
import Secrets
import SystemPackage

/// Runs child processes, some at once, and returns when all have ended. All jobs are called on the caller's thread.
package final class ProcessLoop {
    private let limit: Int
    private let grace: Duration
    private var waiting: [any ChildJob] = []
    private var children: [SupervisedChild] = []

    /// `limit` is how many run at once; `grace` is how long a process has to end by itself, and then after TERM.
    package init(limit: Int = 8, grace: Duration = .seconds(2)) {
        self.limit = limit
        self.grace = grace
    }

    /// Puts a job in the queue; jobs may do so while the loop runs.
    package func add(_ job: any ChildJob) { waiting.append(job) }

    package func run() {
        while !waiting.isEmpty || !children.isEmpty {
            start()
            sleep()
            let now = ContinuousClock.now
            for child in children { child.advance(at: now) }
            children.removeAll { $0.isGone }
        }
    }

    /// Starts as many as may run at once, and returns. What they write waits in their pipes until `run`.
    package func start() {
        while children.count < limit, !waiting.isEmpty {
            let job = waiting.removeFirst()
            guard StopSignal.received == nil else {
                job.hasEnded(.notStarted(.canceled))
                continue
            }
            do throws(Errno) {
                children.append(SupervisedChild(job, try ChildProcess(job.program), grace: grace))
            } catch {
                job.hasEnded(.notStarted(error))
            }
        }
    }

    /// Waits for the next event and moves what can be moved through the pipes.
    private func sleep() {
        guard !children.isEmpty else { return }
        var polls: [pollfd] = []
        var actions: [() -> Void] = []
        func watch(_ descriptor: FileDescriptor?, _ events: Int32, _ action: @escaping () -> Void) {
            guard let descriptor else { return }
            polls.append(pollfd(fd: descriptor.rawValue, events: Int16(events), revents: 0))
            actions.append(action)
        }
        for child in children where !child.isDead {
            watch(child.process.output, POLLIN) { child.readOutput() }
            watch(child.process.errors, POLLIN) { child.readErrors() }
            watch(child.process.descriptor, POLLIN) {}
            if child.isWriting { watch(child.process.input, POLLOUT) { child.write() } }
        }
        // From the signal on it is always readable, and has told what it has to tell.
        if StopSignal.received == nil { watch(StopSignal.descriptor, POLLIN) {} }
        guard unsafe poll(&polls, nfds_t(polls.count), timeout()) > 0 else { return }
        for (poll, action) in zip(polls, actions) where poll.revents != 0 { action() }
    }

    /// Milliseconds until something is due, rounded up.
    private func timeout() -> Int32 {
        let due = children.compactMap(\.moment).min().map { ContinuousClock.now.duration(to: $0) }
        let (seconds, attoseconds) = max(.zero, min(.seconds(3600), due ?? .seconds(3600))).components
        return Int32(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}

/// A process and its job, from start to end.
private final class SupervisedChild {
    /// Where the process stands. A moment is the one at which the next phase begins.
    private enum Phase {
        case running
        case leaving(until: ContinuousClock.Instant)
        case terminating(until: ContinuousClock.Instant)
        case killed
        /// Not reaped yet: its number names its group, which is killed, with what has left it.
        case dead
        case gone
    }

    let process: ChildProcess
    private let job: any ChildJob
    private let grace: Duration
    private var phase = Phase.running
    private var piece: (bytes: Secret, written: Int)?

    init(_ job: any ChildJob, _ process: ChildProcess, grace: Duration) {
        self.job = job
        self.process = process
        self.grace = grace
        if job.hasStarted(process.id) { write() } else { closeInput() }
    }

    /// Whether there is input that did not fit.
    var isWriting: Bool { piece != nil }

    var isDead: Bool {
        switch phase {
        case .dead, .gone: true
        default: false
        }
    }

    var isGone: Bool {
        if case .gone = phase { true } else { false }
    }

    /// The moment at which `advance` has something to do, whatever the process does.
    var moment: ContinuousClock.Instant? {
        let moment: ContinuousClock.Instant? =
            switch (phase, job.directive) {
            case (.gone, _), (.killed, _): nil
            case (.dead, _): .now + .milliseconds(2)
            case (.leaving(let moment), _), (.terminating(let moment), _): moment
            case (.running, .work(let moment)): moment
            case (.running, _): .now
            }
        // Without its descriptor, its end is only seen by looking.
        guard process.descriptor == nil else { return moment }
        return min(moment ?? .now + .milliseconds(20), .now + .milliseconds(20))
    }

    /// Goes on to the next phase if it is time.
    func advance(at now: ContinuousClock.Instant) {
        if !isDead, process.hasDied { finishReading() }
        if isDead { return reap() }
        if case .running = phase, case .work(let moment) = job.directive, moment <= now { job.expire(at: now) }
        switch (phase, job.directive) {
        case (.running, .leave):
            leave(now)
        // Who asks this process to stop waits for what it has started, but not for long.
        case (.running, .work) where StopSignal.received != nil:
            leave(now)
        case (.running, .stop), (.leaving, .stop):
            terminate(now)
        case (.leaving(let moment), _) where moment <= now:
            terminate(now)
        case (.terminating(let moment), _) where moment <= now:
            process.send(SIGKILL)
            phase = .killed
        default:
            break
        }
    }

    /// Writes as much of the input as fits.
    func write() {
        while let input = process.input {
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
        guard let output = process.output else { return }
        if Self.drain(output, { job.receiveOutput($0) }) {
            process.closeOutput()
            job.outputEnded()
        }
    }

    /// Reads what there is of standard error.
    func readErrors() {
        guard let errors = process.errors else { return }
        if Self.drain(errors, { job.receiveErrors($0) }) { process.closeErrors() }
    }

    private func leave(_ now: ContinuousClock.Instant) {
        phase = .leaving(until: now + grace)
        closeInput()
    }

    private func terminate(_ now: ContinuousClock.Instant) {
        if !job.keepsInputOpen { closeInput() }
        process.send(SIGTERM)
        phase = .terminating(until: now + grace)
    }

    /// What it wrote is in the pipes; whoever else holds them open is not waited for.
    private func finishReading() {
        phase = .dead
        readOutput()
        readErrors()
        closeInput()
        process.closeOutput()
        process.closeErrors()
        process.send(SIGKILL)
    }

    private func reap() {
        guard case .dead = phase, !Descendants.killOrphans() else { return }
        phase = .gone
        job.hasEnded(process.reap())
    }

    private func closeInput() {
        piece = nil
        process.closeInput()
    }

    /// Reads until the pipe is empty, at most a megabyte at a time. Whether it has come to its end.
    private static func drain(_ pipe: FileDescriptor, _ receive: (ArraySlice<UInt8>) -> Void) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65536)
        defer { unsafe explicit_bzero(&chunk, chunk.count) }
        for _ in 0..<16 {
            let count: Int
            do {
                count = try unsafe chunk.withUnsafeMutableBytes { try unsafe pipe.read(into: $0) }
            } catch Errno.wouldBlock {
                return false
            } catch {
                return true
            }
            guard count > 0 else { return true }
            receive(chunk[..<count])
        }
        return false
    }
}
