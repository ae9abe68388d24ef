import FoundationEssentials
import JSON
import OpenRouter
import Rotation
import Secrets
import Timestamps

/// What retirement demands of the targets.
extension RetireStep {
    /// Lets go of the targets that this run names, before anything is decided: it stands in the records from then on.
    func abandonTargets(_ state: State) throws(StepError) {
        let names = options.abandonedTargets.subtracting(state.abandonedTargets).sorted()
        let known = Set(state.plan.targets.map(\.name) + state.dropped.map(\.target.name))
        if let unknown = options.abandonedTargets.subtracting(known).sorted().first {
            throw StepError(unknownTarget: unknown, in: state.plan)
        }
        guard names.isEmpty || options.isCompromised || !state.abandoning(options.abandonedTargets).keptTargets.isEmpty
        else {
            throw StepError(
                .unacceptable,
                "with \(Evidence.list(names)) let go of, no target is left that shows that the successor works",
                hint: "publish it somewhere first, or, for a key that has leaked: "
                    + "`\(command(abandoning: names, isCompromised: true))`", isRetryable: false)
        }
        for name in names {
            let without = state.isPublished(name) ? "" : ", which is not known to have the successor"
            let verb = context.isDryRun ? "would let go of" : "letting go of"
            context.tell(
                .warning("\(verb) \(name)\(without): nothing is asked of it any more, and it may lose service"))
            guard !context.isDryRun else { continue }
            try context.record(
                Entry(
                    .retire, .accepted, target: name, message: "let go of \(name), which may lose service",
                    detail: ["abandoned": true]))
        }
    }

    /// Every target that counts holds the successor, and was verified to since it was written; with a date, lately.
    func requireVerification(_ state: State, freshAt date: Date? = nil) throws(StepError) {
        // What stands at a target that was written decides first: who wrote it may write the others, too.
        if state.keptTargets.contains(where: { state.doubts[$0.name] == .other && state.isPublished($0.name) }) {
            throw unverified(state)
        }
        try requirePublished(state)
        if options.isCompromised { return }
        try refuseOnlyNewTargets(state)
        guard let verification = state.verification else { throw unverified(state) }
        let end = verification.at.addingTimeInterval(Double(state.plan.verify.validFor.seconds))
        guard date.map({ $0 <= end }) ?? true else {
            throw StepError(
                .notYet, "the verification of \(verification.at.rfc3339) is older than \(state.plan.verify.validFor)",
                hint: "run `ork-verify` again", isRetryable: false)
        }
    }

    private func requirePublished(_ state: State) throws(StepError) {
        let missing = state.keptTargets.map(\.name).filter { !state.isPublished($0) }
        guard !missing.isEmpty else { return }
        let refused = missing.filter { state.targets[$0]?.last != nil }
        throw StepError(
            .notYet,
            "not every target is known to hold the successor: \(Evidence.list(missing)) \(missing.count == 1 ? "is" : "are") not",
            hint: wayToPublished(state) + (refused.first.map(farewell) ?? ""), isRetryable: false)
    }

    /// A later wave is published after the earlier ones are verified, unless there is no time for it.
    private func wayToPublished(_ state: State) -> String {
        if options.isCompromised { return "run `ork-publish --all`, then `ork-retire --compromised`" }
        return state.next == "ork-verify"
            ? "run `ork-verify`, then `ork-publish` for the next wave" : "run `ork-publish`, then `ork-verify`"
    }

    /// Why nothing shows at this moment that the successor works, and what to do about it.
    func unverified(_ state: State) -> StepError {
        guard !state.keptTargets.isEmpty else {
            return StepError(
                .notYet, "every target was let go of, so nothing shows that the successor works",
                hint: "`ork-publish --target TARGET` brings one back; `ork-retire --compromised` goes on without any",
                isRetryable: false)
        }
        let failed = state.checks.filter { check in
            check.outcome == "failed"
                && (check.target.map { state.doubts[$0] != nil && !state.abandonedTargets.contains($0) } ?? true)
        }
        guard !failed.isEmpty else {
            let names = state.keptTargets.map(\.name).filter { state.verification(of: [$0]) == nil }
            let missing = names.isEmpty ? "" : ": \(Evidence.list(names))"
            return StepError(
                .notYet,
                "the successor has not been verified at all targets since they were written\(missing)",
                hint: "run `ork-verify`", isRetryable: false)
        }
        let seen = failed.map { "\($0.name): \($0.seen)" }.joined(separator: "; ")
        let lost = failed.compactMap(\.target)
        let remedy = lost.lazy.compactMap { name in
            state.remedy(for: name, state.doubts[name] ?? .unknown, knowsOfNewer: true)
        }.first
        return StepError(
            .notYet, "the last ork-verify did not find that all is well: \(seen)",
            hint: remedy.map { "\($0), then run `ork-verify`" }
                ?? "put that right, then run `ork-verify`" + (lost.first.map(farewell) ?? ""), isRetryable: false)
    }

    /// What to do about a target that is gone for good.
    private func farewell(to name: PlanName) -> String {
        "; if \(name) is gone for good, `\(command(abandoning: [name], isCompromised: options.isCompromised))` lets go of it, "
            + "and it may lose service"
    }

    private func command(abandoning names: [PlanName], isCompromised: Bool) -> String {
        (["ork-retire"] + (isCompromised ? ["--compromised"] : []) + names.map { "--abandon-target \($0)" })
            .joined(separator: " ")
    }

    /// What an amendment took out of the plan is told; and where it was never written, it may hold the predecessor still, so
    /// that its loss of service has to be accepted by name.
    func requireFarewells(_ state: State) throws(StepError) {
        let accepted = options.abandonedTargets.union(state.abandonedTargets)
        let unwritten = state.dropped.filter { !$0.isWritten && !accepted.contains($0.target.name) }
        guard let first = unwritten.first, !state.header.predecessors.isEmpty else { return }
        let names = unwritten.map(\.target.name.description)
        let flags = names.map { " --abandon-target \($0)" }.joined()
        let compromised = options.isCompromised ? " --compromised" : ""
        throw StepError(
            .notYet,
            names.count == 1
                ? state.news(of: first) : "dropped before they were written: \(names.joined(separator: ", "))",
            hint: "give the successor to whoever reads the predecessor there, or say that nobody does: "
                + "`ork-retire\(compromised)\(flags)`", isRetryable: false)
    }

    /// A rotation that is not known to have replaced the predecessor anywhere may not have reached whoever reads it: a
    /// mistyped path, and another application's key as the predecessor, look just like this.
    func refuseOnlyNewTargets(_ state: State) throws(StepError) {
        guard let warning = state.newTargetsWarning else { return }
        throw StepError(
            .unacceptable, "\(warning), so nothing is retired",
            hint: "\(State.newTargetsRemedy), or `retire: {accept_new_targets: true}` in ork.yaml",
            isRetryable: false)
    }
}
