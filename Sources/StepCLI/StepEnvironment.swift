import FoundationEssentials
package import Rotation
package import Secrets
package import Steps

/// What a step takes from its environment. Nothing else of the package reads it for itself.
package struct StepEnvironment: Sendable {
    package let variables: [String: String]

    package init(_ variables: [String: String] = ProcessInfo.processInfo.environment) {
        self.variables = variables
    }

    /// The value of a variable that is set and not empty.
    package subscript(name: String) -> String? {
        variables[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The names of the variables that are set and not empty.
    package var names: Set<String> { Set(variables.filter { !$0.value.isEmpty }.keys) }

    /// Whether a CI system runs this.
    package var isCI: Bool {
        ["CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "TF_BUILD"].contains {
            self[$0] != nil && self[$0] != "false"
        }
    }

    /// The kill switch for everything.
    package var isDisabled: Bool { self["ORK_DISABLED"].map { $0 != "0" && $0 != "false" } ?? false }

    /// The management key, from the variable that the plan names or from `OPENROUTER_MANAGEMENT_KEY`.
    package func managementKey(_ name: EnvironmentName?) throws(StepError) -> Secret {
        let name = name?.description ?? "OPENROUTER_MANAGEMENT_KEY"
        return try key(
            in: name, hint: "create a management key at openrouter.ai/settings/management-keys and export it")
    }

    /// A key in a variable. It must look like one, so that nothing else is ever sent as one.
    package func key(in name: String, hint: String) throws(StepError) -> Secret {
        guard let value = self[name] else {
            throw StepError(.denied, "the environment variable \(name) is not set", hint: hint, isWorthWaiting: false)
        }
        guard value.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw StepError(
                .denied, "the environment variable \(name) holds spaces or other characters that no key has",
                hint: "set it to the key alone, without quotes and line ends", isWorthWaiting: false)
        }
        return Secret(value)
    }
}
