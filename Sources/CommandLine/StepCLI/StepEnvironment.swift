import FoundationEssentials
package import JSON
import PublisherHosting
import Rotation
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

    /// Whether a CI system runs this.
    package var isCI: Bool {
        ["CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "TF_BUILD"].contains {
            self[$0] != nil && self[$0] != "false"
        }
    }

    /// The kill switch for everything.
    package var isDisabled: Bool { self["ORK_DISABLED"].map { $0 != "0" && $0 != "false" } ?? false }

    /// The management key, from the variable that the plan names or from `OPENROUTER_MANAGEMENT_KEY`.
    func managementKey(_ name: EnvironmentName?) throws(StepError) -> Secret {
        let name = name?.description ?? "OPENROUTER_MANAGEMENT_KEY"
        let key = try key(
            in: name, hint: "create a management key at openrouter.ai/settings/management-keys and export it")
        guard !SecretShape.all(in: key.copyBytes()).contains(.identity) else {
            throw StepError(
                .denied, "the environment variable \(name) holds an identity of ork, not a key",
                hint: "export the management key there, and the identity as ORK_IDENTITY", isRetryable: false)
        }
        return key
    }

    /// Whether a management key is there.
    func hasManagementKey(_ name: EnvironmentName?) -> Bool {
        self[name?.description ?? "OPENROUTER_MANAGEMENT_KEY"] != nil
    }

    /// A key in a variable. It must look like one, so that nothing else is ever sent as one.
    package func key(in name: String, hint: String) throws(StepError) -> Secret {
        guard let value = self[name] else {
            throw StepError(.denied, "the environment variable \(name) is not set", hint: hint, isRetryable: false)
        }
        if let stray = StrayCharacter(in: value) {
            throw StepError(
                .denied, "the environment variable \(name) \(stray); no key does",
                hint: "set it to the key alone, without quotes, spaces or line breaks", isRetryable: false)
        }
        return Secret(value)
    }
}

/// Where a record was written, as far as the CI system says. Nothing of it is ever acted on.
package struct Provenance: Sendable {
    /// The `by` of a record.
    package let json: JSONObject

    package init(_ environment: StepEnvironment) {
        var json: JSONObject = [:]
        if environment["GITHUB_ACTIONS"] != nil {
            json["ci"] = "github-actions"
            if let server = environment["GITHUB_SERVER_URL"], let repository = environment["GITHUB_REPOSITORY"],
                let run = environment["GITHUB_RUN_ID"]
            {
                json["run"] = .string("\(server)/\(repository)/actions/runs/\(run)")
            }
            json["actor"] = environment["GITHUB_ACTOR"].map { .string($0) }
        } else if environment["GITLAB_CI"] != nil {
            json["ci"] = "gitlab"
            json["run"] = environment["CI_JOB_URL"].map { .string($0) }
            json["actor"] = environment["GITLAB_USER_LOGIN"].map { .string($0) }
        } else if environment.isCI {
            json["ci"] = "other"
            json["run"] = environment["BUILD_URL"].map { .string($0) }
        } else {
            json["actor"] = (environment["USER"] ?? environment["LOGNAME"]).map { .string($0) }
        }
        self.json = json
    }
}
