import OpenRouter
package import Rotation
package import Secrets

/// One rotation of a fleet, and what is known of it beside OpenRouter.
package struct DueRotation: Sendable {
    package var name: PlanName
    package var plan: Plan
    package var rules: DueRules
    /// `false` where the kill switch of the rotation is thrown.
    package var isEnabled = true
    /// The digest of the predecessor's plaintext, where the plan names it by a variable that is set.
    package var predecessorDigest: Digest?
    /// What its handoffs say; `nil` if nobody has looked for handoffs.
    package var handoffs: [State]?
    /// Why one of its handoffs cannot be accepted.
    package var handoffMistake: HandoffError?

    package init(name: PlanName, plan: Plan, rules: DueRules) {
        self.name = name
        self.plan = plan
        self.rules = rules
    }

    /// The hash by which the plan names the predecessor.
    var namedHash: KeyHash? {
        switch plan.predecessor {
        case .hash(let hash): hash
        case .environment: predecessorDigest.map(KeyHash.init(documentedFor:))
        case .name, .none: nil
        }
    }
}
