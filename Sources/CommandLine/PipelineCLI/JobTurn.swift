package import Rotation

/// What a job of a pipeline is for: it looks where the rotation stands, does one step, or lets a deployment run.
package enum JobTurn: Hashable, Sendable {
    /// Looks, and before a rotation begins asks every target whether publishing would work.
    case check
    /// Does the step whose turn it is.
    case step(Turn)
    /// Says which waves a deployment has to take up.
    case deploy(Turn)

    /// Reads the name of a job; `nil` for any other text.
    package init?(_ text: String) {
        switch text {
        case "check": self = .check
        case "deploy": self = .deploy(.publish)
        case "deploy-rest": self = .deploy(.publishRest)
        default:
            guard let turn = Turn(rawValue: text), turn != .done else { return nil }
            self = .step(turn)
        }
    }

    /// The name of the job.
    package var description: String {
        switch self {
        case .check: "check"
        case .step(let turn): turn.rawValue
        case .deploy(.publishRest): "deploy-rest"
        case .deploy: "deploy"
        }
    }

    /// All of them in the order of the jobs, for the help.
    package static let all = Turn.allCases.filter { $0 != .done }.map(\.rawValue)

    /// The jobs whose report counts for this one, the nearest first.
    var before: [JobTurn] {
        switch self {
        case .check: []
        case .deploy(let turn): [.step(turn)]
        case .step(let turn):
            ([.check] + Turn.allCases.prefix { $0 != turn }.map { .step($0) }).reversed()
        }
    }

    /// Whether it acts on what another job looked at.
    var isGate: Bool { self == .step(.approvePublish) || self == .step(.approveRetire) }
}

extension Turn {
    /// The program that does this step, with its options.
    var command: [String] {
        switch self {
        case .create: ["ork-create"]
        case .publish: ["ork-publish"]
        case .verify, .verifyRest: ["ork-verify"]
        case .approvePublish: ["ork-approve", "--for", "publish"]
        case .publishRest: ["ork-publish", "--all"]
        case .approveRetire: ["ork-approve", "--for", "retire"]
        case .retire: ["ork-retire"]
        case .rollback: ["ork-rollback"]
        case .done: []
        }
    }
}
