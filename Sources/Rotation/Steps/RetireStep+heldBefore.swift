import Rotation

extension RetireStep {
    /// A rotation that changed nothing, and only made targets, has not reached whoever reads the predecessor: a mistyped
    /// path looks just like this. Where one target cannot be read, nothing shows that it is so, and it is not refused.
    func refuseOnlyNewTargets(_ state: State) throws(StepError) {
        guard !state.plan.retire.acceptsNewTargets, let warning = state.newTargetsWarning else { return }
        throw StepError(
            .unacceptable, "\(warning), so nothing is retired",
            hint: "name the place that the application reads with `ork-publish --to TARGET`; if all targets are new on "
                + "purpose: `ork-retire --accept-new-targets`, or `retire: {accept_new_targets: true}` in ork.yaml",
            isRetryable: false)
    }
}
