import FoundationEssentials
import JSON
import OpenRouter
package import Rotation
import Timestamps

/// `ork-create --amend`: changes the targets of a rotation that has begun, as one signed record that shows the difference.
///
/// It needs an identity that is trusted for create, and no management key: no key of OpenRouter is touched.
package struct AmendStep {
    let context: StepContext
    let targets: [Plan.Target]

    /// `targets` are all that the plan is to have.
    package init(context: StepContext, targets: [Plan.Target]) {
        self.context = context
        self.targets = targets
    }

    package func run() throws(StepError) {
        let before = try context.stateLeadingOn()
        guard !before.isFinished else {
            throw StepError(
                .unacceptable, "the rotation is finished: there is nothing left to amend",
                hint: "write its key elsewhere by a new rotation: `ork-create --handoff NEW.json`", isRetryable: false)
        }
        let amendment = Amendment(of: before.plan.targets, to: targets)
        guard !amendment.changes.isEmpty else {
            return context.tell(.done("nothing to do: the plan has these targets and no others"))
        }
        let after: State
        do { after = try before.amended(by: amendment, at: context.clock.now) } catch { throw StepError(error) }
        tell(of: amendment, before, after)
        guard !context.isDryRun else { return }
        try context.record(amendment.entry)
        context.tell(.done("the plan is amended; next: \(after.next.map { "`\($0)`" } ?? "nothing")"))
    }

    private func tell(of amendment: Amendment, _ before: State, _ after: State) {
        for change in amendment.changes {
            let difference = change.difference.isEmpty ? "" : ": \(change.difference)"
            context.tell(.doing((context.isDryRun ? change.foreseen : change.doing) + difference))
        }
        for place in after.dropped where !before.dropped.contains(place) {
            context.tell(.warning(after.news(of: place)))
        }
        if State.Approval.gated.contains(where: before.isApproved(for:)) {
            context.tell(.warning("what was approved is another plan: it has to be approved again"))
        }
    }
}
