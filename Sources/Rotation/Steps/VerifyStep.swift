package import FoundationEssentials
package import HTTP
import JSON
import OpenRouter
package import PublisherHosting
import PublisherKit
package import Rotation
import Secrets
import Timestamps
import Wording

/// Gathers evidence that the successor works where it is used. Writes nothing but records, so it can always be
/// run again.
///
/// The sealed successor stays in the handoff until the rotation is finished, so that it can be asked for again and a
/// target that loses it can be written again. Earlier copies of the handoff hold the box anyway, in the CI system's
/// store: dropping it early would take more from the rotation than from whoever reads that store.
package struct VerifyStep {
    let context: StepContext
    let service: HTTPURL
    let transport: any HTTPTransport
    let identity: Identity
    let publishers: any PublisherHost
    let programs: any ProgramRunner
    let options: Options

    package struct Options: Sendable {
        /// Drop the sealed successor from the handoff once every target is verified.
        package var dropsSecret = false
        /// How long a publisher or an HTTP probe may take, in seconds.
        package var timeout: TimeInterval = 60

        package init() {}
    }

    package init(
        context: StepContext, service: HTTPURL, transport: any HTTPTransport, identity: Identity,
        publishers: any PublisherHost, programs: any ProgramRunner, options: Options
    ) {
        self.context = context
        self.service = service
        self.transport = transport
        self.identity = identity
        self.publishers = publishers
        self.programs = programs
        self.options = options
    }

    var applications: ApplicationProbes {
        ApplicationProbes(context: context, transport: transport, programs: programs)
    }

    private static func nothingPublished(_ state: State) -> StepError {
        let refusals = state.keptTargets.compactMap { target in
            state.targetState(target)?.last.flatMap { $0.event == .rejected ? $0.message : nil }
        }
        let why = refusals.isEmpty ? "" : "; the last `ork-publish` was refused: \(refusals.joined(separator: "; "))"
        return StepError(
            .notYet, "no target is known to hold the successor yet\(why)",
            hint: refusals.isEmpty
                ? "run `ork-publish` first" : "`ork-publish --check` says what to do about it; then run `ork-publish`",
            isRetryable: false)
    }

    /// Verifies everything that is published, once. Answers the checks, of which none has failed.
    @discardableResult
    package func run(report: ([Check]) -> Void = { _ in }) throws(StepError) -> [Check] {
        let state = try context.stateLeadingOn()
        let successor = try context.successor(of: state)
        let published = state.keptTargets.filter { state.isPublished($0.name) }
        guard !published.isEmpty else {
            throw Self.nothingPublished(state)
        }
        let complete = published.count == state.keptTargets.count
        let verb = context.isDryRun ? "would verify" : "verifying"
        context.tell(.doing("\(verb) \(successor.name) at \(PublishStep.list(published))"))
        let abandoned = state.plan.targets.filter { state.abandonedTargets.contains($0.name) }
        if !abandoned.isEmpty { context.tell(.warning("not looked at, as let go of: \(PublishStep.list(abandoned))")) }
        guard !context.isDryRun else { return [] }
        // They start while OpenRouter is asked.
        publishers.prepare(published.map { PublisherAddress($0, in: context.configurationFolder) })
        let secret = context.boxes(for: identity).open(successor, with: identity)
        var (checks, moment) = try checkSuccessor(secret, state)
        checks += try checkTargets(published, state, hiding: secret)
        checks += try applications.check(
            state, hiding: secret, hint: state.remedyForFailedProbe(hasKey: secret != nil))
        // What was ended before it had answered is no evidence, for or against.
        try context.continueUnlessStopped()
        for check in checks { context.tell(check.isFailed ? .warning(check.text) : .done(check.text)) }
        report(checks)
        let entries = checks.map { $0.entry(of: .verify) }
        let evidence = Evidence(of: successor.name, at: published, checks)
        do throws(StepError) {
            try refuseFailed(checks)
            try refuseNothing(evidence)
        } catch {
            try context.record(all: entries)
            throw error
        }
        try recordVerified(evidence, at: moment, entries, published, successor, state, complete: complete)
        return checks
    }

    private func refuseFailed(_ checks: [Check]) throws(StepError) {
        let failed = checks.filter(\.isFailed)
        guard !failed.isEmpty else { return }
        let isEarly = failed.allSatisfy { $0.outcome == .notYet }
        let unseen = checks.filter { $0.outcome == .unknown && $0.name != Check.adoption }.map(\.name)
        throw StepError(
            isEarly ? .notYet : .failed,
            "\(Counted(failed.count, of: checks.count, "check")) did not pass: \(failed.map(\.text).joined(separator: "; "))"
                + (unseen.isEmpty ? "" : "; not looked at: \(unseen.joined(separator: ", "))"),
            hint: Check.hint(failed) ?? Self.fixingHint,
            isRetryable: true)
    }

    static let fixingHint =
        "the predecessor stays as it is; fix the cause, then `ork-verify`, or wait for it with `ork-verify --wait 10m`"

    /// What nobody has looked at is not verified.
    private func refuseNothing(_ evidence: Evidence) throws(StepError) {
        guard evidence.isNothing else { return }
        throw StepError(
            .unacceptable,
            "nothing can be looked at: the key is not at hand, and \(Evidence.list(evidence.unread)) cannot be read back",
            hint: "name what shows that an application works with it: `ork-verify --probe URL`")
    }

    private func recordVerified(
        _ evidence: Evidence, at moment: Date?, _ checks: [Entry], _ published: [Plan.Target],
        _ successor: State.Successor,
        _ state: State, complete: Bool
    ) throws(StepError) {
        var writes: JSONObject = [:]
        for target in published {
            guard let held = state.targets[target.name]?.held else { continue }
            writes[target.name.description] = .string(held.digest.description)
        }
        // After the end there is nothing left that it could be needed for.
        let drops = complete && state.isSealed && evidence.hasKey && (options.dropsSecret || state.isFinished)
        let adoption: State.Adoption = evidence.isUsed ? .seen : .unknown
        var detail: JSONObject = [
            "digest": .string(successor.digest.description), "writes": .object(writes),
            "adoption": .string(adoption.rawValue), "checks": .number(JSONNumber(evidence.count)),
            "evidence": evidence.json, "dropped": .bool(drops),
        ]
        detail["at"] = moment.map { .string($0.rfc3339) }
        try context.record(
            all: checks + [Entry(.verify, .verified, message: evidence.text, detail: detail)], sealed: drops ? [] : nil)
        if complete, let warning = state.newTargetsWarning {
            context.tell(.warning("\(warning); \(State.newTargetsRemedy)"))
        }
        context.tell(.done("verified: \(evidence.text)"))
        for place in state.dropped { context.tell(.warning(state.news(of: place))) }
        if drops { context.tell(.done("the sealed key is dropped from the handoff; its targets have it")) }
        if options.dropsSecret, !complete {
            context.tell(.done("the sealed key stays until every target is verified"))
        }
        if !complete { context.tell(.done("next: `ork-publish`, for the targets that are left")) }
    }
}

/// One piece of evidence: what was looked at, and what was seen.
package struct Check: Hashable, Sendable {
    package enum Outcome: String, Sendable {
        case passed
        case failed
        /// Not wrong, but not there yet.
        case notYet = "not_yet"
        /// It cannot be told, and nobody asked for it to be.
        case unknown
    }

    package let name: String
    package let outcome: Outcome
    /// Lower case, no full stop, without anything secret.
    package let seen: String
    package let hint: String?
    package let target: PlanName?
    /// What a target held instead of the successor.
    let doubt: State.Doubt?

    static let adoption = "adopted"

    init(
        _ name: String, _ outcome: Outcome, _ seen: String, hint: String? = nil, target: PlanName? = nil,
        doubt: State.Doubt? = nil
    ) {
        self.name = name
        self.outcome = outcome
        self.seen = seen
        self.hint = hint
        self.target = target
        self.doubt = doubt
    }

    package var isFailed: Bool { outcome == .failed || outcome == .notYet }

    var text: String { "\(name): \(seen)" }

    /// What to do about checks that did not pass: what may be the cause of the others comes first and alone, a successor
    /// that does not work before a target that does not hold it, and both before an application that does not answer.
    static func hint(_ failed: [Check]) -> String? {
        let groups = [
            failed.filter { $0.name == State.Check.first }, failed.filter { $0.target != nil },
            failed.filter { $0.outcome == .failed } + failed.filter { $0.outcome == .notYet },
        ]
        return groups.lazy.compactMap { checks in
            var hints: [(check: String, hint: String)] = []
            for case (let check, let hint?) in checks.map({ ($0.name, $0.hint) })
            where !hints.contains(where: { $0.hint == hint }) {
                hints.append((check, hint))
            }
            guard hints.count > 1 else { return hints.first?.hint }
            return hints.map { "\($0.check): \($0.hint)" }.joined(separator: "; ")
        }.first
    }

    func entry(of step: StepName) -> Entry {
        var detail: JSONObject = ["check": .string(name), "outcome": .string(outcome.rawValue)]
        if let doubt { detail["held"] = .string(doubt.rawValue) }
        return Entry(step, .checked, target: target, message: text, detail: detail)
    }
}
