import Rotation
import RotationFixtures
import Steps

/// One way to run a step.
enum StepRun: String, CaseIterable {
    case create
    case publish
    case publishAll = "publish --all"
    case verify = "verify"
    case approve
    case retire
    case retireAgain = "retire --again"
    case restore = "retire --restore"
    case rollback

    /// Those that a pipeline repeats; of the others, which are somebody's decision, the one that has to hold on to evidence.
    static let routine: [StepRun] = [.create, .publish, .publishAll, .verify, .retire, .retireAgain, .rollback]

    func run(_ fixture: RotationFixture, _ transport: FakeTransport? = nil) throws(StepError) {
        switch self {
        case .create: try fixture.create(transport)
        case .publish: try fixture.publish(transport)
        case .publishAll: try fixture.publish(transport) { $0.allWaves = true }
        case .verify: try fixture.verify(transport)
        case .approve: try fixture.approve()
        case .retire: try fixture.retire(transport)
        case .retireAgain: try fixture.retire(transport) { $0.again = true }
        case .restore: try fixture.restore(transport)
        case .rollback: try fixture.rollback(transport)
        }
    }

    /// How it ended; `nil` if it went through.
    func code(_ fixture: RotationFixture) -> StepError.Code? {
        do {
            try run(fixture)
            return nil
        } catch {
            return error.code
        }
    }
}
