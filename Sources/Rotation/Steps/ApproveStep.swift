import JSON
package import Rotation
import Secrets

/// Approves a rotation as it stands: its plan, predecessors, successor and targets, bound by digest. Publishing of
/// later waves, and retirement, wait for it where `trust.approve` is set.
package struct ApproveStep {
    let context: StepContext
    /// What is approved.
    let steps: Set<StepName>

    package init(context: StepContext, steps: Set<StepName> = State.Approval.gated) {
        self.context = context
        self.steps = steps
    }

    package func run() throws(StepError) {
        let state = try context.state()
        let successor = try context.successor(of: state)
        guard let binding = state.approvalBinding else { return }
        for key in state.header.predecessors { context.tell(.doing("to be retired: \(key.name) (\(key.hash.short))")) }
        context.tell(.doing("its successor: \(successor.name) (\(successor.hash.short))"))
        for target in state.plan.targets {
            let holds = state.isPublished(target.name) ? "holds the successor" : "not yet published"
            context.tell(.doing("target \(target.name) (\(target.publisher), wave \(target.wave)): \(holds)"))
        }
        guard !steps.allSatisfy(state.isApproved(for:)) else {
            return context.tell(.done("nothing to do: exactly this is approved"))
        }
        guard !context.isDryRun else { return }
        let words = steps.map(\.rawValue).sorted()
        let names = words.joined(separator: " and ")
        try context.record(
            Entry(
                .approve, .approved,
                message: "approved \(successor.name) at \(PublishStep.list(state.plan.targets)) for \(names)",
                detail: ["binds": .string(binding.description), "for": .array(words.map { .string($0) })]))
        context.tell(.done("approved for \(names); a change of plan, successor or targets voids it"))
    }
}
