import FoundationEssentials
import JSON
package import PublisherHosting
import PublisherKit
package import Rotation
import Secrets
import Sodium
package import Timestamps
import Wording

/// `ork-publish --check`: would publishing work with this stage's credentials? Mints nothing, writes nothing.
package struct CheckStep {
    let publishers: any PublisherHost
    let clock: any WallClock
    let options: PublishStep.Options
    /// That of this stage's `ork.yaml`; `nil` if it sees none.
    let configurationFolder: String?
    let tell: (Announcement) -> Void

    package init(
        publishers: any PublisherHost, clock: any WallClock, options: PublishStep.Options,
        configurationFolder: String? = nil, tell: @escaping (Announcement) -> Void
    ) {
        self.publishers = publishers
        self.clock = clock
        self.options = options
        self.configurationFolder = configurationFolder
        self.tell = tell
    }

    private func nothingToCheck(_ state: State?) -> StepError {
        let naming = "name a target: `ork-publish --check --to file:path=.env,name=OPENROUTER_API_KEY`"
        guard state == nil, configurationFolder == nil else {
            return StepError(
                .unacceptable, "there is no target to check", hint: "\(naming), or list targets in ork.yaml")
        }
        return StepError(
            .unacceptable, "there is no target to check: there is neither an ork.yaml nor a handoff here",
            hint: "work in the folder that has one, or name it: --config FILE or --handoff FILE; or \(naming)")
    }

    /// Asks every target's publisher. `state` adds what is known of a rotation that has begun; `report` gets what each
    /// answered.
    package func run(
        _ plan: Plan, state: State?, report: (TargetFinding) -> Void = { _ in }
    ) throws(StepError) {
        try options.refuseUnknownTargets(in: plan)
        let targets = plan.targets.filter { options.only.isEmpty || options.only.contains($0.name) }
        guard !targets.isEmpty else {
            throw nothingToCheck(state)
        }
        let requests = try PublisherRequests(
            to: publishers, targets, in: configurationFolder, for: "ork-publish --check", tell: tell)
        if let warning = state?.comparisonWarning { tell(.warning(warning)) }
        var failed: [PublishStep.Failure] = []
        requests.send(
            .check, state, accepted: options.acceptedTargets, created: options.createdTargets, from: clock.now,
            timeout: options.timeout
        ) { target, _, answer in
            let name = target.name
            let failure = Self.failure(name, answer)
            let message = failure?.error.text ?? answer.message ?? "ready"
            report(TargetFinding(name, answer, message: message, failure: failure))
            guard let failure else { return tell(.done("\(name): \(message)")) }
            tell(.warning("\(name): \(message)\(failure.advice)"))
            failed.append(failure)
        }
        guard failed.isEmpty else {
            let isConfiguration = failed.allSatisfy { $0.error.code == .configuration }
            throw StepError(
                isConfiguration ? .unacceptable : PublishStep.Failure.code(failed),
                targets.count == 1
                    ? "\(failed[0].target): \(failed[0].error.text)"
                    : Counted(failed.count, of: targets.count, "target").with("is", "are")
                        + " not ready: \(PublishStep.Failure.list(failed))",
                hint: (PublishStep.Failure.hint(failed, in: state).map { "\($0); " } ?? "") + "nothing was changed")
        }
    }

    private static func failure(_ target: PlanName, _ answer: PublisherAnswer) -> PublishStep.Failure? {
        switch answer.outcome {
        case .ready: return nil
        case .rejected(let error), .unknown(let error):
            return PublishStep.Failure(target: target, error: error, isUnknown: false)
        default:
            let error = PublisherError(.internal, "no answer to check")
            return PublishStep.Failure(target: target, error: error, isUnknown: true)
        }
    }
}
