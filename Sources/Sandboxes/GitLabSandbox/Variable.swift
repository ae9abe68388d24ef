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
    /// Its description, for people.
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

extension Variable {
    /// What GitLab's models find wrong with it, by attribute, before it is compared with its siblings
    /// (app/models/concerns/ci/has_variable.rb, maskable.rb, has_environment_scope.rb, ci/instance_variable.rb).
    func mistakes(in kind: Container.Kind) -> JSONObject {
        var mistakes: JSONObject = [:]
        let text = value.revealed() ?? ""
        mistakes["key"] = list(keyMistakes)
        if isMasked, !isMaskable(text) { mistakes["value"] = ["is invalid"] }
        if kind == .instance, text.unicodeScalars.count > 10_000 {
            let problem: JSONValue = "The value of the provided variable exceeds the 10000 character limit"
            mistakes["value"] = .array((mistakes["value"]?.array ?? []) + [problem])
        }
        if kind != .instance { mistakes["environment_scope"] = list(scopeMistakes) }
        if (description ?? "").unicodeScalars.count > 255 {
            mistakes["description"] = ["is too long (maximum is 255 characters)"]
        }
        return mistakes
    }

    private var keyMistakes: [String] {
        var mistakes: [String] = []
        if key.isEmpty { mistakes.append("can't be blank") }
        if key.unicodeScalars.count > 255 { mistakes.append("is too long (maximum is 255 characters)") }
        if key.isEmpty || !key.utf8.allSatisfy({ Self.isWord($0) }) {
            mistakes.append("can contain only letters, digits and '_'.")
        }
        return mistakes
    }

    private var scopeMistakes: [String] {
        let isAllowed = environmentScope.utf8.allSatisfy { Self.isWord($0) || "/${}.-* ".utf8.contains($0) }
        guard environmentScope.isEmpty || !isAllowed else { return [] }
        let characters = "can contain only letters, digits, '-', '_', '/', '$', '{', '}', '.', '*' and spaces"
        return environmentScope.isEmpty ? ["can't be blank", characters] : [characters]
    }

    /// `\A\S{8,}\z` for a raw value, `\A[a-zA-Z0-9_+=/@:.~-]{8,}\z` for one that is expanded.
    private func isMaskable(_ text: String) -> Bool {
        guard text.unicodeScalars.count >= 8 else { return false }
        // \s of Ruby is space, tab, line feed, vertical tab, form feed and carriage return.
        if isRaw { return !text.utf8.contains { $0 == 0x20 || (0x09...0x0D).contains($0) } }
        return text.utf8.allSatisfy { Self.isWord($0) || "+=/@:.~-".utf8.contains($0) }
    }

    private func list(_ texts: [String]) -> JSONValue? {
        texts.isEmpty ? nil : .array(texts.map(JSONValue.string))
    }

    private static func isWord(_ byte: UInt8) -> Bool { byte.isASCIIAlphanumeric || byte == UInt8(ascii: "_") }
}
