import Glibc
import Rotation
import Steps
import Wording

extension StepError {
    /// What a step leaves that somebody asked to stop: how far it has come, and that it can go on from there.
    ///
    /// `failure` is how the step itself ended, `nil` if it was done; `state` is what its handoff says, in the file that the
    /// options name.
    init(stoppedBy number: Int32, _ step: StepName, failure: StepError?, state: State?, _ options: CommonOptions) {
        let path = options.handoff.first ?? "ork-handoff.json"
        let code: Code = number == SIGTERM ? .terminated : .interrupted
        let program = "ork-\(step.rawValue)"
        guard let failure else {
            self.init(code, "\(program) was done before, and all of it is recorded in \(path)", isRetryable: false)
            return
        }
        let standing = state.map { Self.standing(step, $0) } ?? "nothing was begun"
        let recorded = state == nil ? "" : ", and all that was done is recorded in \(path)"
        let waited = options.wait != nil && failure.isRetryable ? "while it waited: \(failure.message); " : ""
        self.init(
            code, waited + standing + recorded,
            // Whole commands are for people who have not one before them: its options decide what a step does.
            hint: "run the same command again" + (state == nil ? "" : ": it goes on from there"),
            isRetryable: false)
    }

    private static func standing(_ step: StepName, _ state: State) -> String {
        let targets = state.plan.targets.map(\.name)
        switch step {
        case .create:
            switch state.phase {
            case .intended: return "a key may be minted, which the next run finds"
            case .minted: return "a key is minted and not yet activated"
            default: return "the successor is made"
            }
        case .publish:
            let written = Counted(targets.filter(state.isPublished).count, of: targets.count, "target")
            let doubtful = targets.filter { state.targets[$0]?.last?.event == .unknown }.map(\.description)
            return written.with("is", "are") + " written"
                + (doubtful.isEmpty ? "" : ", perhaps \(doubtful.joined(separator: ", ")) as well")
        case .verify: return "this verification is not complete"
        case .approve: return "nothing more is approved"
        case .retire:
            let keys = state.header.predecessors.map { "\($0.name) is \(state.status(of: $0.hash))" }
            return keys.isEmpty ? "there is no predecessor" : keys.joined(separator: ", ")
        case .rollback:
            let reached = state.reachedTargets
            let back = Counted(reached.filter { state.putBack($0) != nil }.count, of: reached.count, "target")
            return state.isRollingBack ? back.with("is", "are") + " put back" : "nothing was begun"
        }
    }
}
