import Glibc
package import Secrets
import SystemPackage

/// One run of a program to its end, with what it printed.
package struct Run: Sendable {
    /// What the program reads, and the bounds within which it runs.
    package struct Options: Sendable {
        /// Its standard input.
        package var input: Secret?
        /// Whether standard input stays open after `input`.
        package var keepsInputOpen = false
        /// So many lines of output are enough: the program is then ended.
        package var lines = Int.max
        /// The bytes that are kept of each stream; more is read and dropped.
        package var outputLimit = 64 << 10
        /// How long it may take.
        package var time: Duration
        /// How long it has between TERM and KILL.
        package var grace: Duration = .seconds(2)

        package init(input: Secret? = nil, outputLimit: Int = 64 << 10, time: Duration = .seconds(30)) {
            self.input = input
            self.outputLimit = outputLimit
            self.time = time
        }
    }

    package fileprivate(set) var ending = Ending.notStarted(.noSuchFileOrDirectory)
    /// Whether it had to be ended; `ending` then tells whether it obeyed TERM (15) or needed KILL (9).
    package fileprivate(set) var wasStopped = false
    package fileprivate(set) var output = Secret("")
    package fileprivate(set) var errors = Secret("")
    /// Whether a stream had more than its limit, so that what is here is its beginning.
    package fileprivate(set) var isCut = false

    /// Whether it ended by itself, with status 0.
    package var succeeded: Bool { ending == .exited(0) && !wasStopped }
}

extension Program {
    /// Runs the program to its end, or stops it when its time is over. All that it has started has then ended too.
    ///
    /// With `log`, the lines of both streams go there and are not kept. `watch` gets the number of the process about
    /// every ten milliseconds. The caller's thread waits, so this is not for the cooperative pool.
    package func run(_ options: Run.Options, log: LogLines? = nil, watch: ((Int32) -> Void)? = nil) -> Run {
        let job = RunJob(self, options, log, watch)
        let loop = ProcessLoop(grace: options.grace)
        loop.add(job)
        loop.run()
        return job.run
    }
}

private final class RunJob: ChildJob {
    let program: Program
    private(set) var run = Run()
    private let options: Run.Options
    private let watch: ((Int32) -> Void)?
    private let deadline: ContinuousClock.Instant
    private var nextWatch: ContinuousClock.Instant
    private var input: Secret?
    private var process: Int32 = 0
    private var output: Sink
    private var errors: Sink
    private var lines = 0

    init(_ program: Program, _ options: Run.Options, _ log: LogLines?, _ watch: ((Int32) -> Void)?) {
        self.program = program
        self.options = options
        self.watch = watch
        input = options.input.flatMap { $0.count > 0 ? $0 : nil }
        deadline = .now + options.time
        nextWatch = watch == nil ? deadline : .now
        output = log.map { .log($0) } ?? .kept(Collected(limit: options.outputLimit))
        errors = output
    }

    var keepsInputOpen: Bool { options.keepsInputOpen }

    var directive: Directive { run.wasStopped ? .stop : .work(until: min(nextWatch, deadline)) }

    func hasStarted(_ process: Int32) -> Bool {
        self.process = process
        return true
    }

    func nextInput() -> Secret? {
        defer { input = nil }
        return input
    }

    func receiveOutput(_ bytes: ArraySlice<UInt8>) {
        output.receive(bytes)
        guard options.lines < .max else { return }
        lines += bytes.count { $0 == UInt8(ascii: "\n") }
        if lines >= options.lines { run.wasStopped = true }
    }

    func receiveErrors(_ bytes: ArraySlice<UInt8>) { errors.receive(bytes) }

    func expire(at now: ContinuousClock.Instant) {
        watch?(process)
        if watch != nil { nextWatch = now + .milliseconds(10) }
        if now >= deadline { run.wasStopped = true }
    }

    func hasEnded(_ ending: Ending) {
        run.ending = ending
        (run.output, run.errors) = (output.end(), errors.end())
        run.isCut = output.isCut || errors.isCut
    }
}

/// Where a stream's bytes go.
private enum Sink {
    case kept(Collected)
    case log(LogLines)

    var isCut: Bool {
        if case .kept(let collected) = self { collected.isCut } else { false }
    }

    mutating func receive(_ bytes: ArraySlice<UInt8>) {
        switch self {
        case .kept(var collected):
            collected.receive(bytes)
            self = .kept(collected)
        case .log(var lines):
            lines.receive(bytes)
            self = .log(lines)
        }
    }

    mutating func end() -> Secret {
        switch self {
        case .kept(let collected): return collected.joined()
        case .log(var lines):
            lines.end()
            return Secret("")
        }
    }
}

/// The beginning of a stream, in memory that is wiped.
private struct Collected {
    private var pieces: [Secret] = []
    private var room: Int
    private(set) var isCut = false

    init(limit: Int) { room = limit }

    mutating func receive(_ bytes: ArraySlice<UInt8>) {
        if bytes.count > room { isCut = true }
        let kept = bytes.prefix(room)
        if !kept.isEmpty { pieces.append(Secret(kept)) }
        room -= kept.count
    }

    func joined() -> Secret {
        guard pieces.count != 1 else { return pieces[0] }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(pieces.reduce(0) { $0 + $1.count })
        for piece in pieces {
            piece.withBytes { span in unsafe span.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) } }
        }
        defer { unsafe explicit_bzero(&bytes, bytes.count) }
        return Secret(bytes)
    }
}
