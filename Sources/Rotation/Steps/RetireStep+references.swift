import FoundationEssentials
import JSON
import OpenRouter
import Rotation
import Secrets

/// What retirement demands of the places that name keys by their hash, and does to them.
extension RetireStep {
    /// Before a key goes, whatever names it names the successor, too: after that nobody could tell any more.
    func requireReferences(to key: Key, _ snapshot: RetirementSnapshot, _ successor: State.Successor) throws(StepError)
    {
        let ignoring = "`ork-create --ignore-references`"
        if let unread = snapshot.references.unread.first {
            throw StepError(
                StepError(unread.error).code,
                "OpenRouter's \(unread.kind.listing) cannot be read, so nobody knows whether they name the successor: "
                    + unread.error.message,
                hint: (unread.isForGood ? "check the management key" : "try again") + "; \(ignoring) does without them")
        }
        let missing = snapshot.references.lists(naming: [key.hash], without: successor.hash)
        guard !missing.isEmpty else { return }
        let reason =
            "\(missing.map(\.title).sorted().joined(separator: ", ")) "
            + "\(missing.count == 1 ? "names" : "name") \(key.plainName) and not \(successor.name)"
        if options.isCompromised { return context.tell(.warning("\(reason): add it there by hand")) }
        throw StepError(
            .failed, "\(reason): nothing is retired",
            hint: "to have it added: `ork-create`; to do without it: \(ignoring)", isRetryable: false)
    }
}
