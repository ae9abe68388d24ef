import JSON
import Secrets

/// A target as `ork.yaml` is to have it.
struct DraftTarget: Sendable, Hashable {
    var name: String
    let publisher: String
    var wave: String?
    let with: JSONObject
    /// The publisher's variables, and what each is called in the pipeline.
    let variables: [Variable]

    /// A variable of a publisher's that the stages for it hand on.
    struct Variable: Sendable, Hashable {
        let name: String
        /// Its name in the pipeline; the same unless the CI system or ork has one of that name.
        let ours: String
    }

    /// The variables are those that the publisher is known to need.
    init(name: String, publisher: String, wave: String? = nil, with: JSONObject) {
        self.name = name
        self.publisher = publisher
        self.wave = wave
        self.with = with
        variables = KnownVariables.of(publisher, with)
    }

    /// One line of `targets` in `ork.yaml`.
    var line: String {
        var parts = ["publisher: \(YAMLWord(publisher))"]
        if let wave { parts.append("wave: \(YAMLWord.number(wave))") }
        if !variables.isEmpty {
            let isRenamed = variables.contains { $0.name != $0.ours }
            let names = variables.map { isRenamed ? "\($0.name): \($0.ours)" : $0.name }.joined(separator: ", ")
            parts.append(isRenamed ? "env: {\(names)}" : "env: [\(names)]")
        }
        let settings = with.members.map { "\(YAMLWord($0.key)): \(YAMLWord.value($0.value))" }
        if !settings.isEmpty { parts.append("with: {\(settings.joined(separator: ", "))}") }
        return "\(YAMLWord(name)): {\(parts.joined(separator: ", "))}"
    }
}

/// The variables that publishers need, and what they are called in a pipeline: GitHub takes no secret whose name begins with
/// `GITHUB_`, and a job at GitLab has some of these names already.
enum KnownVariables {
    private static let publishers: [String: [String]] = [
        "github-secret": ["GITHUB_TOKEN"], "gitlab-variable": ["GITLAB_TOKEN"], "git": ["GIT_TOKEN"],
        "vault-kv": ["VAULT_TOKEN"], "kubernetes-secret": ["KUBE_TOKEN"],
        "aws-secrets-manager": ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
        "aws-parameter": ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
    ]

    /// What whoever makes the credential has to know. A service with a preset has a page for that.
    private static let rights = [
        "GITHUB_TOKEN": "a fine-grained token of GitHub that may write secrets and variables there",
        "GITLAB_TOKEN": "a token of GitLab with the scope api and the role Maintainer",
        "GIT_TOKEN": "a token that may push to the repository with the file",
        "SOPS_AGE_KEY": "the private key of age that opens the file",
    ]

    /// What a variable has to hold.
    static func meaning(of variable: DraftTarget.Variable) -> String {
        let service = KnownService.all.first { $0.variable == variable.name }
        return rights[variable.name] ?? "what opens \(service?.title ?? "the target"); see the publisher's README.md"
    }

    static func of(_ publisher: String, _ with: JSONObject) -> [DraftTarget.Variable] {
        let service = KnownService.all.first { $0.publisher == publisher && $0.preset == with["preset"]?.string }
        if publisher == "http" || service != nil {
            // A description of requests names its variable itself.
            let named = service?.variable ?? with["token"]?.string
            return named.map { [.init(name: $0, ours: $0)] } ?? []
        }
        var names = publishers[publisher] ?? []
        if publisher == "git" {
            // What the programs that encrypt need, and what reaches the server.
            if with["remote"]?.string?.hasPrefix("https://") != true { names = [] }
            if with["encrypt"] == "sops" { names.append("SOPS_AGE_KEY") }
        }
        return names.map { name in
            .init(name: name, ours: name.hasSuffix("_TOKEN") ? "TARGET_\(name)" : name)
        }
    }
}

/// A text as one scalar of YAML, inside brackets: quoted where it would be read as something else, and with nothing in it that
/// people would not see.
struct YAMLWord: CustomStringConvertible {
    let description: String

    init(_ text: String) {
        let isPlain =
            text.first.map { $0.isASCII && ($0.isLetter || $0 == "." || $0 == "/") } ?? false
            && text.unicodeScalars.allSatisfy { Self.plain.contains($0) }
            && text.contains { $0.isLetter } && !Self.words.contains(text.lowercased())
        description = isPlain ? text : DisplayText.yaml(JSONValue.string(text).text(.compact))
    }

    private static let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-".unicodeScalars)
    /// What readers of YAML 1.1 take for a boolean or for nothing, and `.inf`, `.nan`.
    private static let words: Set = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", ".inf", ".nan"]

    static func number(_ text: String) -> String { Int(text).map(String.init) ?? "\(YAMLWord(text))" }

    /// Any value: JSON is YAML, too.
    static func value(_ value: JSONValue) -> String {
        value.string.map { YAMLWord($0).description } ?? value.text(.compact)
    }
}
