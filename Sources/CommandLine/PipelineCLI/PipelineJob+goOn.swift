import Rotation
import StepCLI
import Steps

extension PipelineJob {
    /// The steps in a row, for a pipeline that has but one job and no gates: until the rotation is finished, only waiting is
    /// left, or a step fails. A later run goes on.
    mutating func goOn() throws(StepError) {
        if settings.goesBack {
            guard mine == .rotate else { return sayNothingToDo() }
            guard standing == .turn(.rollback) || state?.canGoBack ?? false else { return try refuseWayBack() }
            return try perform(Turn.rollback.command)
        }
        guard status == 0, let first = next else { return sayNothingToDo() }
        if first == .create { try checkTargets() }
        while status == 0, let turn = next {
            let before = (state?.head, standing)
            try perform(turn.commandWithoutGates + options(of: turn))
            // A step that recorded nothing would do so again.
            guard before != (state?.head, standing) else { break }
        }
    }

    /// Somebody has asked for the way back, and it is not there. That is a success only where it was gone before.
    func refuseWayBack() throws(StepError) {
        if let found, found.isRolledBack {
            console.warn(
                "the newest rotation that is known here, \(found.header.id), was taken back before: if a later one is to be, its "
                    + "handoff is missing")
            return sayNothingToDo()
        }
        let reason =
            switch found {
            case nil: "no handoff of it is here"
            case let state? where state.isFinished: "\(state.header.id) is finished, and its predecessor is deleted"
            case let state?: "this pipeline began before \(state.header.id), or has not heard of it"
            }
        throw StepError(
            .unacceptable, "the rotation \(settings.rotation) cannot be taken back: \(reason)",
            hint: found == nil
                ? "nothing was changed; if you have its handoff, run `ork-rollback --handoff FILE`"
                : "nothing was changed; if its key is bad, start a new rotation", isRetryable: false)
    }

    /// The step that this job does now.
    private var next: Turn? {
        guard case .turn(let turn) = standing, turn != .done, mine == .rotate || turn == .create else { return nil }
        return turn
    }

    /// For a key that has leaked: all waves at once, and no overlap, quiet or soak.
    private func options(of turn: Turn) -> [String] {
        guard settings.isLeaked else { return [] }
        return switch turn {
        case .publish, .approvePublish, .publishRest: ["--all"]
        case .approveRetire, .retire: ["--compromised"]
        default: []
        }
    }
}
