import FoundationEssentials
import JSON
package import OpenRouter
import Rotation
import Secrets

/// `ork-retire --restore`: enables disabled predecessors again. The mark in their names holds them from now on.
package struct RestoreStep {
    let context: StepContext
    let api: ManagementAPI

    package init(context: StepContext, api: ManagementAPI) {
        self.context = context
        self.api = api
    }

    package func run() throws(StepError) {
        let state = try context.state()
        let references = state.header.predecessors
        let calls = references.map { api.key($0.hash) }
        var restored = 0
        var failure: StepError?
        for (reference, result) in zip(references, context.client.send(all: calls)) {
            do throws(StepError) {
                let answer = try asStepError { try result.get() }
                if try restore(answer, reference, state) { restored += 1 }
            } catch {
                // In an emergency one key that does not come back must not keep the others down.
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
        guard key.disabled else {
            context.tell(.done("\(key.plainName) is enabled"))
            return false
        }
        guard !state.unrestorable.contains(key.hash), key.keyName.disabledAt != nil else {
            context.tell(
                .warning(
                    "\(key.plainName) was disabled as compromised or by somebody's hand and stays so; "
                        + "enable it at openrouter.ai if that is right"))
            return false
        }
        context.tell(.doing("enabling \(key.plainName) again"))
        guard !context.isDryRun else { return true }
        // With an older mark a verification from before the trouble would let the key go again.
        let now = answer.date ?? context.clock.now
        let change = KeyChange(name: key.keyName.with(disabledAt: now).description, disabled: false)
        let enabled = try asStepError { try context.client.send(api.updateKey(key.hash, change)).value }
        guard let enabled, !enabled.disabled else {
            throw StepError(
                .failed, "OpenRouter did not enable \(key.plainName)", hint: "enable it by hand at openrouter.ai")
        }
        try context.record(
            Entry(
                .retire, .restored, message: "enabled \(key.plainName) again",
                detail: ["hash": .string(key.hash.description)]))
        context.tell(.done("enabled \(key.plainName) again; ork-retire --again goes on after a newer verification"))
        return true
    }
}
