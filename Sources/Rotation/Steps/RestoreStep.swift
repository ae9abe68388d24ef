import FoundationEssentials
import JSON
import OpenRouter
import Rotation
import Secrets
import Timestamps

/// `ork-retire --restore`: enables disabled predecessors again. The mark in their names holds them from now on.
package struct RestoreStep {
    let context: StepContext
    let account: ManagedAccount

    package init(context: StepContext, account: ManagedAccount) {
        self.context = context
        self.account = account
    }

    package func run() throws(StepError) {
        let state = try context.state()
        let references = state.header.predecessors
        let calls = references.map { account.api.key($0.hash) }
        var restored = 0
        var failure: StepError?
        for (reference, result) in zip(references, account.client.send(all: calls)) {
            do throws(StepError) {
                if try restore(result.answer(), reference, state) { restored += 1 }
            } catch {
                // In an emergency, one key that cannot be enabled must not keep the others down.
                context.tell(.warning("\(reference.name): \(error.message)"))
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        if restored == 0 { context.tell(.done("nothing to do: no predecessor is disabled")) }
    }

    /// Answers whether the key was, or would be, enabled.
    private func restore(
        _ answer: Dated<Key?>, _ reference: KeyReference, _ state: State
    ) throws(StepError) -> Bool {
        guard let key = answer.value else {
            context.tell(.warning("\(reference.name) does not exist any more and cannot be restored"))
            return false
        }
        try state.requireLineage(of: key)
        guard key.disabled else {
            context.tell(.done("\(key.plainName) is enabled"))
            return false
        }
        guard !state.unrestorable.contains(key.hash), key.keyName.disabledAt != nil else {
            context.tell(
                .warning(
                    "\(key.plainName) was disabled as compromised, or by hand, and stays disabled; "
                        + "enable it at openrouter.ai if it is needed"))
            return false
        }
        context.tell(.doing("enabling \(key.plainName) again"))
        guard !context.isDryRun else { return true }
        // With an older mark a verification from before the trouble would let the key go again.
        let now = answer.date ?? context.clock.now
        let change = KeyChange(name: key.keyName.with(disabledAt: now).description, disabled: false)
        guard let enabled = try account.send({ $0.updateKey(key.hash, change) }).value, !enabled.disabled else {
            throw StepError(
                .failed, "OpenRouter did not enable \(key.plainName)", hint: "enable it by hand at openrouter.ai")
        }
        try context.record(
            Entry(
                .retire, .restored, message: "enabled \(key.plainName) again",
                detail: ["hash": .string(key.hash.description)]))
        context.tell(.done("enabled \(key.plainName) again; ork-retire --again continues after a newer verification"))
        return true
    }
}
