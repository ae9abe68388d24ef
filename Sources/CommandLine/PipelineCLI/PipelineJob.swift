import ChildProcesses
import Configuration
import Fleet
import FleetCLI
package import HTTP
import Rotation
import Secrets
package import StepCLI
package import Steps
import Timestamps

/// One job of a pipeline: finds the handoffs of those before it, does its step if it is its turn, keeps the handoff, and
/// tells whose turn is next.
package struct PipelineJob {
    let mine: JobTurn
    /// Options for the step.
    private let options: [String]
    let environment: StepEnvironment
    let console: Console
    let transport: any HTTPTransport
    private let store: any HandoffStore
    var settings: PipelineSettings

    /// What is known before the step, and after it.
    private(set) var loaded: Handoff?
    private(set) var state: State?
    private(set) var standing = Standing.turn(.create)
    private var beginsAnew = false
    /// The newest rotation that was found, whether it is this job's to go on with or not.
    private(set) var found: State?
    /// Whether a handoff that was not found is lost.
    private(set) var wasWhole = false
    private(set) var status: Int32 = 0
    /// What only a person leads on from, where no step has said so.
    package private(set) var waiting: StepError?

    /// Reads the variables and finds the store of the CI system that this runs in.
    package init(
        _ mine: JobTurn, options: [String], environment: StepEnvironment, console: Console,
        transport: any HTTPTransport
    ) throws(StepError) {
        self.mine = mine
        self.options = options
        self.environment = environment
        self.console = console
        self.transport = transport
        settings = try PipelineSettings(environment)
        // Whoever wants the way back begins nothing.
        if settings.goesBack { (settings.begin, settings.supersedes) = (.never, false) }
        store =
            if let artifacts = try environment.artifacts(of: settings.rotation, console, transport) { artifacts } else {
                try HandoffFolder(mine, environment, console)
            }
    }

    /// Does the job; the exit status is the step's. "Not yet" is a success where it is told in another way.
    package mutating func run() throws(StepError) -> Int32 {
        let previous = try store.previousReport(for: mine)
        adopt(previous)
        if case .deploy = mine {
            Console.print(((settings.goesBack ? nil : previous?.deployment) ?? .none).rawValue)
            return 0
        }
        try look(at: newest())
        found = state
        let seen = state.map { PipelineSettings.Seen.rotation($0.header.id) } ?? .nothing
        try refuseStaleRerun()
        do {
            try obeyFleet()
            try decide()
        } catch {
            // Rotations are switched off, or OpenRouter asks to come back: nothing is wrong.
            guard error.code == .notYet else { throw error }
            hold(error)
        }
        try work()
        var report = JobReport(standing, of: state)
        if mine == .check { report.seen = seen }
        if settings.goesBack { report.deployment = report.deployment.map { _ in .none } }
        let isNotYet = status == StepError.Code.notYet.rawValue
        try store.save(report, isNotYet: isNotYet)
        return isNotYet && environment.tellsNotYet ? 0 : status
    }

    /// Ends the job as a step ends that has said "not yet".
    mutating func hold(_ error: StepError) {
        console.show(error)
        (status, standing, waiting) = (error.code.rawValue, .wait, error)
    }

    /// The step's own `--config`, which counts here as well.
    var configuration: String? { Self.configuration(in: options) }

    /// The `--config` among options for a step.
    package static func configuration(in options: [String]) -> String? {
        var path: String?
        for (index, option) in options.enumerated() {
            if option == "--config" { path = options.dropFirst(index + 1).first }
            if option.hasPrefix("--config=") { path = String(option.dropFirst("--config=".count)) }
        }
        return path
    }

    /// Takes over what the job before reported, where the pipeline has not set it itself.
    private mutating func adopt(_ report: JobReport?) {
        guard let report else { return }
        settings.id = settings.id ?? report.rotation
        if mine == .step(.create) { settings.seen = settings.seen ?? report.seen }
        if mine.isGate { settings.expectedHead = settings.expectedHead ?? report.head }
    }
}

extension PipelineJob {
    /// What earlier jobs have recorded of the newest rotation; of another one than this pipeline's, nothing is done.
    private mutating func newest() throws(StepError) -> Handoff? {
        let newest: Handoff?
        (newest, wasWhole) = try store.newest(
            of: settings.rotation, besides: settings.id, config: configuration, environment, console)
        guard let id = settings.id, id != newest?.header.id else { return newest }
        let newer = newest.flatMap { id < $0.header.id ? $0.header.id : nil }
        throw StepError(
            .unacceptable,
            "this job belongs to the rotation \(id), "
                + (newer.map { "and \($0) has begun since" } ?? "and its handoff is gone"),
            hint: "nothing was changed; start a new run of the pipeline instead of this one")
    }

    private mutating func look(at handoff: Handoff?) throws(StepError) {
        loaded = handoff
        guard let handoff else {
            (state, standing) = (nil, .turn(.create))
            return
        }
        // Who signed was checked where it was found.
        do { state = try State(handoff, trust: nil) } catch { throw StepError(error) }
        standing = state.map { .turn(mine.isGate ? $0.turnAtGate : $0.turn(at: SystemClock().now)) } ?? standing
    }

    /// Whether somebody has this job begin the way back: that is nobody's turn before it has begun.
    private var isWayBack: Bool { mine == .step(.rollback) && state?.canGoBack ?? false }

    var isFinished: Bool { standing == .turn(.done) }

    /// Refuses a job of an older pipeline that is run again: what it was to begin has begun since.
    private mutating func refuseStaleRerun() throws(StepError) {
        guard mine == .step(.create), let seen = settings.seen, let state, seen != .rotation(state.header.id) else {
            return
        }
        // It continues what it began itself.
        settings.supersedes = false
        guard isFinished else { return }
        throw StepError(
            .unacceptable, "\(state.header.id) has begun and finished since this pipeline looked",
            hint: "nothing was changed; to begin another rotation, start a new run of the pipeline")
    }

    /// Whether a rotation begins, continues, or is not this job's to touch.
    private mutating func decide() throws(StepError) {
        let isFirst = mine == .check || mine.mints
        if settings.supersedes, isFirst {
            beginsAnew = mine != .check
            return try look(at: nil)
        }
        guard settings.id == nil else { return }
        // The finished rotation stays where it is saved; the next one begins with nothing.
        if isFinished { try look(at: nil) }
        if loaded == nil {
            switch settings.begin {
            case .never: standing = .turn(.done)
            // For the first job that can ask OpenRouter; check only lets it.
            case _ where leavesNextToPeople:
                guard mine.mints else { break }
                standing = .turn(.done)
                if let reason = try nextForPeople() { hold(reason) }
            // The management key that it takes to find out is not for the job that checks.
            case .due where mine.mints: if try !isDue() { standing = .turn(.done) }
            case .always, .due: break
            }
        }
        // A job of an old pipeline must not take up, or approve, a rotation that it has never heard of.
        if !isFirst {
            try look(at: nil)
            standing = .unknown
        }
    }
}

extension PipelineJob {
    private mutating func work() throws(StepError) {
        guard waiting == nil else {
            standing = .wait
            return
        }
        switch mine {
        // What is to be taken back is neither spread further nor made final meanwhile.
        case .step(let turn) where settings.goesBack && turn != .rollback:
            console.show(.done("nothing to do here: this pipeline takes the rotation \(settings.rotation) back"))
        case .check: if standing == .turn(.create), !leavesNextToPeople { try checkTargets() }
        case .begin, .rotate: try goOn()
        case .step(let turn) where standing == .turn(turn) || isWayBack:
            guard !mine.isGate || settings.expectedHead != nil else {
                throw StepError(
                    .unacceptable, "nobody has said what was looked at before this approval",
                    hint: "pass the head that the job before reported: ORK_EXPECT_HEAD")
            }
            try perform(turn.command + (settings.isLeaked && turn == .retire ? ["--compromised"] : []))
        case .step(.rollback): try refuseWayBack()
        default: sayNothingToDo()
        }
        if status != 0 { standing = .wait }
    }

    func sayNothingToDo() {
        console.show(
            .done("nothing to do here: the rotation \(settings.rotation) is at \"\(standing.description)\""))
    }

    /// Would publishing work? Better known before anything is minted.
    mutating func checkTargets() throws(StepError) {
        // Not with what lies in the checkout, and nothing is left there.
        defer { HandoffFile.removeLock(of: store.handoff) }
        try start(
            ["ork-publish", "--check", "--rotation", settings.rotation.description, "--handoff", store.handoff]
                + options)
    }

    /// Does one step with what was loaded, and keeps the handoff before and after it.
    mutating func perform(_ command: [String]) throws(StepError) {
        try save()
        try store.keep(loaded, of: mine)
        var arguments = ["--rotation", settings.rotation.description, "--handoff", store.handoff]
        if let head = settings.expectedHead { arguments += ["--expect-head", head.description] }
        if beginsAnew { arguments.append("--supersede") }
        try start(command + arguments + options)
        // What follows goes on from here.
        settings.expectedHead = nil
        beginsAnew = false
        try look(at: HandoffFile.read(store.handoff, mustExist: false))
        try store.keep(loaded, of: mine)
    }

    /// Puts what was loaded where the step goes on with it.
    private func save() throws(StepError) {
        guard let loaded, let state else { return }
        try DurableFile.write(loaded.bytes(summary: state.summary), to: store.handoff)
    }

    private mutating func start(_ command: [String]) throws(StepError) {
        var program = Program(command, environment: environment.ofSteps)
        program.output = .inherited
        program.errors = .inherited
        switch program.runToItsEnd() {
        case .exited(let code): status = code
        case .signalled(let number): status = 128 + number
        case .notStarted(let reason):
            let obstacle = Obstacle(reason: reason)
            throw StepError(
                .failed, "the program \(command[0]) \(obstacle)",
                hint: "install ork's programs side by side, in PATH; \(obstacle.remedy)")
        }
    }
}
