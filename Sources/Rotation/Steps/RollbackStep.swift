package import FoundationEssentials
import JSON
import OpenRouter
import PublisherHosting
import PublisherKit
package import Rotation
package import Secrets
import Timestamps

/// Takes a rotation back: the predecessor is in use again at every target, and the successor is gone.
///
/// It is a rotation in the other direction. The predecessor is enabled first, the targets get it back in the reverse order of
/// publishing, and the successor goes only on evidence, as a predecessor does. It can be done until the predecessor is
/// deleted, and from wherever an earlier run stopped: each run reads the account and the targets anew.
package struct RollbackStep {
    let context: StepContext
    let account: ManagedAccount
    /// What reads targets and asks applications.
    let verification: VerifyStep
    let options: Options

    package struct Options: Sendable {
        /// Targets that people put back, or that need nothing.
        package var byHand: Set<PlanName> = []
        /// Disable the successor again, which somebody has enabled since.
        package var again = false
        /// The predecessors' plaintexts that this stage has besides those that the handoff keeps.
        package var values: [Secret] = []
        /// How long one publisher may take for one target, in seconds.
        package var timeout: TimeInterval = 120

        package init() {}
    }

    package init(context: StepContext, account: ManagedAccount, verification: VerifyStep, options: Options) {
        self.context = context
        self.account = account
        self.verification = verification
        self.options = options
    }

    /// Goes back as far as it can be done now; `report` gets what became of each target.
    package func run(report: (TargetFinding) -> Void = { _ in }) throws(StepError) {
        let state = try context.state()
        guard !state.isRolledBack else { return context.tell(.done("nothing to do: the rotation was rolled back")) }
        try refuseUnknownTargets(state)
        let snapshot = try RollbackSnapshot.take(context, account, state)
        try snapshot.refuseNewerRotation(state)
        let ways = try snapshot.isHandedOut(state) ? waysBack(state, snapshot) : []
        let disabled = try snapshot.toBeEnabled(Set(ways.map(\.key.hash)), state)
        if context.isDryRun || !state.isRollingBack { announce(ways, disabled, snapshot, state) }
        guard !context.isDryRun else { return }
        try begin(state, snapshot)
        try enable(disabled, snapshot)
        try putBack(ways, snapshot, enabled: Set(disabled.map(\.hash)), report)
        if !ways.isEmpty, try askApplications() { try refuseLost(ways, snapshot) }
        try finish(withdrawSuccessor())
    }

    private func refuseUnknownTargets(_ state: State) throws(StepError) {
        let known = Set(state.reachedTargets.map(\.name))
        guard let unknown = options.byHand.subtracting(known).sorted().first else { return }
        throw StepError(unknownTarget: unknown, in: state.plan)
    }

    /// Everything that is about to happen, before any of it does.
    private func announce(_ ways: [WayBack], _ disabled: [Key], _ snapshot: RollbackSnapshot, _ state: State) {
        let would = context.isDryRun ? "would " : "about to "
        for key in disabled {
            context.tell(.doing("\(would)enable \(key.plainName) (\(key.hash.short)) again"))
        }
        for way in ways where state.putBack(way.target)?.digest != way.digest {
            let text = "\(would)\(way.text)"
            context.tell(way.isByHand && !options.byHand.contains(way.target.name) ? .warning(text) : .doing(text))
        }
        guard let successor = snapshot.successor else { return }
        let end =
            ways.isEmpty
            ? "delete \(successor.plainName), which nobody was given"
            : "disable and delete \(successor.plainName) (\(successor.hash.short)), once nobody uses it"
        context.tell(.doing(would + end))
    }

    /// From here on no other step goes on with this rotation. The predecessor's meters show later whether it is in use.
    private func begin(_ state: State, _ snapshot: RollbackSnapshot) throws(StepError) {
        guard !state.isRollingBack else { return }
        let key = snapshot.predecessor
        let reading = Reading(at: snapshot.date, meters: [key.hash: Reading.Meter(key)])
        try context.record(
            Entry(.rollback, .observed, message: "read the meters of \(key.plainName)", detail: reading.detail))
        try context.continueUnlessStopped()
        try context.record(Entry(.rollback, .rollingBack, message: "rolling back to \(key.plainName)"))
    }

    /// Before any target gets it back: what a target holds must work.
    private func enable(_ keys: [Key], _ snapshot: RollbackSnapshot) throws(StepError) {
        let state = try context.state()
        let restoring = RestoreStep(context: context, account: account, step: .rollback)
        for key in keys {
            let reference = KeyReference(key)
            let effect = try restoring.restore(Dated(value: key, date: snapshot.date), reference, state)
            if case .impossible(let why) = effect { throw StepError(.failed, why, isRetryable: false) }
        }
    }

    /// The applications answer with what their targets hold now. Answers whether there was anything to ask.
    private func askApplications() throws(StepError) -> Bool {
        let state = try context.state()
        let checks = try verification.applications.check(
            state, hiding: nil, hint: "look at the application's log")
        let failed = checks.filter(\.isFailed)
        guard !failed.isEmpty else { return !checks.isEmpty }
        throw StepError(
            .failed,
            "the predecessor is back at the targets, and the application does not answer well: "
                + failed.map(\.text).joined(separator: "; "),
            hint:
                "look at its log; `\(retiring.waiting(Interval(seconds: 600), state))` waits for it; "
                + "`\(retiring.command(state, adding: "--probe none"))` goes on without asking",
            isRetryable: true)
    }

    /// The predecessor gets its own name back, and nothing is left to put back.
    private func finish(_ snapshot: RollbackSnapshot) throws(StepError) {
        let state = try context.state()
        for case let key? in state.header.predecessors.map({ snapshot.key($0.hash) })
        where !key.disabled && key.keyName.disabledAt != nil {
            try context.continueUnlessStopped()
            _ = try account.send { $0.updateKey(key.hash, KeyChange(name: key.plainName)) }
        }
        let gone = state.successorToWithdraw.map { [$0.hash] } ?? []
        _ = try snapshot.retirement.references.takeOut(Set(gone), of: account, context, isFresh: false)
        let message = "\(snapshot.predecessor.plainName) is in use again"
        try context.record(
            Entry(.rollback, .finished, message: "rolled back: \(message)", detail: ["dropped": true]), sealed: [])
        context.tell(.done("rolled back: \(message)"))
    }
}
