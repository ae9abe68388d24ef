import ChildProcesses
package import Configuration
import FoundationEssentials
package import HTTP
package import JSON
import OpenRouter
import PublisherHosting
package import Rotation
package import Secrets
import Sodium
package import Steps
import Timestamps

/// One run of a step: its options, its environment, its handoff and its identity, all read and accepted.
package final class Session {
    package let options: CommonOptions
    package let environment: StepEnvironment
    package let console: Console
    package let identity: Identity
    package let trust: Trust
    package let clock = StepClock()
    package let journal: HandoffFile
    let configuration: RotationConfiguration?
    /// What leads on where no copy of the handoff is acceptable.
    private let lastResort: String
    /// Whether it may be switched off; what undoes harm may not.
    private let obeysSwitch: Bool
    /// Rules of this stage that a dry run does not record.
    var assumedRules: JSONValue?
    /// What a dry run found that would be done, for the answer of `--json`.
    package var foreseen: JSONValue?
    /// What the publishers have said of their targets.
    private(set) var findings: [TargetFinding] = []

    /// Reads everything; with `obeysSwitch` it refuses while rotations are switched off.
    package init(
        _ options: CommonOptions, environment: StepEnvironment, console: Console, obeysSwitch: Bool
    ) throws(StepError) {
        self.options = options
        self.environment = environment
        self.console = console
        self.obeysSwitch = obeysSwitch
        identity = try IdentityStore(environment) { console.show($0) }.identity(isDryRun: options.dryRun)
        let paths = options.handoff.isEmpty ? [HandoffFile.name] : options.handoff
        lastResort =
            obeysSwitch
            ? CreateCommand(file: ConfigurationFile.found(options.config)).startingOver
            : "find the predecessor and enable it at openrouter.ai"
        let seen = try HandoffFile.content(of: paths[0], mustExist: false, lastResort: lastResort)
        configuration = try ConfigurationFile.load(
            options.config, named: options.rotation, rotation: seen?.handoff.header.name)
        trust = try Trust(options.trust, configuration?.trust, own: identity.publicIdentity)
        journal = try HandoffFile(
            paths, identity: identity, trust: trust, provenance: Provenance(environment), clock: clock,
            isDryRun: options.dryRun, lastResort: lastResort, seen: seen)
        if let configuration, options.rotation == nil, let name = journal.handoff?.header.name,
            name != configuration.name
        {
            throw StepError(handoffOf: name, outside: configuration.file)
        }
        if obeysSwitch { try refuseIfDisabled() }
        try refuseOtherHead()
        if let wanted = options.rotation, let name = journal.handoff?.header.name, name.description != wanted {
            throw StepError(
                .unacceptable, "\(paths[0]) belongs to the rotation \(name), not to \(wanted)",
                hint: "leave --rotation out, or name the handoff of \(wanted): --handoff FILE")
        }
    }

    private func refuseIfDisabled() throws(StepError) {
        if environment.isDisabled {
            throw StepError(
                .notYet, "rotations are switched off by ORK_DISABLED", hint: "unset it to continue", isRetryable: false)
        }
        if let configuration, !configuration.isEnabled {
            throw StepError(
                .notYet, "the rotation \(configuration.name) is switched off in \(configuration.file)",
                hint: "set enabled: true to continue", isRetryable: false)
        }
    }

    private func refuseOtherHead() throws(StepError) {
        guard let text = options.expectHead else { return }
        guard let expected = Digest(text) else {
            throw StepError(
                .usage, "--expect-head: must be the head of a handoff", hint: "`ork-status --head` prints it")
        }
        guard let handoff = journal.handoff else {
            throw missingHandoff
        }
        guard handoff.holds(expectedHead: expected) else {
            throw StepError(
                .unacceptable, "the handoff is not the one that --expect-head names",
                hint: "something was recorded since: look at it with `ork-status`, and have it approved again")
        }
    }

    /// A remedy looks for a rotation that there is; what it puts right is not put right by a new one.
    private var missingHandoff: StepError {
        let path = options.handoff.first ?? HandoffFile.name
        guard !obeysSwitch else { return HandoffFile.missing(path) }
        return HandoffFile.missing(
            path, hint: "name the file that a step of this rotation wrote: --handoff FILE; without it, \(lastResort)")
    }

    /// Refuses to begin what this stage's identity may not record: other stages would not believe it.
    func requireTrust(for step: StepName) throws(StepError) {
        guard !trust.accepts(identity.publicIdentity, for: step) else { return }
        throw StepError(
            .denied, "this stage's identity \(identity.publicIdentity.short) is not trusted for \(step.rawValue)",
            hint: "give it the right identity (ORK_IDENTITY), or name it under trust.\(step.rawValue) in ork.yaml or "
                + "with --trust", isRetryable: false)
    }

    /// The secrets that publishers and probes may not give back: one that does has stolen it.
    package var secrets: [Secret] { [identity.text] + held.ours.filter { $0 != identity.text } }

    /// What is taken out of all that they give back: the credentials of whatever target.
    package var credentials: [Secret] { held.all.filter { $0 != identity.text } }

    private var held: HeldSecrets {
        HeldSecrets(environment, [configuration].compactMap(\.self), journal.handoff?.header.plan)
    }

    /// The folder of this stage's `ork.yaml`; `nil` if it sees none.
    package var configurationFolder: String? { configuration?.folder }

    /// What a step works with.
    package var context: StepContext {
        StepContext(
            journal: journal, trust: trust, clock: clock, isDryRun: options.dryRun, assumedRules: assumedRules,
            configurationFolder: configurationFolder, isStopping: { StopSignal.received != nil },
            noHandoff: missingHandoff, lastResort: lastResort,
            tell: console.show)
    }

    /// Tells people whom a transport waits for.
    package var observer: TransferObserver { .showing(on: console) }
}

extension Session {
    /// The names that were given to a repeatable option.
    package func names(_ texts: [String], _ option: String) throws(StepError) -> Set<PlanName> {
        var names: Set<PlanName> = []
        for text in texts {
            guard let name = PlanName(text) else {
                throw StepError(.usage, "\(option) needs the name of a target", hint: "`ork-status` shows their names")
            }
            names.insert(name)
        }
        return names
    }

    /// The plan as it stands for a run that needs no handoff: `ork.yaml`'s, else the handoff's, and over it the flags.
    package func plan(_ flags: PlanFlags) throws(StepError) -> Plan {
        let recorded = try state()?.plan
        // A rotation that has begun goes on with the folder that it began with.
        let configured = configuration.map { file in recorded.map { file.plan.withPaths(asIn: $0) } ?? file.plan }
        let base = configured ?? recorded ?? Plan(predecessor: .none)
        do { return try flags.plan(over: base) } catch { throw StepError(error) }
    }

    /// What the records say; `nil` if the rotation has not begun.
    package func state() throws(StepError) -> State? {
        guard let handoff = journal.handoff else { return nil }
        do { return try State(handoff, trust: trust) } catch { throw StepError(error, lastResort: lastResort) }
    }

    /// Keeps what a publisher said of its target, for whoever is told of the outcome.
    package func report(_ finding: TargetFinding) { findings.append(finding) }

    /// Writes a report; that it could not be written is said, and nothing else is lost.
    package func write(_ text: String, to path: String) {
        do { try DurableFile(path).replace(Array(text.utf8)) } catch {
            console.show(.warning("\(path) cannot be written: \(DurableFile.problem(error))"))
        }
    }
}
