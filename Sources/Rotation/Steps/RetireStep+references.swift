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

    /// Takes deleted keys out of the lists that still name them, and answers which lists these were. A guardrail lets go of a
    /// key by itself. No list is left without a key, and what cannot be changed is told: it stands in nobody's way but that of
    /// the next key.
    func takeOut(
        _ hashes: Set<KeyHash>, _ snapshot: RetirementSnapshot, _ successor: State.Successor
    ) throws(StepError) -> [String] {
        var titles: [String] = []
        for list in snapshot.references.lists where list.kind != .guardrail && hashes.contains(where: list.names) {
            guard list.names(successor.hash) || !(list.hashes ?? []).allSatisfy(hashes.contains) else {
                context.tell(.warning("\(list.title) names nothing but deleted keys: add those that it is for by hand"))
                continue
            }
            let editor = KeyListEditor(account: account, context: context, removing: hashes) { list, error in
                StepError(.failed, "\(list.title) cannot be changed: \(error.message)")
            }
            do {
                let outcome = try editor.edit([list], from: [.success(list)])
                titles += outcome.written.map(\.title)
            } catch {
                guard error.code == .failed else { throw error }
                context.tell(.warning("\(error.message); take the deleted key out by hand"))
            }
        }
        for title in titles { context.tell(.done("took the deleted key out of \(title)")) }
        return titles
    }
}
