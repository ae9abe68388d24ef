import Rotation
import RotationFixtures
import Steps

/// One way to run a step.
enum Run: String, CaseIterable {
    case create
    case publish
    case publishAll = "publish --all"
    case verify = "verify --keep-secret"
    case approve
    case retire
    case retireAgain = "retire --again"
    case restore = "retire --restore"

    /// Those that a pipeline repeats; the others are somebody's decision.
    static let routine: [Run] = [.create, .publish, .publishAll, .verify, .retire, .retireAgain]

    func run(_ scene: Scene) throws(StepError) {
        switch self {
        case .create: try scene.create()
        case .publish: try scene.publish()
        case .publishAll: try scene.publish { $0.allWaves = true }
        case .verify: try scene.verify { $0.keepsSecret = true }
        case .approve: try scene.approve()
        case .retire: try scene.retire()
        case .retireAgain: try scene.retire { $0.again = true }
        case .restore: try scene.restore()
        }
    }

    /// How it ended; `nil` if it went through.
    func code(_ scene: Scene) -> StepError.Code? {
        do {
            try run(scene)
            return nil
        } catch {
            return error.code
        }
    }
}
