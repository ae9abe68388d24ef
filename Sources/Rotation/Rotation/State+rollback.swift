package import FoundationEssentials
package import JSON
package import Secrets
import Sodium

// The way back. Which key a place held before, and where a predecessor is again, stands in the records; whether it is
// still there, a step reads for itself.
extension State {
    /// A place that holds a predecessor again.
    package struct PutBack: Hashable, Sendable {
        /// The digest of that key.
        package let digest: Digest
        package let at: Date
        /// Whether somebody has said so, and ork has not done it.
        package let isByHand: Bool
        private let receipt: JSONObject?

        fileprivate init(_ record: Record, _ digest: Digest) {
            self.digest = digest
            at = record.moment
            isByHand = record.detail["by_hand"]?.bool ?? false
            receipt = record.detail["receipt"]?.object
        }

        /// What the publisher left when it put this key back.
        package func receipt(of digest: Digest) -> JSONObject? { digest == self.digest ? receipt : nil }
    }

    /// What is recorded of the place of a target; `nil` where the name stands for another place now.
    package func targetState(_ target: Plan.Target) -> TargetState? {
        guard let current = plan.target(target.name), current.isSamePlace(as: target) else { return nil }
        return targets[target.name]
    }

    /// What is recorded to have been put back where this target is.
    package func putBack(_ target: Plan.Target) -> PutBack? { putBack[target.place] }

    /// Whether the rotation can be taken back, and nobody has begun to.
    package var canGoBack: Bool {
        !isFinished && !isRollingBack && header.predecessors.contains { !deleted.contains($0.hash) }
    }

    /// The places that the successor may have been written to: the plan's, and those that an amendment dropped too late.
    /// Which of them it has reached, the records alone do not tell: the newest may be missing.
    package var reachedTargets: [Plan.Target] {
        plan.targets + dropped.filter(\.isWritten).map(\.target)
    }

    /// The key that a target held before this rotation wrote there, where an answer has told which.
    package func replaced(_ name: PlanName) -> Digest? { targets[name]?.replaced }

    mutating func readRolledBack(_ record: Record) throws(HandoffError) {
        guard let name = record.target, let digest = record.detail["digest"]?.string.flatMap({ Digest($0) }),
            let place = record.detail["place"]?.string.flatMap({ Digest($0) })
        else { throw .malformed("a rolled_back record") }
        putBack[place] = PutBack(record, digest)
        guard plan.target(name)?.place == place else { return }
        targets[name]?.held = nil
        targets[name]?.last = record
        doubts[name] = nil
    }

    /// The place that an outcome is of.
    func place(of outcome: Record, _ name: PlanName) -> Digest {
        outcome.detail["place"]?.string.flatMap { Digest($0) } ?? plan.target(name)?.place ?? Digest(of: [])
    }
}
