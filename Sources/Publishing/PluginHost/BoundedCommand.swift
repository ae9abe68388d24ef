import Glibc
package import Secrets

/// Runs one command of the plan, as a probe, under the rules for publishers: no input, its own environment and
/// process group, an end at the deadline, output bounded, redacted and escaped.
package struct BoundedCommand {
    /// How it went.
    package enum Status: Sendable, Hashable {
        case exited(Int32)
        case signalled(Int32)
        case timedOut
        /// There is no such program, or it cannot be started.
        case notStarted
    }

    private let limits: Limits

    /// `limits` bounds the log and the time between TERM and KILL.
    package init(limits: Limits = Limits()) { self.limits = limits }

    /// Runs `arguments`, the program first, until it ends or `time` is over. The caller's thread waits, so this is
    /// not for the cooperative pool.
    ///
    /// `environment` is all that the command gets; a program without a slash is looked for in its `PATH`.
    /// `log` gets the lines of standard output and standard error.
    package func run(
        _ arguments: [String], environment: [String: String], time: Duration, redactor: Redactor,
        log: (String) -> Void
    ) -> Status {
        guard let program = arguments.first, let path = Self.find(program, environment["PATH"] ?? "") else {
            return .notStarted
        }
        return withoutActuallyEscaping(log) { log in
            let launch = Launch(path: path, arguments: Array(arguments.dropFirst()), environment: environment)
            let job = CommandJob(launch, until: .now + time, redactor: redactor, limits: limits, log: log)
            guard let loop = try? ProcessLoop(limits) else { return .notStarted }
            loop.add(job)
            loop.run()
            return job.status
        }
    }

    private static func find(_ program: String, _ path: String) -> String? {
        guard !program.utf8.contains(UInt8(ascii: "/")) else { return program }
        return path.split(separator: ":").filter { $0.hasPrefix("/") }.map { "\($0)/\(program)" }
            .first { unsafe access($0, X_OK) == 0 }
    }
}

private final class CommandJob: ChildJob {
    let launch: Launch
    private(set) var status = BoundedCommand.Status.notStarted
    private let deadline: ContinuousClock.Instant
    private var output: LogLines
    private var errors: LogLines
    private var hasExpired = false

    init(
        _ launch: Launch, until deadline: ContinuousClock.Instant, redactor: Redactor, limits: Limits,
        log: @escaping (String) -> Void
    ) {
        self.launch = launch
        self.deadline = deadline
        output = LogLines(redactor, limit: limits.log, emit: log)
        errors = LogLines(redactor, limit: limits.log, emit: log)
    }

    var wish: Directive { hasExpired ? .stop : .work(until: deadline) }

    func hasStarted(_ process: Int32) -> Bool { true }

    func nextInput() -> Secret? { nil }

    func receiveOutput(_ bytes: ArraySlice<UInt8>) { output.receive(bytes) }

    func outputEnded() {}

    func receiveLog(_ bytes: ArraySlice<UInt8>) { errors.receive(bytes) }

    func expire(at now: ContinuousClock.Instant) { hasExpired = true }

    func hasEnded(_ ending: Ending) {
        output.end()
        errors.end()
        switch ending {
        case .exited(let code): status = hasExpired ? .timedOut : .exited(code)
        case .signalled(let signal): status = hasExpired ? .timedOut : .signalled(signal)
        case .notStarted: status = .notStarted
        }
    }
}
