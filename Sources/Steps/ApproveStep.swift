import JSON
package import Rotation
import Secrets

/// Approves a rotation as it stands: its plan, predecessors, successor and targets, bound by digest. Publishing of
/// later waves, and retirement, wait for it where `trust.approve` is set.
package struct ApproveStep {
    let stage: Stage
    /// What may go on.
    let steps: Set<StepName>

    package init(stage: Stage, steps: Set<StepName> = State.Approval.gated) {
        self.stage = stage
        self.steps = steps
    }

    package func run() throws(StepError) {
        let state = try stage.state()
        let successor = try stage.successor(of: state)
        guard let binding = state.approvalBinding else { return }
        for key in state.header.predecessors { stage.tell(.doing("to be retired: \(key.name) (\(key.hash.short))")) }
        stage.tell(.doing("its successor: \(successor.name) (\(successor.hash.short))"))
        for target in state.plan.targets {
            let holds = state.isPublished(target.name) ? "holds the successor" : "not yet published"
            stage.tell(.doing("target \(target.name) (\(target.publisher), wave \(target.wave)): \(holds)"))
        }
        guard !steps.allSatisfy(state.isApproved(for:)) else {
            return stage.tell(.done("nothing to do: exactly this is approved"))
        }
        guard !stage.isDryRun else { return }
        let words = steps.map(\.rawValue).sorted()
        let names = words.joined(separator: " and ")
        try stage.record(
            Entry(
                .approve, .approved,
                message: "approved \(successor.name) at \(PublishStep.list(state.plan.targets)) for \(names)",
                detail: ["binds": .string(binding.description), "for": .array(words.map { .string($0) })]))
        stage.tell(.done("approved for \(names); a change of plan, successor or targets voids it"))
    }
}
