package import Configuration
import JSON
package import Rotation
import Secrets
package import Steps

extension Session {
    /// Compares the handoff's plan with this stage's `ork.yaml` and flags, and takes over the rules of theirs.
    /// A difference in what is published where refuses.
    package func adoptPlan(
        _ step: StepName, _ flags: PlanFlags, adjust: (inout Plan) -> Void
    ) throws(StepError) -> [Plan.Target] {
        guard let state = try state() else { return [] }
        _ = try service()
        var plan = state.plan
        if let configuration {
            try refuseDifference(plan, configuration, state)
            plan = plan.adoptingTimings(from: configuration).plan
        } else if !flags.probes.isEmpty {
            // They take the place of those that flags gave before: a mistyped one can be corrected.
            plan.verify.probes = []
        }
        var wanted = try flags.plan(overRunning: plan)
        adjust(&wanted)
        var probes: [Plan.Probe] = []
        for probe in wanted.verify.probes where !probes.contains(probe) { probes.append(probe) }
        wanted.verify.probes = probes
        try record(rulesOf: wanted, over: state, step)
        return wanted.targets.filter { target in !state.plan.targets.contains(target) }
    }

    private func refuseDifference(
        _ plan: Plan, _ configuration: RotationConfiguration, _ state: State
    ) throws(StepError) {
        var known = plan
        known.targets = state.header.plan.targets
        // `service()` has compared the address already, with the one that this stage really uses.
        known.service.url = configuration.plan.service.url
        let lines = PlanDifference.between(known, configuration)
        guard !lines.isEmpty else { return }
        let text = lines.map(\.description).joined(separator: "; ")
        guard options.acceptPlan else {
            throw StepError(
                .unacceptable, "\(configuration.file) has changed since the rotation began: \(text)",
                hint: "go on with the plan in the handoff with --accept-plan, or begin a new rotation")
        }
        console.show(.warning("going on with the plan in the handoff: \(text)"))
        let differences = JSONValue.array(lines.map { .string($0.description) })
        // Accepted once is accepted: a record for every run would only move the head.
        guard !state.acceptedDifferences.contains(differences) else { return }
        guard trust.accepts(identity.publicIdentity, for: .create) else {
            throw StepError(
                .denied, "this stage's identity may not accept a plan: it is not trusted for create",
                hint: "run the step with the identity of ork-create", isWorthWaiting: false)
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
        guard !rules.isEmpty else { return }
        if options.dryRun { assumedRules = .object(rules) }
        let names = rules.keys.joined(separator: ", ")
        try append(
            Entry(
                step, .accepted, message: "took over this stage's rules for \(names)",
                detail: ["rules": .object(rules)]))
    }

    private func append(_ entry: Entry) throws(StepError) {
        guard !options.dryRun else { return }
        do { try journal.append(entry) } catch { throw StepError(.failed, error.message, hint: error.hint) }
    }
}

extension PlanFlags {
    /// What the flags make of the plan of a rotation that has begun. A target that is in it already is the same one:
    /// the command can be given again as it was.
    fileprivate func plan(overRunning plan: Plan) throws(StepError) -> Plan {
        var rules = self
        rules.targets = []
        rules.targetEnvironment = []
        do throws(ConfigurationError) {
            var plan = try rules.plan(over: plan)
            for text in targets {
                let target = try Self.target(text, among: plan.targets.map(\.name), mayExist: true)
                if !plan.targets.contains(where: target.isSamePlace) { plan.targets.append(target) }
            }
            for text in targetEnvironment { try Self.addEnvironment(text, to: &plan.targets) }
            return plan
        } catch {
            throw StepError(error)
        }
    }
}
