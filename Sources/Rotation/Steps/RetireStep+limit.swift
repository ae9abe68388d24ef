package import FoundationEssentials
import JSON
package import OpenRouter
package import Rotation
import Secrets
import Timestamps

/// The successor's limit, where it began with what its predecessor had left (`limit: remaining`).
///
/// Whether it was raised stands at OpenRouter, not in a record: a run that died in between, or somebody's hand, is seen there.
extension RetireStep {
    /// Raises the limit once it has started over. Every run does, whatever else stands in the way: a successor that is short
    /// of its limit is an outage that waits.
    func raiseLimit(_ snapshot: RetirementSnapshot, _ successor: State.Successor) throws(StepError) {
        let key = snapshot.successor
        guard let allowance = successor.allowance, allowance.isRaiseDue(key, at: snapshot.date) else {
            return
        }
        let change = "the limit of \(successor.name) \(allowance.raise)"
        guard !context.isDryRun else { return context.tell(.doing("would raise \(change)")) }
        context.tell(.doing("raising \(change): it has started over"))
        let answer = try account.send {
            $0.updateKey(key.hash, KeyChange(limit: .to(allowance.fullLimit)))
        }
        guard let raised = answer.value, raised.limit?.decimal == allowance.fullLimit.decimal else {
            throw StepError(
                .failed, "OpenRouter did not raise \(change)", hint: "run `ork-retire` again in a minute")
        }
        try context.record(Entry(.retire, .raised, message: "raised \(change)", detail: allowance.detail))
    }

    /// A rotation is not finished while its key may spend less than the one that it replaced.
    func requireFullLimit(_ snapshot: RetirementSnapshot, _ successor: State.Successor) throws(StepError) {
        guard let allowance = successor.allowance, allowance.isOpen(snapshot.successor) else { return }
        throw StepError(
            .notYet, "the predecessors are gone, and the limit of \(successor.name) is \(allowance.text)",
            hint: "come back then: `ork-retire` raises it", retryAt: allowance.until)
    }
}

extension Allowance {
    /// Whether the key still has the limit that it began with. Another one is somebody's decision, or was raised.
    fileprivate func isOpen(_ key: Key) -> Bool { key.limit?.decimal == limit.decimal }

    /// Whether its limit has started over and is still to be raised.
    package func isRaiseDue(_ key: Key, at now: Date) -> Bool { isOpen(key) && now >= until }

    fileprivate var detail: JSONObject { ["allowance": json] }
}
