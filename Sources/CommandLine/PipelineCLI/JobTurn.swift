package import Rotation

/// What a job of a pipeline is for: it looks where the rotation stands, does one step, or lets a deployment run.
package enum JobTurn: Hashable, Sendable {
    /// Looks, and before a rotation begins asks every target whether publishing would work.
    case check
    /// Does the step whose turn it is.
    case step(Turn)
    /// Says which waves a deployment has to take up.
    case deploy(Turn)
    /// In a pipeline of one job: mints if a rotation is to begin, so that its handoff is kept before anything else is done.
    case begin
    /// In a pipeline of one job: begins, and goes on with all that needs no waiting.
    case rotate

    /// Reads the name of a job; `nil` for any other text.
    package init?(_ text: String) {
        switch text {
        case "check": self = .check
        case "deploy": self = .deploy(.publish)
        case "deploy-rest": self = .deploy(.publishRest)
        case "begin": self = .begin
        case "rotate": self = .rotate
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
        case .begin: "begin"
        case .rotate: "rotate"
        }
    }

    /// All of them in the order of the jobs, for the help.
    package static let all = Turn.allCases.filter { $0 != .done }.map(\.rawValue)

    /// The jobs whose report counts for this one, the nearest first.
    var before: [JobTurn] {
        switch self {
        case .check, .begin, .rotate: []
        case .deploy(let turn): [.step(turn)]
        case .step(let turn):
            ([.check] + Turn.allCases.prefix { $0 != turn }.map { .step($0) }).reversed()
        }
    }

    /// Whether a rotation begins in it.
    var mints: Bool { self == .step(.create) || isAlone }

    /// Whether it is the whole pipeline: what it does next depends on no other job of the same run.
    var isAlone: Bool { self == .begin || self == .rotate }

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

    /// The same where no job is a gate: what would be approved is done, wave by wave.
    var commandWithoutGates: [String] {
        switch self {
        case .approvePublish, .publishRest: Self.publish.command
        case .approveRetire: Self.retire.command
        default: command
        }
    }
}
