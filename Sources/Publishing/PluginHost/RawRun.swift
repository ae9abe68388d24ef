package import Secrets

/// One run of a program with all that it printed, unredacted, for whoever judges a plugin with made-up secrets.
package struct RawRun: Sendable {
    /// What the program gets and how long it has.
    package struct Setting: Sendable {
        package var input: Secret
        /// Whether standard input stays open after `input`.
        package var keepsInputOpen = false
        /// So many lines of output are enough: the program is then ended.
        package var lines = Int.max
        package var environment: [String: String]
        package var time: Duration = .seconds(30)

        package init(input: Secret, environment: [String: String]) {
            self.input = input
            self.environment = environment
        }
    }

    package internal(set) var output: [UInt8] = []
    package internal(set) var errors: [UInt8] = []
    package internal(set) var status = BoundedCommand.Status.notStarted
    /// Whether it had to be ended; `status` then tells whether it obeyed TERM (15) or needed KILL (9).
    package internal(set) var wasStopped = false

    /// Runs the program at `path`; `watch` gets the number of its process about every ten milliseconds.
    ///
    /// The caller's thread waits, so this is not for the cooperative pool.
    package init(
        _ path: String, _ arguments: [String], _ setting: Setting, limits: Limits = Limits(), watch: (Int32) -> Void
    ) {
        self = withoutActuallyEscaping(watch) { watch in
            let launch = Launch(path: path, arguments: arguments, environment: setting.environment)
            let job = RawJob(launch, setting, limits, watch)
            guard let loop = try? ProcessLoop(limits) else { return RawRun() }
            loop.add(job)
            loop.run()
            return job.run
        }
    }

    init() {}
}

private final class RawJob: ChildJob {
    let launch: Launch
    var run = RawRun()
    private let setting: RawRun.Setting
    private let limits: Limits
    private let watch: (Int32) -> Void
    private let deadline: ContinuousClock.Instant
    private var next = ContinuousClock.now
    private var input: Secret?
    private var process: Int32 = 0

    init(_ launch: Launch, _ setting: RawRun.Setting, _ limits: Limits, _ watch: @escaping (Int32) -> Void) {
        self.launch = launch
        self.setting = setting
        self.limits = limits
        self.watch = watch
        input = setting.input
        deadline = .now + setting.time
    }

    var keepsInputOpen: Bool { setting.keepsInputOpen }

    var wish: Directive { run.wasStopped ? .stop : .work(until: min(next, deadline)) }

    func hasStarted(_ process: Int32) -> Bool {
        self.process = process
        return true
    }

    func nextInput() -> Secret? {
        defer { input = nil }
        return input.flatMap { $0.count > 0 ? $0 : nil }
    }

    func receiveOutput(_ bytes: ArraySlice<UInt8>) {
        run.output += bytes.prefix(max(0, limits.answer - run.output.count))
        if run.output.count(where: { $0 == UInt8(ascii: "\n") }) >= setting.lines { run.wasStopped = true }
    }

    func outputEnded() {}

    func receiveLog(_ bytes: ArraySlice<UInt8>) {
        run.errors += bytes.prefix(max(0, limits.answer - run.errors.count))
    }

    func expire(at now: ContinuousClock.Instant) {
        watch(process)
        next = now + .milliseconds(10)
        if now >= deadline { run.wasStopped = true }
    }

    func hasEnded(_ ending: Ending) {
        switch ending {
        case .exited(let code): run.status = .exited(code)
        case .signalled(let signal): run.status = .signalled(signal)
        case .notStarted: run.status = .notStarted
        }
    }
}
