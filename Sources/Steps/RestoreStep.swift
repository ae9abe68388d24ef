import FoundationEssentials
import JSON
package import OpenRouter
import Rotation
import Secrets

/// `ork-retire --restore`: enables disabled predecessors again. The mark in their names holds them from now on.
package struct RestoreStep {
    let stage: Stage
    let api: ManagementAPI

    package init(stage: Stage, api: ManagementAPI) {
        self.stage = stage
        self.api = api
    }

    package func run() throws(StepError) {
        let state = try stage.state()
        let references = state.header.predecessors
        let calls = references.map { api.key($0.hash) }
        var restored = 0
        for (reference, result) in zip(references, stage.client.send(all: calls)) {
            let key = try asStepError { try result.get().value }
            guard let key else {
                stage.tell(.warning("\(reference.name) does not exist any more and cannot be restored"))
                continue
            }
            guard key.disabled else {
                stage.tell(.done("\(key.name) is enabled"))
                continue
            }
            stage.tell(.doing("enabling \(key.plainName) again"))
            restored += 1
            guard !stage.isDryRun else { continue }
            var change = KeyChange()
            change.disabled = false
            // Without the mark the key would not be held; with an older one, a verification from before the trouble
            // would let it go again.
            let now = try asStepError { try result.get().date } ?? stage.clock.now
            change.name = key.keyName.with(disabledAt: now).description
            let enabled = try asStepError { try stage.client.send(api.updateKey(key.hash, change)).value }
            guard let enabled, !enabled.disabled else {
                throw StepError(
                    .failed, "OpenRouter did not enable \(key.name)", hint: "enable it by hand at openrouter.ai")
            }
            try stage.record(
                Entry(
                    .retire, .restored, message: "enabled \(key.plainName) again",
                    detail: ["hash": .string(key.hash.description)]))
            stage.tell(.done("enabled \(key.plainName) again; ork-retire --again goes on after a newer verification"))
        }
        if restored == 0 { stage.tell(.done("nothing to do: no predecessor is disabled")) }
    }
}
