import JSON
import Rotation
import Secrets

/// Approves a rotation as it stands: its plan, predecessors, successor and targets, bound by digest. Publishing of
/// later waves, and retirement, wait for it where `trust.approve` is set.
package struct ApproveStep {
    let stage: Stage

    package init(stage: Stage) { self.stage = stage }

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
        guard !state.isApproved else { return stage.tell(.done("nothing to do: exactly this is approved")) }
        guard !stage.isDryRun else { return }
        try stage.record(
            Entry(
                .approve, .approved, message: "approved \(successor.name) at \(PublishStep.list(state.plan.targets))",
                detail: ["binds": .string(binding.description)]))
        stage.tell(.done("approved; a change of plan, successor or targets voids it"))
    }
}
