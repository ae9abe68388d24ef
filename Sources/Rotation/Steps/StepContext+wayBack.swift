import Rotation
import Secrets

// What is left of a rotation that was taken back.
extension StepContext {
    /// What the records say, for a step that leads on: it has no part in a rotation that goes back, or has gone.
    ///
    /// `another` is the command that begins another rotation.
    func stateLeadingOn(another: CreateCommand? = nil) throws(StepError) -> State {
        let state = try state()
        guard state.isRollingBack || state.isRolledBack else { return state }
        guard state.isRolledBack else {
            throw StepError(
                .unacceptable, "rotation \(state.header.id) is being rolled back, and nothing else is done in it",
                hint: "`ork-rollback` goes on with that", isRetryable: false)
        }
        let names = state.header.predecessors.map(\.name).joined(separator: ", ")
        throw StepError(
            .unacceptable, "rotation \(state.header.id) was rolled back: \(names) is in use again",
            hint: "another rotation has a handoff of its own: `\((another ?? state.command).anew)`",
            isRetryable: false)
    }

    /// A predecessor's plaintext, where it is kept for this identity.
    func predecessor(_ digest: Digest, for identity: Identity) -> Secret? {
        let boxes = journal.handoff?.kept.filter { $0.recipient == identity.publicIdentity } ?? []
        return boxes.lazy.compactMap { $0.open(with: identity, expecting: digest) }.first
    }
}
