import JSON
import Secrets
import ServiceClient
import Sodium

/// A variable as GitLab shows it (lib/api/entities/ci/variable.rb). Its value is kept as a digest only.
struct Variable {
    /// What it holds, as far as GitLab lets it be seen.
    enum Content: Equatable {
        case nothing
        /// Something that GitLab shows to nobody.
        case hidden
        case value(Digest)
    }

    let content: Content
    /// As the answer has it; `scopeName` is for people.
    let environmentScope: String
    /// What can be wished for, by GitLab's names.
    private let flags: [String: String]

    init(_ object: AnswerObject) throws(ServiceError) {
        if object["value"] == .null, object["hidden"] == true {
            content = .hidden
        } else {
            let value = Secret(object["value"] == .null ? "" : try object.text("value"))
            content = value.count == 0 ? .nothing : .value(Digest(of: value))
        }
        // The instance has no environments.
        environmentScope = object["environment_scope"]?.string ?? "*"
        // What an older GitLab does not show, it does not do.
        var flags = ["hidden": "\(content == .hidden)"]
        for name in ["masked", "raw", "protected"] { flags[name] = "\(object[name] == true)" }
        flags["variable_type"] = object["variable_type"]?.string.map { ForeignText.line($0, limit: 20) }
        self.flags = flags
    }

    var isHidden: Bool { content == .hidden }

    var scopeName: String { ForeignText.line(environmentScope) }

    /// What differs from these wishes, for people.
    func differences(from wishes: [(name: String, value: String)]) -> String? {
        let differences = wishes.compactMap { name, wish -> String? in
            guard let held = flags[name], held != wish else { return nil }
            return "\(name) is \(held), not \(wish)"
        }
        return differences.isEmpty ? nil : differences.joined(separator: ", ")
    }
}
