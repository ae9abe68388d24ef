package import Configuration
import HTTP
import JSON
import PublisherHosting
package import Rotation
package import Secrets
import Steps

/// The secrets that this process was given, which nothing that it writes, prints or sends may show.
package final class HeldSecrets {
    package let all: [Secret]
    /// Those of them that no publisher can have come by honestly: keys of OpenRouter, identities, webhooks.
    let ours: [Secret]
    /// Made where something is told: it costs more than the rest.
    private lazy var redactor = Redactor(all)

    /// What `environment` holds, by what `configurations` and the plan under way say of it.
    package init(_ environment: StepEnvironment, _ configurations: [RotationConfiguration], _ plan: Plan? = nil) {
        let hosting = PublisherEnvironment(environment.variables)
        let targets = (configurations.map(\.plan) + [plan].compactMap(\.self)).flatMap(\.targets)
        let lent = Set(targets.map(\.environment)).flatMap { hosting.credentials($0) }
        let webhooks = configurations.flatMap { $0.notify.addresses(in: environment) }.flatMap(\.asSecrets)
        ours = environment.keys + webhooks
        var all = ours
        for secret in environment.credentials + lent where !all.contains(secret) { all.append(secret) }
        self.all = all
    }

    /// The text without any of them.
    package func redacting(_ text: String) -> String { all.isEmpty ? text : redactor.redacting(text) }

    /// The value without any of them, nor of what looks like a secret. By its strings, so that it stays JSON.
    func redacting(_ value: JSONValue) -> JSONValue { value.mapStrings { redacting(SecretShape.masking($0)) } }

    /// The error without any of them.
    func redacting(_ error: StepError) -> StepError {
        StepError(
            error.code, redacting(error.message), hint: error.hint.map(redacting), retryAt: error.retryAt,
            isRetryable: error.isRetryable, place: error.place)
    }
}

extension StepEnvironment {
    /// The keys of OpenRouter and the identities that variables hold, whatever they are called.
    fileprivate var keys: [Secret] {
        variables.values.filter { value in
            !SecretShape.all(in: Array(value.utf8)).isDisjoint(with: [.openRouterKey, .identity])
        }.map { Secret($0) }
    }

    /// What is a credential by its variable's name, such as `ORK_HANDOFF_TOKEN`, and what a collector of metrics is sent.
    fileprivate var credentials: [Secret] {
        variables.flatMap { name, value -> [Secret] in
            if name.hasPrefix("OTEL_"), name.hasSuffix("_HEADERS") {
                // NAME=VALUE,…, where a value may begin with a scheme, such as Bearer.
                let values = value.split(separator: ",").compactMap { $0.split(separator: "=", maxSplits: 1).last }
                return values.flatMap { $0.split(separator: " ") }.map(String.init).filter(Self.mayBeSecret).map {
                    Secret($0)
                }
            }
            // The pipelines have a list of names in that one.
            guard name != "ORK_TOKENS", EnvironmentName(name)?.holdsCredential == true, Self.mayBeSecret(value) else {
                return []
            }
            return [Secret(value)]
        }
    }

    /// What is shorter would be found everywhere, and a word of small letters, such as in `AUTH_MODE=disabled`, in what ork itself
    /// says.
    private static func mayBeSecret(_ value: String) -> Bool {
        value.utf8.count >= 8 && !value.allSatisfy { "abcdefghijklmnopqrstuvwxyz_-".contains($0) }
    }
}
