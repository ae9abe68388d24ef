package import FoundationEssentials
package import HTTP
import JSON
import OpenRouter
package import PublisherHosting
import PublisherKit
package import Rotation
import Secrets
import Timestamps

/// Gathers evidence that the successor works where it is used. Writes nothing but records, so it can always be
/// run again.
package struct VerifyStep {
    let context: StepContext
    let service: HTTPURL
    let transport: any HTTPTransport
    let identity: Identity
    let publishers: any PublisherHost
    let programs: any ProgramRunner
    let options: Options

    package struct Options: Sendable {
        /// Leave the sealed successor in the handoff after a complete verification.
        package var keepsSecret = false
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

    /// Verifies everything that is published, once. Answers the checks, of which none has failed.
    @discardableResult
    package func run(report: ([Check]) -> Void = { _ in }) throws(StepError) -> [Check] {
        let state = try context.state()
        let successor = try context.successor(of: state)
        let published = state.plan.targets.filter { state.isPublished($0.name) }
        guard !published.isEmpty else {
            throw StepError(
                .unacceptable, "no target holds the successor yet", hint: "`ork-publish` hands it to the targets",
                isRetryable: false)
        }
        let complete = published.count == state.plan.targets.count
        context.tell(.doing("verifying \(successor.name) at \(PublishStep.list(published))"))
        guard !context.isDryRun else { return [] }
        let secret = context.boxes(for: identity).open(successor, with: identity)
        var checks = try checkSuccessor(secret, state)
        checks += try checkTargets(published, state, hiding: secret)
        checks += try checkApplications(state.plan.verify.probes, hiding: secret)
        for check in checks {
            context.tell(check.isFailed ? .warning(check.text) : .done(check.text))
            try context.record(check.entry)
        }
        report(checks)
        try refuseFailed(checks)
        try recordVerified(published, successor, state, checks, complete: complete)
        return checks
    }

    private func refuseFailed(_ checks: [Check]) throws(StepError) {
        let failed = checks.filter(\.isFailed)
        guard let first = failed.first else { return }
        let isEarly = failed.allSatisfy { $0.outcome == .notYet }
        throw StepError(
            isEarly ? .notYet : .failed,
            "\(failed.count) of \(checks.count) checks did not pass: \(failed.map(\.name).joined(separator: ", "))",
            hint: first.hint ?? "the predecessor stays as it is; fix the cause and run ork-verify again, "
                + "or wait for it with --wait",
            isRetryable: true)
    }

    private func recordVerified(
        _ published: [Plan.Target], _ successor: State.Successor, _ state: State, _ checks: [Check], complete: Bool
    ) throws(StepError) {
        var writes: JSONObject = [:]
        for target in published {
            guard let held = state.targets[target.name]?.held else { continue }
            writes[target.name.description] = .string(held.digest.description)
        }
        let isSeen = checks.contains { $0.name == Check.adoption && $0.outcome == .passed }
        let drops = complete && !options.keepsSecret && state.isSealed
        let adoption: State.Adoption = isSeen ? .seen : .unknown
        let detail: JSONObject = [
            "digest": .string(successor.digest.description), "writes": .object(writes),
            "adoption": .string(adoption.rawValue), "checks": .number(JSONNumber(checks.count)),
            "dropped": .bool(drops),
        ]
        // What cannot be read back is held by what the records say, not by what was seen.
        let unseen = published.filter { target in
            checks.contains { $0.target == target.name && $0.outcome == .unknown }
        }
        let seen = published.filter { target in !unseen.contains { $0.name == target.name } }
        let names =
            (seen.isEmpty ? "OpenRouter" : PublishStep.list(seen))
            + (unseen.isEmpty ? "" : "; not seen at \(PublishStep.list(unseen)), which cannot be read back")
        try context.record(
            Entry(.verify, .verified, message: "\(successor.name) works at \(names)", detail: detail),
            sealed: drops ? [] : nil)
        if complete, let warning = state.newTargetsWarning { context.tell(.warning(warning)) }
        context.tell(.done("verified: \(successor.name) works at \(names)"))
        if drops { context.tell(.done("the sealed key is dropped from the handoff; its targets have it")) }
        if !complete { context.tell(.done("next: ork-publish, for the targets that are left")) }
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

    static let adoption = "adopted"

    init(_ name: String, _ outcome: Outcome, _ seen: String, hint: String? = nil, target: PlanName? = nil) {
        self.name = name
        self.outcome = outcome
        self.seen = seen
        self.hint = hint
        self.target = target
    }

    package var isFailed: Bool { outcome == .failed || outcome == .notYet }

    var text: String { "\(name): \(seen)" }

    var entry: Entry {
        Entry(
            .verify, .checked, target: target, message: text,
            detail: ["check": .string(name), "outcome": .string(outcome.rawValue)])
    }
}
