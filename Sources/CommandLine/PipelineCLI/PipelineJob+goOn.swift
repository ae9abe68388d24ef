import Rotation
import Steps

extension PipelineJob {
    /// The steps in a row, for a pipeline that has but one job and no gates: until the rotation is finished, only waiting is
    /// left, or a step fails. A later run goes on.
    mutating func goOn() throws(StepError) {
        if settings.goesBack {
            guard mine == .rotate, let state, state.canGoBack else { return sayNothingToDo() }
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
