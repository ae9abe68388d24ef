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
        identity = try IdentityStore(environment) { console.show($0) }.identity(isDryRun: options.dryRun)
        let paths = options.handoff.isEmpty ? [HandoffFile.name] : options.handoff
        lastResort =
            obeysSwitch
            ? CreateCommand(file: ConfigurationFile.found(options.config)).startingOver
            : "find the predecessor and enable it at openrouter.ai"
        let header = try HandoffFile.read(paths[0], mustExist: false, lastResort: lastResort)?.header
        configuration = try ConfigurationFile.load(
            options.config, named: options.rotation, rotation: header?.name)
        trust = try Trust(options.trust, configuration?.trust, own: identity.publicIdentity)
        journal = try HandoffFile(
            paths, identity: identity, trust: trust, provenance: Provenance(environment), clock: clock,
            isDryRun: options.dryRun, lastResort: lastResort)
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
            throw HandoffFile.missing(options.handoff.first ?? HandoffFile.name)
        }
        guard handoff.holds(expectedHead: expected) else {
            throw StepError(
                .unacceptable, "the handoff is not the one that --expect-head names",
                hint: "something was recorded since: look at it with `ork-status`, and have it approved again")
        }
    }

    /// Refuses to begin what this stage's identity may not record: other stages would not believe it.
    func requireTrust(for step: StepName) throws(StepError) {
        guard !trust.accepts(identity.publicIdentity, for: step) else { return }
        throw StepError(
            .denied, "this stage's identity \(identity.publicIdentity.short) is not trusted for \(step.rawValue)",
            hint: "give it the right identity (ORK_IDENTITY), or name it under trust.\(step.rawValue) in ork.yaml or "
                + "with --trust", isRetryable: false)
    }

    /// What nothing may show that publishers and probes give back.
    package var secrets: [Secret] { [identity.text] + environment.secrets.filter { $0 != identity.text } }

    /// The folder of this stage's `ork.yaml`; `nil` if it sees none.
    package var configurationFolder: String? { configuration?.folder }

    /// What a step works with.
    package var context: StepContext {
        StepContext(
            journal: journal, trust: trust, clock: clock, isDryRun: options.dryRun, assumedRules: assumedRules,
            configurationFolder: configurationFolder, isStopping: { StopSignal.received != nil },
            noHandoff: HandoffFile.missing(options.handoff.first ?? HandoffFile.name), lastResort: lastResort,
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

extension Session {
    /// Compares the handoff's plan with this stage's `ork.yaml` and flags, and takes over the rules of theirs.
    /// A difference in what is published where refuses.
    package func adoptPlan(_ step: StepName, _ flags: PlanFlags) throws(StepError) -> [Plan.Target] {
        guard let state = try state() else { return [] }
        let wanted = try wantedPlan(step, flags, over: state)
        try record(rulesOf: wanted, over: state, step)
        return wanted.targets.filter { target in !state.plan.targets.contains(target) }
    }

    /// The same for a rollback, whose rules hold for its own runs alone: nobody who may go back can loosen those of
    /// retirement.
    package func assumeRules(_ flags: PlanFlags) throws(StepError) {
        guard let state = try state() else { return }
        let plan = try wantedPlan(.rollback, flags, over: state)
        var rules: JSONObject = [:]
        for key in Plan.sections(of: .retire) { rules[key] = plan.json[key] }
        assumedRules = .object(rules)
    }

    /// The plan in the handoff with this stage's rules, from its `ork.yaml` and its flags.
    private func wantedPlan(_ step: StepName, _ flags: PlanFlags, over state: State) throws(StepError) -> Plan {
        _ = try service()
        var plan = state.plan
        if let configuration {
            try refuseDifference(plan, configuration, state, for: "ork-\(step.rawValue)")
            if step == .retire || step == .rollback { try requireNamedLineage(configuration) }
            plan = plan.adoptingTimings(from: configuration).plan
        } else if !flags["probe"].isEmpty {
            // They take the place of those that flags gave before: a mistyped one can be corrected.
            plan.verify.probes = []
        }
        var wanted: Plan
        do { wanted = try flags.plan(overRunning: plan) } catch { throw StepError(error) }
        var probes: [Plan.Probe] = []
        for probe in wanted.verify.probes where !probes.contains(probe) { probes.append(probe) }
        wanted.verify.probes = probes
        return wanted
    }

    /// Refuses a handoff whose plan is not that of this stage's `ork.yaml`.
    package func requireConfiguredPlan() throws(StepError) {
        guard let configuration, let state = try state() else { return }
        try refuseDifference(state.plan, configuration, state, for: "ork-approve")
    }

    /// Refuses a handoff whose keys are not those of this stage's own plan, whatever else differs.
    package func requireConfiguredLineage() throws(StepError) {
        guard let configuration, let header = journal.handoff?.header else { return }
        try header.requireLineage(of: configuration.plan)
    }

    /// A predecessor that is known by a variable says nothing to a stage that does not have it: the handoff alone would
    /// name the keys that are deleted.
    func requireNamedLineage(_ configuration: RotationConfiguration) throws(StepError) {
        guard case .environment(let name) = configuration.plan.predecessor, configuration.plan.successor.name == nil,
            trust.separates(.retire, from: .create)
        else { return }
        throw StepError(
            .unacceptable,
            "\(configuration.file) does not say which keys may be retired: it knows the predecessor by \(name) alone",
            hint: "add the name that its keys have: successor: {name: NAME}", isRetryable: false)
    }

    /// An amendment has its say about targets itself.
    func refuseDifference(
        _ plan: Plan, _ configuration: RotationConfiguration, _ state: State, for command: String,
        besidesTargets: Bool = false
    ) throws(StepError) {
        var known = plan
        // `service()` has compared the address already, with the one that this stage really uses.
        known.service.url = configuration.plan.service.url
        // A file may say later which lineage this is.
        if known.successor.name == nil, configuration.plan.successor.name == state.header.base {
            known.successor.name = state.header.base
        }
        let all = PlanDifference.between(known, configuration)
        let others = all.filter { $0.path.first != "targets" }
        let lines = besidesTargets ? others : all
        guard !lines.isEmpty else { return }
        let text = lines.map(\.description).joined(separator: "; ")
        guard options.acceptPlan else {
            throw StepError(
                .unacceptable, "\(configuration.file) has changed since the rotation began: \(text)",
                hint: (others.isEmpty ? "`ork-create --amend` takes the change over; " : "")
                    + "`\(command) --accept-plan` goes on with the plan in the handoff"
                    + (others.isEmpty ? "" : "; a new rotation takes the change over"))
        }
        console.show(.warning("continuing with the plan in the handoff: \(text)"))
        let differences = JSONValue.array(lines.map { .string($0.description) })
        // Accepted once is accepted: a record for every run would only move the head.
        guard !state.acceptedDifferences.contains(differences) else { return }
        guard trust.accepts(identity.publicIdentity, for: .create) else {
            throw StepError(
                .denied, "this stage's identity may not accept a plan: it is not trusted for create",
                hint: "run the step with the identity of ork-create", isRetryable: false)
        }
        try append(
            Entry(
                .create, .accepted, message: "accepted the handoff's plan over \(configuration.file)",
                detail: ["differences": differences]))
    }

    private func record(rulesOf plan: Plan, over state: State, _ step: StepName) throws(StepError) {
        var rules: JSONObject = [:]
        for key in Plan.sections(of: step) where plan.json[key] != state.plan.json[key] {
            rules[key] = plan.json[key]
        }
        var adopted = state.plan
        do { try adopted.adopt(rules: .object(rules), by: step) } catch { throw StepError(error) }
        guard adopted != state.plan else { return }
        if options.dryRun { assumedRules = .object(rules) }
        let names = rules.keys.joined(separator: ", ")
        try append(
            Entry(
                step, .accepted, message: "took over this stage's rules for \(names)",
                detail: ["rules": .object(rules)]))
    }

    private func append(_ entry: Entry) throws(StepError) {
        guard !options.dryRun else { return }
        do { try journal.append(entry) } catch { throw StepError(error) }
    }
}
