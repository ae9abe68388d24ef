import FoundationEssentials
import JSON
import OpenRouter
import PublisherHosting
import PublisherKit
import Rotation
import Secrets
import Timestamps

extension PublishStep {
    /// Keeps what targets hold before it is written over: sealed by their publishers, and durable before the first write.
    ///
    /// One round trip to those that can be read, until each predecessor is kept. What comes of it decides nothing: a
    /// rollback without it has less to put back.
    func keepPredecessors(
        _ state: State, _ requests: PublisherRequests, hiding secret: Secret
    ) throws(StepError) {
        var missing = Set(state.predecessorDigests.filter { context.predecessor($0, for: identity) == nil })
        let readable = requests.only { $1.readback == .value }
        guard state.plan.keepsPredecessor, !missing.isEmpty, !readable.isEmpty else { return }
        var boxes: [SealedSecret] = []
        readable.send(
            .check, state, secret: secret, accepted: options.acceptedTargets, created: options.createdTargets,
            sealTo: context.trust.keepers, from: context.clock.now, timeout: options.timeout
        ) { _, _, answer in
            guard let holds = answer.holds, missing.contains(holds) else { return }
            let sealed = answer.sealed.filter { $0.content == .predecessor }.map { SealedSecret($0) }
            // Our own box shows that they hold what they are said to.
            let mine = sealed.filter { $0.recipient == identity.publicIdentity }
            guard mine.contains(where: { $0.open(with: identity, expecting: holds) != nil }) else { return }
            missing.remove(holds)
            boxes += sealed
        }
        guard !boxes.isEmpty else { return }
        try context.record(
            Entry(
                .publish, .checked, message: "the predecessor is kept for a rollback, sealed",
                detail: ["check": "predecessor", "outcome": "passed"]), kept: boxes)
    }
}
