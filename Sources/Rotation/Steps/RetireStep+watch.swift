import FoundationEssentials
import JSON
import OpenRouter
import Rotation
import Secrets
import Timestamps

/// What happens when something goes wrong while a predecessor is disabled, and before it is deleted.
///
/// OpenRouter has no figures of failed requests (its analytics count those that were served), so the application is asked.
extension RetireStep {
    /// Asks the application, which has to do without the predecessor now. Answers the probes that passed.
    func look(without key: Key, at date: Date, _ state: State) throws(StepError) -> [String] {
        guard let applications, !options.isCompromised, !context.isDryRun, state.plan.retire.onTrouble != .ignore,
            !state.plan.verify.probes.isEmpty
        else { return [] }
        let hint = "look at the application's log"
        var checks = try applications.check(state, hiding: nil, hint: hint)
        if checks.contains(where: \.isFailed) {
            // One bad answer is no outage.
            context.wait(
                for: "the application to be asked once more", until: context.clock.now.addingTimeInterval(Self.breath))
            try context.continueUnlessStopped()
            checks = try applications.check(state, hiding: nil, hint: hint)
        }
        try context.continueUnlessStopped()
        let failed = checks.filter(\.isFailed)
        guard !failed.isEmpty else { return checks.map(\.name) }
        for check in failed {
            context.tell(.warning(check.text))
            try context.record(check.entry(of: .retire))
        }
        let error = StepError(
            .failed,
            "\(failed.map(\.text).joined(separator: "; ")), and \(key.plainName) is disabled: nothing is deleted",
            hint: (RestoreStep.offer(of: key, at: date, state).map { "\($0); " } ?? "")
                + "\(Check.hint(failed) ?? hint); then `ork-retire` goes on")
        throw try answer(to: error, state)
    }

    /// How long after a bad answer the application is asked once more, in seconds.
    private static let breath: TimeInterval = 10

    /// What to throw for trouble while a predecessor is disabled: where the plan says so, that is enabled first.
    func answer(to trouble: StepError, _ state: State) throws(StepError) -> StepError {
        let isDisabled = state.header.predecessors.contains { reference in
            state.disabled.contains(reference.hash) && !state.unrestorable.contains(reference.hash)
                && !state.deleted.contains(reference.hash)
        }
        guard isDisabled, state.plan.retire.onTrouble == .restore, !options.isCompromised, !context.isDryRun else {
            return trouble
        }
        context.tell(.warning(trouble.message))
        let restoring = RestoreStep(context: context, account: account)
        let recorded = try context.state()
        let (restored, lost) = try restoring.restoreAll(recorded)
        guard restored > 0 || lost.isEmpty else { throw restoring.error(lost, recorded) }
        for why in lost { context.tell(.warning(why)) }
        return StepError(
            .failed, "\(trouble.message); the predecessor is enabled again, and held",
            hint: "fix what still needed it, run `ork-verify`, then `ork-retire --again`", isRetryable: false)
    }
}
