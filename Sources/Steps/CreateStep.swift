import FoundationEssentials
import JSON
package import OpenRouter
package import Rotation
package import Secrets
import Timestamps

/// Mints the successor. It can be run again after any failure, with its handoff or without.
///
/// A key that was minted and not yet activated bears the mark `minting` and may spend nothing; nobody is ever
/// given one, so it may be deleted. Everything else that is found is retired on evidence or left alone.
package struct CreateStep {
    let stage: Stage
    let api: ManagementAPI
    let order: Order

    /// What is asked for.
    package struct Order: Sendable {
        package var name: PlanName
        package var plan: Plan
        /// The digest of the predecessor's plaintext, if the plan names it by an environment variable.
        package var predecessorDigest: Digest?
        /// Make every key of the lineage a predecessor of this rotation.
        package var supersedes = false
        /// Go on although other resources name a predecessor.
        package var ignoresReferences = false

        package init(name: PlanName, plan: Plan) {
            self.name = name
            self.plan = plan
        }
    }

    package init(stage: Stage, api: ManagementAPI, order: Order) {
        self.stage = stage
        self.api = api
        self.order = order
    }

    /// A foreign key that bears the mark `minting` for longer than this was left behind.
    static let mintingLimit: TimeInterval = 3600

    package func run() throws(StepError) {
        guard let handoff = stage.journal.handoff else { return try begin() }
        let state = try asStepError { try State(handoff, trust: stage.trust) }
        guard state.header.name == order.name else {
            throw StepError(
                .unacceptable, "the handoff is of the rotation \(state.header.name), not of \(order.name)",
                hint: "name another file with --handoff")
        }
        try refuseOtherOrder(state.header)
        if let created = state.created { return try confirm(created) }
        guard !stage.isDryRun else { return stage.tell(.done("would go on with rotation \(state.header.id)")) }
        try resume(state)
    }

    /// The rotation has its successor: nothing to do, if it is still there.
    private func confirm(_ created: State.Successor) throws(StepError) {
        let key = try asStepError { try stage.client.send(api.key(created.hash)).value }
        guard let key else {
            throw StepError(
                .failed, "the successor \(created.name) does not exist any more at OpenRouter",
                hint: "the management key may be another account's; else begin anew: another --handoff, --supersede")
        }
        if key.disabled {
            stage.tell(.warning("the successor \(created.name) is disabled at OpenRouter"))
        }
        let isOver = try stage.state().isFinished
        stage.tell(
            .done(
                "nothing to do: \(created.name) was created before"
                    + (isOver ? "; for another rotation move this handoff away, or name another with --handoff" : "")))
    }

    /// The flags may not ask for something else than the handoff that lies here: its key would go to the wrong place.
    private func refuseOtherOrder(_ header: RotationHeader) throws(StepError) {
        let differs: String? =
            if order.plan.predecessor != header.plan.predecessor {
                "predecessor"
            } else if order.plan.workspace != header.plan.workspace {
                "workspace"
            } else if order.plan.successor != header.plan.successor {
                "successor"
            } else {
                nil
            }
        guard let differs else { return }
        throw StepError(
            .unacceptable, "the handoff is of a rotation with another \(differs) than was asked for",
            hint: "to go on with it, run ork-create without those flags; for another rotation name another file with "
                + "--handoff")
    }

    private func begin() throws(StepError) {
        let survey = try Survey.take(
            api, stage.client, workspace: order.plan.workspace, named: namedHash)
        let now = survey.date ?? stage.clock.now
        let choice = try chooseLineage(survey, now: now)
        let ignored = try refuseReferences(survey, to: choice.predecessors)
        let id = RotationID(at: now)
        let name = try Self.mintingName(choice.base, id, now)
        announce(choice, activated: name.activated())
        guard !stage.isDryRun else { return }
        let header = RotationHeader(
            id: id, name: order.name, base: choice.base, workspace: choice.workspace, plan: order.plan,
            predecessors: choice.predecessors.map { KeyReference(hash: $0.hash, name: $0.name, label: $0.label) })
        do {
            try stage.journal.begin(header, intent(name.description, abandoning: choice.abandoned, ignoring: ignored))
        } catch { throw StepError(error) }
        for stray in choice.abandoned { try discard(stray, because: "it was minted and never handed out") }
        try mint(header, like: choice.predecessors.last, name: name, now: now)
    }

    private var namedHash: KeyHash? {
        switch order.plan.predecessor {
        case .hash(let hash): hash
        case .environment: order.predecessorDigest.map(KeyHash.init(documentedFor:))
        case .name, .none: nil
        }
    }

    private func announce(_ choice: Choice, activated: KeyName) {
        for key in choice.predecessors {
            stage.tell(.doing("\(key.name) (\(key.hash.short)) is to be replaced"))
        }
        for key in choice.abandoned {
            stage.tell(.doing("\(key.name) (\(key.hash.short)) was never handed out and is to be deleted"))
        }
        stage.tell(.doing("minting \(activated)" + (order.plan.targets.isEmpty ? "" : " for \(targetCount)")))
    }

    private var targetCount: String {
        order.plan.targets.count == 1 ? "1 target" : "\(order.plan.targets.count) targets"
    }

    /// Answers what is ignored because the user said so.
    private func refuseReferences(_ survey: Survey, to predecessors: [Key]) throws(StepError) -> String? {
        let hashes = Set(predecessors.map(\.hash))
        let places = Set(survey.references.filter { hashes.contains($0.hash) }.map(\.place)).sorted()
        let unread = predecessors.isEmpty ? [] : survey.unread
        guard !places.isEmpty || !unread.isEmpty else { return nil }
        var reasons: [String] = []
        if !places.isEmpty { reasons.append("the predecessor is named by \(places.joined(separator: ", "))") }
        if !unread.isEmpty { reasons.append("OpenRouter does not show its \(unread.joined(separator: ", "))") }
        let reason = reasons.joined(separator: "; ")
        guard order.ignoresReferences else {
            throw StepError(
                .failed, reason,
                hint: "the successor would not be named there and might do more, or less, than the predecessor; "
                    + "add it by hand after ork-create, and go on with --ignore-references")
        }
        stage.tell(.warning("\(reason); the successor is not, add it by hand"))
        return reason
    }

    func intent(_ name: String, abandoning keys: [Key] = [], ignoring reason: String? = nil) -> Entry {
        var detail: JSONObject = ["name": .string(name)]
        if !keys.isEmpty { detail["abandons"] = .array(keys.map { .string($0.hash.description) }) }
        if let reason { detail["ignores"] = .string(reason) }
        return Entry(.create, .intended, message: "about to mint \(name)", detail: detail)
    }
}
