import JSON
import PublisherPlugin
import Rotation
import Secrets

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
