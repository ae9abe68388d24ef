import Configuration
import Rotation
import Steps
import Timestamps

/// The `ork.yaml` that is proposed. The reader of the steps has read it before anybody sees it.
struct DraftConfiguration {
    let text: String
    /// The names of the variables that its targets take from the pipeline, each once.
    let variables: [String]

    init(_ rotations: [DraftRotation], every: Interval, trust: String?) throws(StepError) {
        var lines = [
            "# Written by ork-init. `ork-lint` tells what is wrong with it; `ork-publish --check`, whether publishing would work.",
            "version: 1",
            "defaults:",
            "  due: {every: \(every)}",
            "  retire: {overlap: 24h, quiet_for: 24h, soak: 24h}",
            "rotations:",
        ]
        lines += rotations.flatMap(\.lines)
        if let trust { lines.append(trust) }
        text = lines.joined(separator: "\n") + "\n"
        variables = rotations.flatMap(\.targets).flatMap(\.variables).map(\.ours).reduce(into: []) {
            if !$0.contains($1) { $0.append($1) }
        }
        do {
            _ = try ConfigurationFile(parsing: Array(text.utf8), name: Self.file)
        } catch {
            throw StepError(
                .usage, "these options make no ork.yaml that can be read: \(error)",
                hint: "correct the option that it names")
        }
    }

    static let file = "ork.yaml"

    /// Whether its reader takes the name of this key.
    static func names(_ key: String) -> Bool {
        let text = "version: 1\nrotations:\n  key: {predecessor: {name: \(YAMLWord(key))}}\n"
        return (try? ConfigurationFile(parsing: Array(text.utf8), name: file)) != nil
    }
}

/// A rotation as `ork.yaml` is to have it.
struct DraftRotation {
    let name: PlanName
    /// The key's base name.
    let key: String
    let targets: [DraftTarget]
    /// What stands beside its name, for whoever reads the file.
    var remark: String?

    /// Its lines below `rotations`.
    var lines: [String] {
        let head = "  \(YAMLWord(name.description)):" + (remark.map { " # \($0)" } ?? "")
        let key = "    predecessor: {name: \(YAMLWord(key))}"
        guard !targets.isEmpty else {
            return [head, key, "    targets: {} # where it is kept; one a line: NAME: {publisher: …, with: {…}}"]
        }
        return [head, key, "    targets:"] + targets.map { "      \($0.line)" }
    }
}
