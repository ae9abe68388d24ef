import JSON
package import Rotation

/// One rotation of an `ork.yaml`, defaults filled in.
package struct RotationConfiguration: Sendable {
    package let name: PlanName
    /// `false` is the kill switch: every step refuses.
    package let isEnabled: Bool
    package let plan: Plan
    /// When `ork-due` calls it due.
    package let due: DueRules
    /// Whose signatures count; `nil` if the file does not say.
    package let trust: [StepName: Set<PublicIdentity>]?
    /// The name of the file.
    package let file: String
    private let source: SourceNode

    /// Reads the rotation `name`; what `source` lacks comes from `defaults`.
    init(
        name: PlanName, _ source: SourceNode, defaults: [(key: String, value: SourceNode)]
    ) throws(ConfigurationError) {
        try source.refuseKeys(except: [
            "enabled", "openrouter", "predecessor", "workspace", "successor", "publish", "targets", "verify", "retire",
            "trust", "due",
        ])
        var merged = source.filled(from: defaults, levels: 2)
        if let targets = merged["targets"] {
            let spread = SourceNode(.mapping([("targets", try targets.spreadTargets())]), merged.place)
            merged = spread.filled(from: merged.entries ?? [], levels: 1)
        }
        self.name = name
        file = source.place.file
        self.source = merged
        isEnabled = try Self.isEnabled(source)
        plan = try merged.dropping(["enabled", "trust", "due"]).readPlan()
        due = try merged.readDueRules()
        trust = try merged["trust"].map { node throws(ConfigurationError) in try node.readTrust() }
    }

    private static func isEnabled(_ source: SourceNode) throws(ConfigurationError) -> Bool {
        guard let node = source["enabled"] else { return true }
        guard let value = node.scalar?.bool else { throw node.place.error("must be true or false") }
        return value
    }

    /// `ork.yaml:12`, where a path of the plan was written or would have to be written.
    package func place(of path: [String]) -> String {
        let place = source.place(of: path)
        return "\(place.file):\(place.line)"
    }

    /// An error at the place where a path of the plan was written, for what only others can judge: a publisher that
    /// is not installed, a key of `with` that it does not know.
    package func error(at path: [String], _ message: String) -> ConfigurationError {
        source.place(of: path).error(message)
    }
}
