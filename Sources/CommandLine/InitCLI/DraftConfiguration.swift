import Configuration
import Rotation
import Steps
import Timestamps

/// The `ork.yaml` that is proposed. The reader of the steps has read it before anybody sees it.
struct DraftConfiguration {
    let text: String
    /// The names of the variables that its targets take from the pipeline, each once.
    let variables: [String]

    init(
        rotation: PlanName, key: String, targets: [DraftTarget], every: Interval, trust: String?
    ) throws(StepError) {
        var lines = [
            "# Written by ork-init. `ork-lint` tells what is wrong with it; `ork-publish --check`, whether publishing would work.",
            "version: 1",
            "defaults:",
            "  due: {every: \(every)}",
            "  retire: {overlap: 24h, quiet_for: 24h, soak: 24h}",
            "rotations:",
            "  \(YAMLWord(rotation.description)):",
            "    predecessor: {name: \(YAMLWord(key))}",
            "    targets:",
        ]
        lines += targets.map { "      \($0.line)" }
        if let trust { lines.append(trust) }
        text = lines.joined(separator: "\n") + "\n"
        variables = targets.flatMap(\.variables).map(\.ours).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        do {
            _ = try ConfigurationFile(parsing: Array(text.utf8), name: Self.file).rotation(named: rotation)
        } catch {
            throw StepError(
                .usage, "these options make no ork.yaml that can be read: \(error)",
                hint: "correct the option that it names")
        }
    }

    static let file = "ork.yaml"
}
