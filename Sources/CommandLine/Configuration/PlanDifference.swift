import JSON
package import Rotation
import Secrets

/// In what two plans of one rotation differ.
package enum PlanDifference {
    /// One difference, in one line for people.
    package struct Line: Hashable, Sendable, CustomStringConvertible {
        /// The keys from the plan's root.
        package let path: [String]
        /// `targets.web.with.name: handoff "A", ork.yaml "B" (ork.yaml:12)`
        package let description: String
    }

    /// Differences in what is published where: OpenRouter's address, predecessor, workspace, successor, targets.
    package static func between(_ handoff: Plan, _ configuration: RotationConfiguration) -> [Line] {
        Comparison(configuration).lines(
            handoff.withPaths(from: .configuration), configuration.plan,
            [["openrouter", "url"], ["predecessor"], ["workspace"], ["successor"], ["targets"]])
    }

    /// Differences in what `Plan.adopting` takes from the file.
    fileprivate static func ofRules(_ handoff: Plan, _ configuration: RotationConfiguration) -> [Line] {
        Comparison(configuration).lines(
            handoff, configuration.plan, [["openrouter", "management_key"], ["publish"], ["verify"], ["retire"]])
    }
}

extension Plan {
    /// The handoff's plan with the timings, the probes and the management key's variable of the file, and in what
    /// that changes it. What is published where stays: see `PlanDifference.between`.
    package func adoptingTimings(
        from configuration: RotationConfiguration
    ) -> (plan: Plan, changes: [PlanDifference.Line]) {
        var plan = self
        plan.service.managementKey = configuration.plan.service.managementKey
        plan.publish = configuration.plan.publish
        plan.verify = configuration.plan.verify
        plan.retire = configuration.plan.retire
        return (plan, PlanDifference.ofRules(self, configuration))
    }
}

private struct Comparison {
    private let configuration: RotationConfiguration
    private var lines: [PlanDifference.Line] = []

    init(_ configuration: RotationConfiguration) { self.configuration = configuration }

    consuming func lines(_ handoff: Plan, _ file: Plan, _ paths: [[String]]) -> [PlanDifference.Line] {
        let (left, right) = (handoff.json, file.json)
        for path in paths { compare(path, Self.value(path, left), Self.value(path, right)) }
        return lines
    }

    private static func value(_ path: [String], _ json: JSONValue) -> JSONValue? {
        path.reduce(json) { $0?[$1] }
    }

    private mutating func compare(_ path: [String], _ handoff: JSONValue?, _ file: JSONValue?) {
        guard handoff != file else { return }
        if let handoff = handoff?.object, let file = file?.object {
            let added = file.keys.filter { handoff[$0] == nil }
            for key in handoff.keys + added { compare(path + [key], handoff[key], file[key]) }
            return
        }
        let name = configuration.file
        let what =
            switch (handoff, file) {
            case (let handoff?, let file?): "handoff \(Self.text(handoff)), \(name) \(Self.text(file))"
            case (_?, nil): "only in the handoff"
            default: "only in \(name)"
            }
        let keys = path.map { DisplayText.escaped($0, limit: 64) }.joined(separator: ".")
        lines.append(
            PlanDifference.Line(path: path, description: "\(keys): \(what) (\(configuration.place(of: path)))"))
    }

    private static func text(_ value: JSONValue) -> String { DisplayText.escaped(value.text(), limit: 80) }
}
