package import FoundationEssentials

/// The jobs of a pipeline in their order. Each does one step, when its turn has come.
package enum Turn: String, Sendable, CaseIterable {
    case create
    case publish
    case verify
    case approvePublish = "approve-publish"
    case publishRest = "publish-rest"
    case verifyRest = "verify-rest"
    case approveRetire = "approve-retire"
    case retire
    /// Of a rotation that is on its way back; beginning that is a person's decision.
    case rollback
    /// Nobody's: the rotation is finished.
    case done
}

/// Which waves a deployment has to take up: until they are verified, those that were published last.
package enum DeploymentTurn: String, Sendable, CaseIterable {
    case first, rest, none
}

extension State {
    /// Whose turn it is at this moment. A gate comes before later waves and before retirement, until somebody has approved.
    package func turn(at now: Date) -> Turn { turn(next(at: now)) }

    /// Whose turn it is at a gate, however old the verification has become while it was closed: it is taken again before
    /// anything is retired.
    package var turnAtGate: Turn { turn(next) }

    private func turn(_ next: String?) -> Turn {
        switch next {
        case "ork-create": .create
        case "ork-publish" where isPastFirstWave: isApproved(for: .publish) ? .publishRest : .approvePublish
        case "ork-publish": .publish
        case "ork-verify": isPastFirstWave ? .verifyRest : .verify
        // A person's decision, which the job says.
        case "ork-rollback": .rollback
        case "ork-retire", "ork-retire --again": isApproved(for: .retire) ? .retire : .approveRetire
        default: .done
        }
    }

    /// What a deployment has to take up now.
    package func deployment(at now: Date) -> DeploymentTurn {
        guard next(at: now) == "ork-verify", ![.verified, .retiring, .held].contains(phase) else { return .none }
        return isPastFirstWave ? .rest : .first
    }
}
