import JSON
import OpenRouter
import Rotation

/// What a rotation cannot see or change at OpenRouter, because there is no API for it.
struct Checklist {
    /// What to look at, and where.
    let items: [String]

    init(predecessor name: String, logsSomeKeys: Bool) {
        var items = [
            "a workload identity policy that acts as \(name) stops when that is disabled: point it to the successor",
            "spend alerts of \(name): set them for the successor",
            "the response cache of the successor starts empty",
        ]
        if logsSomeKeys {
            items.append("the workspace logs the requests of some keys: choose the successor there, too")
        }
        self.items = items
    }

    var text: String { items.joined(separator: "; ") }
}

extension CreateStep {
    /// Tells people what is theirs to look after.
    func tellChecklist(_ snapshot: LineageSnapshot, _ predecessors: [Key]) {
        guard let key = predecessors.last else { return }
        let workspace = snapshot.references.workspaces.first { $0.id == key.workspaceID }
        let list = Checklist(predecessor: key.plainName, logsSomeKeys: workspace?.logsSomeKeys ?? false)
        context.tell(.done("by hand at openrouter.ai, which has no API for it: \(list.text)"))
    }
}

extension RetireStep {
    /// Records that somebody has looked after what is on the list.
    func recordChecklist(_ state: State) throws(StepError) {
        guard options.isChecklistDone, !state.isChecklistDone, !context.isDryRun else { return }
        try context.record(
            Entry(
                .retire, .accepted, message: "what has no API at OpenRouter is looked after",
                detail: ["checklist": true]))
    }

    /// Waits for that, where the plan says so.
    func requireChecklist(_ key: Key, _ state: State) throws(StepError) {
        guard state.plan.retire.checklist == .confirm, !state.isChecklistDone, !options.isChecklistDone else { return }
        // Which keys are logged only `ork-create` has asked.
        let list = Checklist(predecessor: key.plainName, logsSomeKeys: true)
        throw StepError(
            .notYet, "somebody has to look at what OpenRouter has no API for: \(list.text)",
            hint: "then `ork-retire --checklist-done`", isRetryable: false)
    }
}
