import FoundationEssentials
import JSON
import OpenRouter
import PublisherHosting
import PublisherKit
import Rotation
import Secrets
import Timestamps
import Wording

extension PublishStep {
    /// Sends all targets at once and records each answer as it comes; one failing target does not stop the others.
    func publish(
        _ secret: Secret, _ successor: State.Successor, _ state: State, _ requests: PublisherRequests,
        count: Int, seen: Probe, report: (TargetFinding) -> Void
    ) throws(StepError) {
        if let warning = state.comparisonWarning { context.tell(.warning(warning)) }
        var failures: [Failure] = []
        var broken: StepError?
        requests.send(
            .publish, state, secret: secret, accepted: options.acceptedTargets, created: options.createdTargets,
            from: context.clock.now, timeout: options.timeout
        ) { target, request, answer in
            let outcome = Outcome(answer, target)
            context.tell(
                outcome.isHeld ? .done(outcome.message) : .warning(outcome.message + (outcome.failure?.advice ?? "")))
            report(TargetFinding(target.name, answer, message: outcome.message, failure: outcome.failure))
            if let failure = outcome.failure { failures.append(failure) }
            var detail: JSONObject = ["digest": .string(successor.digest.description)]
            detail["place"] = .string(target.place.description)
            detail["operation"] = .string(request.operation)
            detail["held"] = .string(answer.held.rawValue)
            if let holds = answer.holds, state.predecessorDigests.contains(holds) {
                detail["replaced"] = .string(holds.description)
            }
            if let receipt = answer.receipt, outcome.isHeld { detail["receipt"] = .object(receipt) }
            if outcome.isHeld {
                detail["baseline"] = seen.baseline.json
                detail["at"] = seen.lead.map(context.moment(ahead:))
            }
            if let failure = outcome.failure { detail["code"] = .string(failure.error.code.rawValue) }
            if options.acceptedTargets.contains(target.name) { detail["accepted"] = true }
            do throws(StepError) {
                try context.record(
                    Entry(.publish, outcome.event, target: target.name, message: outcome.message, detail: detail))
            } catch {
                broken = broken ?? error
            }
        }
        if let broken { throw broken }
        guard failures.isEmpty else { throw error(failures, of: count, state) }
    }

    /// A target that does not hold the successor now.
    struct Failure {
        let target: PlanName
        let error: PublisherError
        let isUnknown: Bool

        init(target: PlanName, error: PublisherError, isUnknown: Bool) {
            self.target = target
            self.error = error
            self.isUnknown = isUnknown
        }

        /// A target that could not be looked at; `nil` where somebody has looked, or nobody ever can.
        init?(_ seen: ReadBack) {
            guard let error = seen.error else { return nil }
            self.init(target: seen.target.name, error: error, isUnknown: true)
        }

        /// What to do about this target, behind its message.
        var advice: String { error.hint.map { "; \($0)" } ?? "" }

        /// How a step ends that failed for these and nothing else.
        static func code(_ failures: [Failure]) -> StepError.Code {
            let codes = Set(failures.map(\.error.code))
            if codes == [.denied] { return .denied }
            return codes.isSubset(of: [.unavailable, .rateLimited]) ? .unreachable : .failed
        }

        /// The targets, and for a single one the reason: a CI system may show nothing but this.
        static func list(_ failures: [Failure]) -> String {
            let names = failures.sorted { $0.target < $1.target }.map {
                "\($0.target) (\($0.isUnknown ? "unknown" : $0.error.code.rawValue))"
            }
            return names.joined(separator: ", ") + (failures.count == 1 ? ": \(failures[0].error.text)" : "")
        }

        /// What to do about all of them: the one hint that there is, and how targets that hold something else are taken.
        static func hint(_ failures: [Failure], in state: State?) -> String? {
            let hints = Set(failures.map(\.error.hint))
            let own = hints.count > 1 ? "follow the advice after each target above" : hints.first ?? nil
            let parts = [own, overwriting(failures.filter { $0.error.code == .conflict && !$0.isUnknown }, state)]
            return parts.contains { $0 != nil } ? parts.compactMap(\.self).joined(separator: "; ") : nil
        }

        /// Looking comes first: a newer rotation's key must stay, and a publisher that keeps no marks cannot tell.
        private static func overwriting(_ conflicts: [Failure], _ state: State?) -> String? {
            guard !conflicts.isEmpty else { return nil }
            let names = conflicts.map(\.target).sorted()
            let flags =
                (state?.flagsAcrossWaves(names) ?? "") + names.map { "--accept-target \($0)" }.joined(separator: " ")
            let lost = state.map { "; if that is lost, begin another rotation: `\($0.supersedingCommand)`" } ?? ""
            let correction = state.flatMap { $0.correction(of: names) }.map {
                "to correct a wrong place: \($0); if it is right, "
            }
            return
                "\(correction ?? "")ask whether a newer rotation made a key: `ork-status --ask`; if none did, "
                + "`ork-publish \(flags)` puts the new key in its place; ork keeps no copy of what is there now, and a "
                + "key that is there stays alive; if one did, go on with its handoff\(lost)"
        }
    }

    /// What an answer means for its target.
    private struct Outcome {
        let event: Event
        let message: String
        let failure: Failure?

        var isHeld: Bool { failure == nil }

        init(_ answer: PublisherAnswer, _ target: Plan.Target) {
            switch answer.outcome {
            case .committed:
                event = .committed
                message = answer.message ?? "\(target.name): written"
                failure = nil
            case .unchanged:
                event = .unchanged
                message = answer.message ?? "\(target.name): held it already"
                failure = nil
            case .rejected(let error):
                event = .rejected
                message = "\(target.name): not written: \(error.text)"
                failure = Failure(target: target.name, error: error, isUnknown: false)
            case .unknown(let error):
                event = .unknown
                message = "\(target.name): perhaps written: \(error.text)"
                failure = Failure(target: target.name, error: error, isUnknown: true)
            case .ready, .match, .mismatch, .absent, .unverifiable:
                let error = PublisherError(.internal, "the publisher answered publish as if it were another verb")
                event = .unknown
                message = "\(target.name): \(error.message)"
                failure = Failure(target: target.name, error: error, isUnknown: true)
            }
        }
    }

    func error(_ failures: [Failure], of count: Int, _ state: State) -> StepError {
        let targets = Counted(failures.count, of: count, "target")
        let message =
            (failures.contains(where: \.isUnknown)
                ? "\(targets) may be without the new key" : targets.with("was not written", "were not written"))
            + ": \(Failure.list(failures))"
        let again = "`ork-publish` again writes only what is missing"
        let waits = failures.compactMap(\.error.retryAfter)
        if failures.allSatisfy({ $0.error.code == .rateLimited }), let seconds = waits.max(),
            waits.count == failures.count
        {
            let moment = context.clock.now.addingTimeInterval(Double(min(seconds, 86400)))
            return StepError(
                .notYet, message,
                hint: "come back then: `ork-publish`; `ork-publish --wait 1h` waits here until \(moment.rfc3339)",
                retryAt: moment)
        }
        let advice = Failure.hint(failures, in: state)
        // Whoever overwrites what is there writes all that is missing.
        let isConflict = failures.allSatisfy { $0.error.code == .conflict && !$0.isUnknown }
        return StepError(
            Failure.code(failures), message,
            hint: [advice, isConflict ? nil : again].compactMap(\.self).joined(separator: "; "))
    }
}
