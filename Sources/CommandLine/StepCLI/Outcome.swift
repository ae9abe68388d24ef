import Configuration
import HTTP
import JSON
import Reports
import Rotation
import Secrets
import Steps
import Timestamps

/// How a run of a step ended.
struct Outcome {
    /// The name of the program.
    let program: String
    /// What the handoff says now, if it can be accepted.
    private(set) var state: State?
    /// What a dry run found that would be done.
    private(set) var foreseen: JSONValue?
    /// What the publishers have said of their targets in the last try.
    private(set) var findings: [TargetFinding] = []
    /// The command that goes on from here; `nil` where the rotation is finished or not known.
    private(set) var next: NextCommand?
    /// What the handoff tells of the rotation, for the chart on a summary page.
    private(set) var rotationReport: RotationReport?
    /// Why the step did not finish.
    var failure: StepError?
    /// What this stage's `ork.yaml` says, if it has one.
    private(set) var configuration: RotationConfiguration?
    let isDryRun: Bool
    /// How much was recorded before the run.
    private var recordsBefore: Int?
    private var recordsAfter = 0

    init(of program: String, isDryRun: Bool = false) {
        self.program = program
        self.isDryRun = isDryRun
    }

    /// How a program ended that continues no rotation itself.
    init(of program: String, failure: StepError, rotation: String?, config: String?) {
        self.init(of: program)
        self.failure = failure
        configuration = (try? ConfigurationFile.load(config, named: rotation, rotation: nil)) ?? nil
    }

    /// Takes how things stand before a try; the first one counts.
    mutating func begin(at session: Session) {
        configuration = session.configuration
        recordsBefore = recordsBefore ?? session.journal.handoff?.records.count ?? 0
    }

    /// Looks for this stage's `ork.yaml` where the step did not come so far: whoever it names is to hear of that.
    mutating func find(_ options: CommonOptions) {
        guard configuration == nil, failure != nil else { return }
        let path = options.handoff.first ?? HandoffFile.name
        let handoff = try? HandoffFile.read(path, mustExist: false)
        configuration =
            (try? ConfigurationFile.load(options.config, named: options.rotation, rotation: handoff?.header.name))
            ?? nil
    }

    /// Whether this run brought the rotation to its end.
    var hasFinished: Bool { failure == nil && state?.isFinished == true && recordsAfter > recordsBefore ?? 0 }

    /// Puts how far the step has come in the place of how it ended, because somebody asked it to stop.
    mutating func stop(by number: Int32, _ step: StepName, _ options: CommonOptions) {
        failure = StepError(stoppedBy: number, step, failure: failure, state: state, options)
    }

    /// Takes what the handoff says now. What cannot be accepted is not passed on.
    mutating func look(at session: Session) {
        recordsAfter = session.journal.handoff?.records.count ?? 0
        state = session.journal.handoff.flatMap { try? State($0, trust: session.trust) }
        if let handoff = session.journal.handoff, let state {
            rotationReport = RotationReport(handoff, state, next: nil, areSignersTrusted: true, at: session.clock.now)
        }
        foreseen = session.foreseen
        findings = session.findings
        next = state.flatMap {
            NextCommand(
                $0, at: session.clock.now, Invocation(session.options), isGated: session.trust.requiresApproval)
        }
    }
}

/// Somebody who is told how a run of a step ended.
///
/// A new one is a file of its own, and a line in `Outcome.report(_:_:_:over:)`.
protocol Reporter {
    /// Tells of the outcome. What goes wrong with that is said, and never changes how the step ends.
    func report(_ outcome: Outcome)
}

extension Outcome {
    /// Tells everybody: files, then people, and only then those who may let themselves be waited for.
    func report(
        _ options: CommonOptions, _ environment: StepEnvironment, _ console: Console,
        over transport: (any HTTPTransport)? = nil
    ) {
        let held = heldSecrets(environment)
        var outcome = self
        outcome.failure = failure.map(held.redacting)
        let reporters: [(any Reporter)?] = [
            options.json ? JSONReport(console: console, held: held) : nil,
            environment["GITHUB_OUTPUT"].map { ReportFile($0, console, text: \.outputs) },
            environment["GITHUB_STEP_SUMMARY"].map {
                ReportFile($0, console) { held.redacting(SummaryPage($0).text) }
            },
            options.dotenv.map { ReportFile($0, console, text: \.variables) },
            console,
            transport.flatMap { WebhookReport(configuration?.notify, environment, console, $0) },
            MetricsReport(configuration, environment, console, transport),
        ]
        for case let reporter? in reporters { reporter.report(outcome) }
    }

    /// What nothing that is told may show.
    func heldSecrets(_ environment: StepEnvironment) -> HeldSecrets {
        HeldSecrets(environment, [configuration].compactMap(\.self), state?.plan)
    }
}

extension Console: Reporter {
    /// Shows why the step did not finish.
    func report(_ outcome: Outcome) {
        if let failure = outcome.failure { show(failure) }
    }
}

/// A file to which something about each outcome is added.
struct ReportFile: Reporter {
    private let path: String
    private let console: Console
    private let text: (Outcome) -> String

    init(_ path: String, _ console: Console, text: @escaping (Outcome) -> String) {
        self.path = path
        self.console = console
        self.text = text
    }

    func report(_ outcome: Outcome) { console.add(text(outcome), to: path) }
}

/// The one JSON object of `--json`.
struct JSONReport: Reporter {
    let console: Console
    let held: HeldSecrets

    func report(_ outcome: Outcome) { console.print(outcome.json, hiding: held) }
}

extension Outcome {
    fileprivate var json: JSONValue {
        var json: JSONObject = ["status": .number(JSONNumber(Int(failure?.code.rawValue ?? 0)))]
        if let state {
            json["rotation"] = .string(state.header.id.description)
            json["name"] = .string(state.header.name.description)
            json["state"] = .string(state.phase.rawValue)
            json["next"] = next.map { .string($0.description) } ?? .null
            json["head"] = .string(state.head.description)
            json["summary"] = state.summary
        }
        json["would"] = foreseen
        if !findings.isEmpty { json["targets"] = .array(findings.map(\.json)) }
        // Nothing is wrong then; the message stands where it always stood.
        if failure?.code == .notYet { json["waiting"] = true }
        if let failure {
            json["error"] = [
                "message": .string(failure.message), "hint": failure.hint.map { .string($0) } ?? .null,
                "come_back_at": failure.retryAt.map { .string($0.rfc3339) } ?? .null,
            ]
        }
        return .object(json)
    }

    /// The outputs of a job at GitHub.
    fileprivate var outputs: String {
        guard let state else { return "" }
        return "rotation=\(state.header.id)\nstate=\(state.phase.rawValue)\nhead=\(state.head)\n"
    }

    /// The same as environment variables, for GitLab and others.
    fileprivate var variables: String {
        guard let state else { return "" }
        return "ORK_ROTATION=\(state.header.id)\nORK_STATE=\(state.phase.rawValue)\nORK_HEAD=\(state.head)\n"
    }
}
