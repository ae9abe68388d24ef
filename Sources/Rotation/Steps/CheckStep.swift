import FoundationEssentials
import JSON
package import PublisherKit
package import Rotation
import Secrets
import Sodium
package import Timestamps

/// `ork-publish --check`: would publishing work with this stage's credentials? Mints nothing, writes nothing.
package struct CheckStep {
    let publishers: any PublisherHost
    let clock: any WallClock
    let options: PublishStep.Options
    let tell: (Announcement) -> Void

    package init(
        publishers: any PublisherHost, clock: any WallClock, options: PublishStep.Options,
        tell: @escaping (Announcement) -> Void
    ) {
        self.publishers = publishers
        self.clock = clock
        self.options = options
        self.tell = tell
    }

    /// Asks every target's publisher. `state` adds what is known of a rotation that has begun.
    package func run(_ plan: Plan, state: State?) throws(StepError) {
        let targets = plan.targets.filter { options.only.isEmpty || options.only.contains($0.name) }
        guard !targets.isEmpty else {
            throw StepError(.unacceptable, "there is no target to check", hint: "name one with --to or in ork.yaml")
        }
        let addresses = try TargetAddresses(publishers, targets, environment: options.environment)
        // Before a rotation has begun nobody knows what a target may hold.
        let expect = state.map { state in
            state.header.predecessors.compactMap { Digest(hex: $0.hash.description) }
                + (state.created.map { [$0.digest] } ?? [])
        }
        let deadline = clock.now.addingTimeInterval(options.timeout)
        var requests: [(address: PublisherAddress, request: PublisherRequest)] = []
        for target in targets {
            let address = try addresses.address(of: target)
            requests.append(
                (
                    address,
                    PublisherRequest(
                        id: "\(requests.count + 1)", operation: "check/\(target.name)",
                        rotation: state?.header.id.description ?? "", deadline: deadline,
                        target: target.name.description, with: target.with, expect: expect,
                        digest: state?.created?.digest ?? Digest(of: []),
                        receipt: state?.targets[target.name]?.receipt)
                ))
        }
        var failed: [PublishStep.Failure] = []
        publishers.deliver(.check, requests) { index, answer in
            let name = targets[index].name
            switch answer.outcome {
            case .ready: tell(.done(answer.message.map { "\(name): \($0)" } ?? "\(name): ready"))
            case .rejected(let error), .unknown(let error):
                let failure = PublishStep.Failure(target: name, error: error, isUnknown: false)
                tell(.warning("\(name): \(error.text)\(failure.advice)"))
                failed.append(failure)
            default:
                failed.append(
                    .init(target: name, error: PublisherError(.internal, "no answer to check"), isUnknown: true))
            }
        }
        guard failed.isEmpty else {
            let isConfiguration = failed.allSatisfy { $0.error.code == .configuration }
            throw StepError(
                isConfiguration ? .unacceptable : PublishStep.Failure.code(failed),
                "\(failed.count) of \(targets.count) targets are not ready: \(PublishStep.Failure.list(failed))",
                hint: (PublishStep.Failure.hint(failed).map { "\($0); " } ?? "") + "nothing was changed")
        }
    }
}

/// How each target's publisher is reached, after everything that can be found wrong without writing has been
/// looked for.
struct TargetAddresses {
    private let addresses: [PlanName: PublisherAddress]

    /// How the publisher of one of the targets is reached that this was made for.
    func address(of target: Plan.Target) throws(StepError) -> PublisherAddress {
        guard let address = addresses[target.name] else {
            throw StepError(.failed, "target \(target.name) was not looked at")
        }
        return address
    }

    init(_ publishers: any PublisherHost, _ targets: [Plan.Target], environment: Set<String>) throws(StepError) {
        var addresses: [PlanName: PublisherAddress] = [:]
        var problems: [String] = []
        var hint: String?
        for target in targets {
            let address = PublisherAddress(target)
            do throws(PublisherError) {
                let information = try publishers.information(address)
                let missing = target.environment.sorted { $0.key < $1.key }
                    .first { !environment.contains($0.value.description) }
                if let missing {
                    throw PublisherError(
                        .configuration, "the environment variable \(missing.value) is not set",
                        hint: "give this stage the target's credentials", field: "env")
                }
                try information.validate(
                    with: target.with, environment: Set(target.environment.keys.map(\.description)))
                addresses[target.name] = address
            } catch {
                problems.append("\(target.name): \(error.text)")
                hint = hint ?? error.hint
            }
        }
        guard problems.isEmpty else {
            throw StepError(.unacceptable, problems.joined(separator: "; "), hint: hint ?? "nothing was written")
        }
        self.addresses = addresses
    }
}

extension PublisherAddress {
    init(_ target: Plan.Target) {
        var environment: [String: String] = [:]
        for (name, source) in target.environment { environment[name.description] = source.description }
        self.init(publisher: target.publisher, pin: target.pin?.hex, environment: environment)
    }
}

extension PublisherError {
    /// The message with the setting that is to blame.
    var text: String { field.map { "\(message) (\($0))" } ?? message }
}
