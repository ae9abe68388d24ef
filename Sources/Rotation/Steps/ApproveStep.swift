import JSON
package import Rotation
import Secrets

/// Approves a rotation as it stands: its plan, predecessors, successor and targets, bound by digest. Publishing of
/// later waves, and retirement, wait for it where `trust.approve` is set.
package struct ApproveStep {
    let context: StepContext
    /// What is approved; `nil` for the next gate alone.
    let step: StepName?

    package init(context: StepContext, for step: StepName? = nil) {
        self.context = context
        self.step = step
    }

    package func run() throws(StepError) {
        let state = try context.stateLeadingOn()
        guard !state.isFinished else { return context.tell(.done("nothing to do: the rotation is finished")) }
        let successor = try context.successor(of: state)
        guard let binding = state.approvalBinding else { return }
        for key in state.header.predecessors { context.tell(.doing("to be retired: \(key.name) (\(key.hash.short))")) }
        context.tell(.doing("its successor: \(successor.name) (\(successor.hash.short))"))
        for target in state.plan.targets {
            let holds = state.isPublished(target.name) ? "holds the successor" : "not yet published"
            context.tell(.doing("target \(target.name) (\(target.publisher), wave \(target.wave)): \(holds)"))
        }
        for name in state.abandonedTargets.sorted() {
            context.tell(.warning("\(name) was let go of: it may lose service when the predecessor goes"))
        }
        let step = step ?? state.nextGate
        guard !state.isApproved(for: step) else {
            return context.tell(.done("nothing to do: exactly this is approved for \(step.rawValue)"))
        }
        if step == .retire { try requireVerification(state) }
        guard !context.isDryRun else { return }
        try context.record(
            Entry(
                .approve, .approved,
                message: "approved \(successor.name) at \(PublishStep.list(state.plan.targets)) for \(step.rawValue)",
                detail: ["binds": .string(binding.description), "for": [.string(step.rawValue)]]))
        context.tell(.done("approved for \(step.rawValue); a change of plan, successor or targets voids it"))
    }

    /// Whoever lets a key be retired has to have something to look at. Where every target was let go of, nothing is left.
    private func requireVerification(_ state: State) throws(StepError) {
        guard state.verification == nil, !state.keptTargets.isEmpty else { return }
        let steps =
            state.next == "ork-publish"
            ? "`ork-publish`, then `ork-verify`"
            : state.isPublished
                ? "`ork-verify`" : "`ork-verify`, then `ork-publish` and `ork-verify` for the later waves"
        throw StepError(
            .notYet, "retirement can be approved only when the successor has been verified at every target",
            hint: "run \(steps), then `ork-approve --for retire`", isRetryable: false)
    }
}

extension State {
    /// The gate that comes next: later waves first, and retirement when all of them are published.
    fileprivate var nextGate: StepName {
        let later = keptTargets.filter { $0.wave > waves.first ?? $0.wave }
        return later.contains { !isPublished($0.name) } ? .publish : .retire
    }
}
