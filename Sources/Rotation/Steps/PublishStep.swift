package import FoundationEssentials
package import HTTP
import JSON
import OpenRouter
package import PublisherHosting
import PublisherKit
package import Rotation
import Secrets
import Timestamps

/// Hands the successor to the targets of the lowest unfinished wave, through their publishers.
///
/// It needs the identity that the successor is sealed to and the targets' tokens, and never the management key.
package struct PublishStep {
    let context: StepContext
    let transport: any HTTPTransport
    let service: HTTPURL
    let identity: Identity
    let publishers: any PublisherHost
    let options: Options

    package struct Options: Sendable {
        /// Only these targets; all if empty.
        package var only: Set<PlanName> = []
        /// All waves at once, without a verification between them.
        package var allWaves = false
        /// Targets that may be overwritten whatever they hold.
        package var acceptedTargets: Set<PlanName> = []
        /// Targets that are to be made where there is nothing.
        package var createdTargets: Set<PlanName> = []
        /// Targets that are not in the plan yet.
        package var added: [Plan.Target] = []
        /// How long one publisher may take for one target, in seconds.
        package var timeout: TimeInterval = 120

        package init() {}

        /// Targets that somebody has said yes to.
        var named: Set<PlanName> { acceptedTargets.union(createdTargets) }

        /// The flag that said it.
        func yes(to target: PlanName) -> String {
            (acceptedTargets.contains(target) ? "--accept-target" : "--create-target") + " \(target)"
        }

        func refuseUnknownTargets(in plan: Plan) throws(StepError) {
            let unknown = only.union(named).sorted().first { plan.target($0) == nil }
            guard let unknown else { return }
            throw StepError(unknownTarget: unknown, in: plan)
        }
    }

    package init(
        context: StepContext, transport: any HTTPTransport, service: HTTPURL, identity: Identity,
        publishers: any PublisherHost, options: Options
    ) {
        self.context = context
        self.transport = transport
        self.service = service
        self.identity = identity
        self.publishers = publishers
        self.options = options
    }

    /// Publishes what is due; `report` gets what became of each target.
    package func run(report: (TargetFinding) -> Void = { _ in }) throws(StepError) {
        let before = try context.stateLeadingOn()
        let successor = try context.successor(of: before)
        var state = try withAddedTargets(before)
        var due = try nextTargets(state)
        if due == nil {
            state = try lookAgain(state, successor)
            due = try nextTargets(state)
        }
        guard let targets = due else { return }
        guard context.clock.now <= successor.publishBy else {
            throw StepError(
                .unacceptable,
                "\(successor.name) may not be handed out after \(successor.publishBy.rfc3339)",
                hint: "start a new rotation: `\(state.supersedingCommand)`")
        }
        let requests = try PublisherRequests(
            to: publishers, targets, in: context.configurationFolder, for: "ork-publish", tell: context.tell)
        let secret = try open(successor, state)
        let verb = context.isDryRun ? "would publish" : "publishing"
        context.tell(.doing("\(verb) \(successor.name) to \(Self.list(targets))"))
        guard !context.isDryRun else { return }
        // A target is recorded only now: one that nobody could publish to would block the rotation forever.
        for target in state.plan.targets where before.plan.target(target.name) == nil {
            try context.record(
                Entry(
                    .publish, .accepted, target: target.name, message: "added the target \(target.name)",
                    detail: ["target": target.json]))
        }
        let seen = try probe(secret, successor, state)
        try keepPredecessors(state, requests, hiding: secret)
        try context.continueUnlessStopped()
        try recordLoss(state, successor)
        try publish(secret, successor, state, requests, count: targets.count, seen: seen, report: report)
    }

    /// The state as it is with the targets that were named at this step.
    private func withAddedTargets(_ state: State) throws(StepError) -> State {
        var plan = state.plan
        for target in options.added {
            if plan.targets.contains(where: target.isSamePlace) { continue }
            guard plan.target(target.name) == nil else {
                throw StepError(
                    .unacceptable, "the plan already has a target \(target.name), which is another place",
                    hint:
                        "to add this one under another name: `ork-publish --to \(target.word(named: "NAME"))`; to put it in "
                        + "the place of the other: `ork-create --amend --to \(target.word(named: target.name.description))`"
                )
            }
            guard context.trust.accepts(identity.publicIdentity, for: .create) else {
                throw StepError(
                    .denied, "this stage may not add the target \(target.name): it is not trusted for create",
                    hint: "whoever may create adds it to the plan: `ork-create --amend --to TARGET=PUBLISHER:SETTINGS`",
                    isRetryable: false)
            }
            plan.targets.append(target)
        }
        plan.targets.sort { $0.name < $1.name }
        return state.assuming(plan)
    }

    /// The targets to write now; `nil` if there is nothing left.
    private func nextTargets(_ state: State) throws(StepError) -> [Plan.Target]? {
        guard let targets = try dueTargets(state) else { return nil }
        // A yes that this run has no use for would be forgotten, and missed later.
        let due = Set(targets.map(\.name))
        guard
            let late = options.named.sorted().lazy.compactMap(state.plan.target).first(where: {
                !due.contains($0.name)
            })
        else { return targets }
        throw StepError(
            .notYet, "target \(late.name) is of wave \(late.wave), which comes after the waves before it",
            hint: "publish and verify these first: `ork-publish`, then `ork-verify`; "
                + "`ork-publish --all \(options.yes(to: late.name))` does not wait", isRetryable: false)
    }

    private func dueTargets(_ state: State) throws(StepError) -> [Plan.Target]? {
        let wanted = try wantedTargets(state)
        let lost = wanted.filter { state.mayHaveLost($0.name) }
        let open = wanted.filter { target in
            !lost.contains(target) && (!state.isPublished(target.name) || options.acceptedTargets.contains(target.name))
        }
        guard !lost.isEmpty else { return open.isEmpty ? nil : try nextWave(of: open, state) }
        // What has had the successor and may have lost it is written again, whatever wave is next.
        if lost.contains(where: { $0.wave > state.waves.first ?? $0.wave }) {
            try context.requireApproval(for: .publish, of: state)
        }
        return (lost + ((try? nextWave(of: open, state)) ?? [])).sorted { $0.name < $1.name }
    }

    /// The targets that this run is about, written or not.
    func wantedTargets(_ state: State) throws(StepError) -> [Plan.Target] {
        guard !state.plan.targets.isEmpty else {
            throw StepError(
                .unacceptable, "the plan has no target",
                hint: "name one: `ork-publish --to file:path=.env,name=OPENROUTER_API_KEY`")
        }
        try options.refuseUnknownTargets(in: state.plan)
        let wanted = state.plan.targets.filter { target in
            // What was let go of is only written by name.
            let isNamed = options.only.union(options.named).contains(target.name)
            return isNamed || options.only.isEmpty && !state.abandonedTargets.contains(target.name)
        }
        guard !wanted.isEmpty else {
            throw StepError(
                .unacceptable, "every target was let go of by ork-retire",
                hint: "write to one of them by its name: `ork-publish --target TARGET`")
        }
        return wanted
    }

    /// Of these targets those that may be written now.
    private func nextWave(of open: [Plan.Target], _ state: State) throws(StepError) -> [Plan.Target] {
        guard let lowest = open.map(\.wave).min() else { return [] }
        let isLater = lowest > (state.waves.first ?? lowest) || options.allWaves && state.waves.count > 1
        if isLater { try context.requireApproval(for: .publish, of: state) }
        guard !options.allWaves else { return open }
        let earlier = state.keptTargets.filter { $0.wave < lowest }
        if let unpublished = earlier.first(where: { !state.isPublished($0.name) }) {
            throw StepError(
                .notYet, "wave \(lowest) comes after target \(unpublished.name) of wave \(unpublished.wave)",
                hint:
                    "publish and verify these first: `ork-publish`, then `ork-verify`; `ork-publish --all` does not wait",
                isRetryable: false)
        }
        guard earlier.isEmpty || state.verification(of: earlier.map(\.name)) != nil else {
            throw StepError(
                .notYet, "wave \(lowest) comes after the verification of the waves before it",
                hint: "run `ork-verify`, then `ork-publish` again; `ork-publish --all` does not wait",
                isRetryable: false)
        }
        return open.filter { $0.wave == lowest }
    }

    private func open(_ successor: State.Successor, _ state: State) throws(StepError) -> Secret {
        let mine = context.boxes(for: identity)
        guard !mine.isEmpty else {
            guard !state.isKeyDropped else {
                throw StepError(
                    .unacceptable, "the sealed successor was dropped from the handoff",
                    hint: "put it where it is missing by hand, or start a new rotation: "
                        + "`\(state.supersedingCommand)`")
            }
            throw StepError(
                .unacceptable,
                state.isSealed
                    ? "the successor is not sealed to this stage's identity \(identity.publicIdentity.short)"
                    : "the handoff has no sealed successor",
                hint: state.isSealed
                    ? state.lostIdentityHint
                    : "use the handoff as ork-create wrote it")
        }
        guard let secret = mine.open(successor, with: identity) else {
            throw StepError(
                .unacceptable, "the sealed successor is not the key that the records name",
                hint: "the box was swapped or damaged; use the handoff as ork-create wrote it")
        }
        return secret
    }

    static func list(_ targets: [Plan.Target]) -> String {
        targets.map(\.name.description).joined(separator: ", ")
    }
}
