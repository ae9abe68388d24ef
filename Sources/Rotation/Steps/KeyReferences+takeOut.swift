import OpenRouter
import Secrets

extension KeyReferences {
    /// Takes keys that are deleted, or about to be, out of the lists that name them, and answers which lists these were. A
    /// guardrail lets go of a key by itself.
    ///
    /// No list is left without a key, and what cannot be changed is told: a dead hash stands in the way of the next key that is
    /// added there, and of nothing else. `isFresh` is whether the lists were read a moment ago.
    func takeOut(
        _ hashes: Set<KeyHash>, of account: ManagedAccount, _ context: StepContext, isFresh: Bool = true
    ) throws(StepError) -> [String] {
        let naming = lists.filter { $0.kind != .guardrail && hashes.contains(where: $0.names) }
        let rest = naming.filter { !($0.hashes ?? []).allSatisfy(hashes.contains) }
        for list in naming where !rest.contains(list) {
            context.tell(
                .warning("\(list.title) names no key but one that goes: add those that it is for at openrouter.ai"))
        }
        guard !rest.isEmpty else { return [] }
        let editor = KeyListEditor(account: account, context: context, removing: hashes) { list, error in
            StepError(.failed, "\(list.title) cannot be changed: \(error.message)")
        }
        var titles: [String] = []
        do {
            titles = try editor.edit(rest, from: isFresh ? rest.map { .success($0) } : nil).written.map(\.title)
        } catch {
            guard error.code == .failed else { throw error }
            // One that cannot be changed must not keep the others as they are.
            for list in rest {
                do {
                    titles += try editor.edit([list]).written.map(\.title)
                } catch {
                    guard error.code == .failed else { throw error }
                    context.tell(.warning("\(error.message); take the key out by hand"))
                }
            }
        }
        for title in titles { context.tell(.done("took the deleted key out of \(title)")) }
        return titles
    }
}
