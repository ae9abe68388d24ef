package import Configuration
package import PublisherHosting
import Rotation
package import Steps

extension Session {
    /// `ork-create --amend`: brings the targets of the handoff's plan to what the flags say, or else to this stage's `ork.yaml`.
    package func amend(
        _ flags: PlanFlags, dropping texts: [String], publishers: any PublisherHost
    ) throws(StepError) {
        guard let state = try state() else {
            throw StepError(
                .unacceptable, "there is no handoff to amend",
                hint: "begin a rotation with ork-create, or name its handoff: --handoff FILE")
        }
        let plan = try amendedPlan(state, flags, dropping: names(texts, "--drop-target"))
        // What nobody changes is not to be asked about again.
        var changed = plan
        changed.targets.removeAll(where: state.plan.targets.contains)
        try refuseProblems(of: changed, publishers: publishers)
        try AmendStep(context: context, targets: plan.targets).run()
    }

    private func amendedPlan(
        _ state: State, _ flags: PlanFlags, dropping names: Set<PlanName>
    ) throws(StepError) -> Plan {
        guard flags.isEmpty, names.isEmpty else {
            do { return try flags.plan(amending: state.plan, dropping: names) } catch { throw StepError(error) }
        }
        guard let configuration else {
            throw StepError(
                .usage, "there is nothing to amend the plan by: no --to, no --drop-target and no ork.yaml",
                hint: "say what changes: `ork-create --amend --drop-target NAME`, or `ork-create --amend --config PATH`"
            )
        }
        try refuseDifference(state.plan, configuration, state, besidesTargets: true)
        var plan = state.plan
        plan.targets = configuration.plan.withPaths(asIn: state.plan).targets
        return plan
    }
}
