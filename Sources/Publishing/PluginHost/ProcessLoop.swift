import Glibc
import SystemPackage

/// Runs child processes, some at once, and returns when all have ended. All jobs are called on the caller's thread.
final class ProcessLoop {
    private let limits: Limits
    private let mailbox: Mailbox
    private var waiting: [any ChildJob] = []
    private var children: [Int: Child] = [:]
    private var count = 0

    init(_ limits: Limits) throws(Errno) {
        self.limits = limits
        mailbox = try Mailbox()
        // A child that does not read must be an error of `write`; children get the default back.
        _ = signal(SIGPIPE, SIG_IGN)
    }

    /// Puts a job in the queue; jobs may do so while the loop runs.
    func add(_ job: any ChildJob) { waiting.append(job) }

    func run() {
        while !waiting.isEmpty || !children.isEmpty {
            start()
            sleep()
            for (number, message) in mailbox.take() { handle(number, message) }
            let now = ContinuousClock.now
            for child in children.values { child.advance(at: now) }
        }
    }

    private func start() {
        while children.count < limits.processes, !waiting.isEmpty {
            let job = waiting.removeFirst()
            count += 1
            do {
                children[count] = try Child(job, number: count, grace: limits.grace, mailbox)
            } catch {
                job.hasEnded(.notStarted)
            }
        }
    }

    private func handle(_ number: Int, _ message: Mailbox.Message) {
        switch message {
        case .started(let process, let descriptor):
            children[number]?.hasStarted(process, descriptor: descriptor)
        case .ended(let ending):
            children.removeValue(forKey: number)?.hasEnded(ending)
        }
    }

    /// Waits for the next event and moves what can be moved through the pipes.
    private func sleep() {
        guard !children.isEmpty else { return }
        var polls = [pollfd(fd: mailbox.wakeupRead.rawValue, events: Int16(POLLIN), revents: 0)]
        var actions: [() -> Void] = [{}]
        func watch(_ descriptor: FileDescriptor?, _ events: Int32, _ action: @escaping () -> Void) {
            guard let descriptor else { return }
            polls.append(pollfd(fd: descriptor.rawValue, events: Int16(events), revents: 0))
            actions.append(action)
        }
        for child in children.values {
            watch(child.output, POLLIN) { child.readOutput() }
            watch(child.error, POLLIN) { child.readError() }
            watch(child.descriptor, POLLIN) {}
            if child.isWriting { watch(child.input, POLLOUT) { child.write() } }
        }
        guard unsafe poll(&polls, nfds_t(polls.count), timeout()) > 0 else { return }
        for (poll, action) in zip(polls, actions) where poll.revents != 0 { action() }
    }

    /// Milliseconds until something is due, rounded up.
    private func timeout() -> Int32 {
        // Where the kernel has no descriptor of a process, its end is looked for.
        let idle: Duration = children.values.contains { $0.mustBeWatched } ? .milliseconds(20) : .seconds(3600)
        let due = children.values.compactMap(\.moment).min().map { ContinuousClock.now.duration(to: $0) }
        let (seconds, attoseconds) = max(.zero, min(idle, due ?? idle)).components
        return Int32(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
