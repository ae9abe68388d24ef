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
    /// Who signs: a rollback enables the predecessors, too.
    let step: StepName

    package init(context: StepContext, account: ManagedAccount) {
        self.init(context: context, account: account, step: .retire)
    }

    init(context: StepContext, account: ManagedAccount, step: StepName) {
        self.context = context
        self.account = account
        self.step = step
    }

    package func run() throws(StepError) {
        let state = try context.state()
        let (restored, lost) = try restoreAll(state)
        guard lost.isEmpty else { throw error(lost, state) }
        if restored == 0 { context.tell(.done("nothing to do: no predecessor is disabled")) }
    }

    /// Answers how many keys it has enabled, and why others cannot be.
    func restoreAll(_ state: State) throws(StepError) -> (restored: Int, lost: [String]) {
        let references = state.header.predecessors
        let calls = references.map { account.api.key($0.hash) }
        var restored = 0
        var lost: [String] = []
        var failure: StepError?
        for (reference, result) in zip(references, account.client.send(all: calls)) {
            do throws(StepError) {
                switch try restore(result.answer(), reference, state) {
                case .enabled: restored += 1
                case .enabledBefore: break
                case .impossible(let why): lost.append(why)
                }
            } catch {
                // In an emergency, one key that cannot be enabled must not keep the others down.
                context.tell(.warning("\(reference.name): \(error.message)"))
                failure = failure ?? error
            }
        }
        if let failure {
            for why in lost { context.tell(.warning(why)) }
            throw failure
        }
        return (restored, lost)
    }

    /// How the step ends where keys cannot be enabled, each for its reason.
    func error(_ lost: [String], _ state: State) -> StepError {
        StepError(
            .failed, lost.joined(separator: "; "),
            hint: state.isRollingBack
                ? "`ork-rollback` tells what can be done instead"
                : "restart what still has the old key, so that it takes the successor; `ork-verify` shows which "
                    + "targets hold the successor; an application that reads another place needs another "
                    + "rotation, of that place beside all others: `\(state.command.adding("to", "TARGET").anew)`",
            isRetryable: false)
    }

    enum Effect {
        /// It was, or would be, enabled.
        case enabled
        case enabledBefore
        /// It stays as it is, and why.
        case impossible(String)
    }

    /// Why a key cannot be worked with again; `nil` for one that a retirement disabled.
    static func obstacle(to key: Key, at date: Date, _ state: State) -> String? {
        // To enable it would bring nobody back to life.
        if key.isExpired(at: date) { return "\(key.plainName) has expired, which nobody can undo" }
        let isOthers = state.unrestorable.contains(key.hash) || state.isDisabledByOthers(key)
        guard key.disabled, isOthers else { return nil }
        return "\(key.plainName) was disabled as compromised, or by hand, and stays disabled: "
            + "enable it at openrouter.ai if it is needed"
    }

    /// What is said of it where a key is disabled, as long as it can be done.
    static func offer(of key: Key, at date: Date, _ state: State) -> String? {
        obstacle(to: key, at: date, state) == nil ? "`ork-retire --restore` enables it again" : nil
    }

    func restore(
        _ answer: Dated<Key?>, _ reference: KeyReference, _ state: State
    ) throws(StepError) -> Effect {
        guard let key = answer.value else {
            return .impossible("\(reference.name) does not exist any more at OpenRouter and cannot be restored")
        }
        try state.requireLineage(of: key)
        let now = answer.date ?? context.clock.now
        guard key.disabled || key.isExpired(at: now) else {
            context.tell(.done("\(key.plainName) is enabled"))
            return .enabledBefore
        }
        if let obstacle = Self.obstacle(to: key, at: now, state) { return .impossible(obstacle) }
        context.tell(.doing("\(context.isDryRun ? "would enable" : "enabling") \(key.plainName) again"))
        guard !context.isDryRun else { return .enabled }
        // With an older mark a verification from before the trouble would let the key go again.
        let change = KeyChange(name: key.keyName.with(disabledAt: now).description, disabled: false)
        guard let enabled = try account.send({ $0.updateKey(key.hash, change) }).value, !enabled.disabled else {
            throw StepError(
                .failed, "OpenRouter did not enable \(key.plainName)", hint: "enable it by hand at openrouter.ai")
        }
        try context.record(.restored(enabled, at: now, by: step, message: "enabled \(key.plainName) again"))
        let next =
            state.isRollingBack
            ? "`ork-rollback` goes on" : "fix what still needed it, run `ork-verify`, then `ork-retire --again`"
        context.tell(.done("enabled \(key.plainName) again" + (step == .retire ? ", and held: \(next)" : "")))
        return .enabled
    }
}

extension Entry {
    /// That a key is enabled and held, with the moment that its mark has.
    static func restored(_ key: Key, at mark: Date, by step: StepName, message: String) -> Entry {
        var detail: JSONObject = ["hash": .string(key.hash.description), "at": .string(mark.rfc3339)]
        if let updatedAt = key.updatedAt { detail["updated_at"] = .string(updatedAt.rfc3339) }
        return Entry(step, .restored, message: message, detail: detail)
    }
}

extension State {
    /// Whether somebody else has disabled this key. The mark in its name was written together with disabling: where no record
    /// tells of that, a run of ours died in between. One that a restoration has written says that the key was enabled then.
    func isDisabledByOthers(_ key: Key) -> Bool {
        guard key.disabled, let mark = key.keyName.disabledAt else { return key.disabled }
        return restorations[key.hash].map { $0.mark == nil || $0.mark == mark } ?? false
    }
}
