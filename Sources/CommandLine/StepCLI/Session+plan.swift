package import Configuration
import FoundationEssentials
import JSON
package import Rotation
package import Steps

// A rotation keeps the plan that it was begun with: what this stage's ork.yaml and flags say is compared with that.
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
            try refuseDifference(plan, configuration, state)
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
        try refuseDifference(state.plan, configuration, state)
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
        _ plan: Plan, _ configuration: RotationConfiguration, _ state: State, besidesTargets: Bool = false
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
                hint: waysOn(withTargetsAlone: others.isEmpty))
        }
        console.show(.warning("continuing with the plan in the handoff: \(text)"))
        let differences = JSONValue.array(lines.map { .string($0.description) })
        // Accepted once is accepted: a record for every run would only move the head.
        guard !state.acceptedDifferences.contains(differences) else { return }
        guard trust.accepts(identity.publicIdentity, for: .create) else {
            throw StepError(
                .denied, "this stage's identity may not accept a plan: it is not trusted for create",
                hint:
                    "run `ork-create --accept-plan` with the identity of ork-create, then the same command here again",
                isRetryable: false)
        }
        try append(
            Entry(
                .create, .accepted, message: "accepted the handoff's plan over \(configuration.file)",
                detail: ["differences": differences]))
    }

    /// What leads on where the plan differs: whoever may create decides, and what was asked for here is asked for again.
    private func waysOn(withTargetsAlone: Bool) -> String {
        let mayDecide = trust.accepts(identity.publicIdentity, for: .create)
        let takingOver =
            withTargetsAlone
            ? "`ork-create --amend` takes the change over" : "a new rotation takes the change over"
        let keeping =
            mayDecide
            ? "the same command with --accept-plan goes on with the plan in the handoff"
            : "`ork-create --accept-plan`, and then the same command here with --accept-plan, goes on with the plan in the handoff"
        return (mayDecide ? "" : "with the identity of ork-create: ") + "\(takingOver); \(keeping)"
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
