import FoundationEssentials
import JSON
import OpenRouter
import Rotation
import Secrets
import Timestamps

/// What keeps a key where a rollback puts it, while copies of the handoff from before that are about.
extension RollbackStep {
    /// Marks keys that targets are about to get back, as a restored key is marked: a handoff from before the rollback would
    /// else disable what is in use again. With an older mark a verification since then would let the key go.
    func hold(_ hashes: Set<KeyHash>, _ snapshot: RollbackSnapshot) throws(StepError) {
        for case let key? in hashes.map(snapshot.key) {
            try context.continueUnlessStopped()
            let change = KeyChange(name: key.keyName.with(disabledAt: snapshot.date).description)
            let held = try account.send { $0.updateKey(key.hash, change) }.value
            guard let held, !held.disabled else {
                // With our mark it would look like a key that a retirement has disabled, which the next run enables.
                _ = try account.send { $0.updateKey(key.hash, KeyChange(name: key.name)) }
                throw StepError(
                    .failed, "\(key.plainName) was disabled meanwhile: nothing is put back",
                    hint:
                        "find out who disabled it; if it is to be used again, enable it at openrouter.ai, then `ork-rollback`",
                    isRetryable: false)
            }
            try context.record(
                .restored(
                    held, at: snapshot.date, by: .rollback,
                    message: "\(key.plainName) is held: no retirement takes it"))
        }
    }

    /// What was put back and is not there any more is recorded before it is written again: whoever dies after that write
    /// would else count the overlap from the earlier one.
    func recordLoss(of ways: [WayBack], _ state: State) throws(StepError) {
        for way in ways where state.putBack(way.target)?.digest == way.digest {
            try context.record(.lost("\(way.key.name)", way.digest, at: way.target, by: .rollback))
        }
    }

    /// Refuses to go on where a target has lost its key while the application was asked.
    func refuseLost(_ ways: [WayBack], _ snapshot: RollbackSnapshot) throws(StepError) {
        let state = try context.state()
        let lost = try missing(of: ways.filter { !state.isByHand($0) }, snapshot).map(\.way.target.name).sorted()
        guard !lost.isEmpty else { return }
        throw StepError(
            .notYet, "\(Evidence.list(lost)) \(lost.count == 1 ? "does" : "do") not hold the predecessor any more",
            hint: "stop what else writes there, such as an `ork-publish`; `ork-rollback` again puts it back")
    }
}
