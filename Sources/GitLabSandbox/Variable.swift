import JSON
package import Secrets

/// A CI/CD variable as it is stored.
package struct Variable: Sendable {
    /// How a job gets it.
    package enum Kind: String, Sendable {
        /// In its environment.
        case environment = "env_var"
        /// In a file that the environment names.
        case file
    }

    let id: Int
    /// Its name in jobs.
    package internal(set) var key: String
    /// What it holds.
    package internal(set) var value: Secret
    /// How a job gets it.
    package internal(set) var kind = Kind.environment
    /// Whether only jobs on protected branches and tags get it.
    package internal(set) var isProtected = false
    /// Whether logs of jobs show it masked.
    package internal(set) var isMasked = false
    /// Whether nobody may read it back.
    package internal(set) var isHidden = false
    /// Whether `$NAME` in it stays as it is.
    package internal(set) var isRaw = false
    /// Which environments get it, `*` for all.
    package internal(set) var environmentScope = "*"
    /// What people say of it.
    package internal(set) var description: String?

    /// As GitLab shows it (lib/api/entities/ci/variable.rb). A variable of the instance knows no environment and is
    /// never hidden.
    func json(of kind: Container.Kind, knowsHidden: Bool) -> JSONValue {
        var object: JSONObject = [
            "variable_type": .string(self.kind.rawValue), "key": .string(key),
            "value": isHidden ? nil : .string(value.revealed() ?? ""),
        ]
        if kind != .instance, knowsHidden { object["hidden"] = .bool(isHidden) }
        object["protected"] = .bool(isProtected)
        object["masked"] = .bool(isMasked)
        object["raw"] = .bool(isRaw)
        if kind != .instance { object["environment_scope"] = .string(environmentScope) }
        object["description"] = description.map(JSONValue.string) ?? .null
        return .object(object)
    }
}
