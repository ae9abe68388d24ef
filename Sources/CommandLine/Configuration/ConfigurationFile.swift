import JSON
package import Rotation
import Secrets
import Wording
import YAML

/// An `ork.yaml`: rotations by name, and what they have in common.
package struct ConfigurationFile: Sendable {
    /// The version of the format that this module reads.
    package static let version = 1
    /// The keys of the whole file.
    static let keys = ["version", Plan.Service.key, "defaults", "trust", "rotations"]
    /// The sections of a rotation that are no part of its plan.
    static let besidePlan = [DueRules.key, NotifyRules.key, MetricsRules.key]
    /// The keys of `defaults`: those of a rotation that several rotations can share.
    static let defaultKeys =
        Plan.keys.filter { ![Plan.Service.key, "predecessor", "targets"].contains($0) } + besidePlan
    /// The most bytes that are read.
    package static let sizeLimit = 1 << 20

    /// The file as the user names it; it stands in every message.
    package let name: String
    /// In the order of the file, at least one.
    package let rotations: [RotationConfiguration]

    /// Reads and checks the whole file, all rotations of it.
    package init(parsing bytes: [UInt8], name: String) throws(ConfigurationError) {
        try self.init(try Self.tree(bytes, name: name), name: name)
    }

    init(_ root: SourceNode, name: String) throws(ConfigurationError) {
        self.name = name
        try Self.checkVersion(root)
        try root.refuseKeys(except: Self.keys)
        let defaults = try Self.defaults(root)
        guard let entries = try root["rotations"]?.requireEntries(), !entries.isEmpty else {
            throw root.place(of: ["rotations"]).error("is missing; write at least one rotation below it")
        }
        var rotations: [RotationConfiguration] = []
        for (key, value) in entries {
            guard let name = PlanName(key) else {
                throw value.place.error("is not a rotation's name; use letters, digits and . _ - /")
            }
            rotations.append(try RotationConfiguration(name: name, value, defaults: defaults))
        }
        self.rotations = rotations
    }

    /// The rotation of this name; without a name the only one there is.
    package func rotation(named wanted: PlanName?) throws(ConfigurationError) -> RotationConfiguration {
        let names = rotations.prefix(20).map(\.name.description).joined(separator: ", ")
        guard let wanted else {
            guard rotations.count == 1 else {
                throw ConfigurationError(
                    file: name, "there are several rotations; name one of them with --rotation: \(names)")
            }
            return rotations[0]
        }
        guard let rotation = rotations.first(where: { $0.name == wanted }) else {
            let unknown = UnknownName(
                wanted.description, of: "rotation", among: rotations.map(\.name.description))
            throw ConfigurationError(file: name, unknown.sentence)
        }
        return rotation
    }

    static func tree(_ bytes: [UInt8], name: String) throws(ConfigurationError) -> SourceNode {
        guard bytes.count <= sizeLimit else { throw .tooLarge(name) }
        // Over the bytes, so that comments and broken files are looked at too.
        let found = SecretShape.first(in: bytes).map { shape, offset in
            ConfigurationError(file: name, line: bytes[..<offset].count { $0 == 0x0A } + 1, advice(on: shape))
        }
        let document: YAMLNode?
        do {
            document = try YAMLNode.parse(bytes)
        } catch {
            if let found { throw found }
            if let line = MergeConflict.line(in: bytes) {
                throw ConfigurationError(file: name, line: line, "git has left a merge conflict here; resolve it")
            }
            throw ConfigurationError(file: name, line: error.line, error.message)
        }
        // And over the values: they have a name, and an escape or a folded line can hide a secret in the bytes.
        if let document { try refuseSecrets(document, [], name) }
        if let found { throw found }
        guard let document, document.mapping != nil else {
            throw ConfigurationError(
                file: name, line: document?.start.line ?? 1,
                (document == nil ? "there is nothing in the file" : "this is no configuration of ork")
                    + "; write version: \(version), and a rotation below rotations:")
        }
        return try SourceNode(document, SourcePlace(file: name, line: document.start.line, path: []))
    }

    private static func refuseSecrets(
        _ node: YAMLNode, _ path: [String], _ name: String
    ) throws(ConfigurationError) {
        switch node.content {
        case .scalar(let scalar):
            guard let (shape, _) = SecretShape.first(in: Array(scalar.text.utf8)) else { return }
            let place = SourcePlace(file: name, line: node.start.line, path: path)
            throw place.error(advice(on: shape))
        case .sequence(let items):
            for item in items { try refuseSecrets(item, path, name) }
        case .mapping(let entries):
            for (key, value) in entries {
                try refuseSecrets(key, path, name)
                try refuseSecrets(value, path + [key.scalar?.text ?? ""], name)
            }
        }
    }

    /// What to do about a secret; the key that is to be replaced is what people mean most often.
    private static func advice(on shape: SecretShape) -> String {
        guard shape == .openRouterKey else { return shape.message }
        return shape.message(
            elsewhere: "the key to replace is named by a variable that has it: predecessor: {env: VARIABLE}")
    }

    private static func checkVersion(_ root: SourceNode) throws(ConfigurationError) {
        guard let node = root["version"] else {
            try root.refuseKeys(except: keys)
            throw root.place(of: ["version"]).error("is missing; write version: \(version) on top")
        }
        guard let number = node.scalar?.integer else {
            throw node.place.error("must be the number \(version), without quotes")
        }
        guard number == version else {
            throw node.place.error(
                "this ork reads version \(version) only; write version: \(version), or install a newer ork")
        }
    }

    /// What every rotation has unless it says otherwise, checked on its own: a rotation may replace all of it.
    private static func defaults(
        _ root: SourceNode
    ) throws(ConfigurationError) -> [(key: String, value: SourceNode)] {
        try root["defaults"]?.refuseKeys(except: defaultKeys)
        var entries = root["defaults"]?.entries ?? []
        if let service = root[Plan.Service.key] { entries.append((Plan.Service.key, service)) }
        let predecessor = SourceNode(.scalar("none"), root.place.appending(["predecessor"]))
        let rotation = SourceNode(.mapping(entries + [("predecessor", predecessor)]), root.place)
        _ = try rotation.dropping(besidePlan).readPlan()
        _ = try rotation.read(DueRules.self)
        _ = try rotation.read(NotifyRules.self)
        _ = try rotation.read(MetricsRules.self)
        guard let trust = root["trust"] else { return entries }
        _ = try trust.readTrust()
        return entries + [("trust", trust)]
    }
}

/// One rotation of an `ork.yaml`, defaults filled in.
package struct RotationConfiguration: Sendable {
    /// The keys of a rotation.
    static let keys = ["enabled"] + Plan.keys + ["trust"] + ConfigurationFile.besidePlan

    package let name: PlanName
    /// `false` is the kill switch: every step refuses.
    package let isEnabled: Bool
    package let plan: Plan
    /// When `ork-due` calls it due.
    package let due: DueRules
    /// Whom ork tells how a step ended.
    package let notify: NotifyRules
    /// Where its figures go.
    package let metrics: MetricsRules
    /// Whose signatures count; `nil` if the file does not say.
    package let trust: [StepName: Set<PublicIdentity>]?
    /// OpenRouter's address, where the file names it.
    package let serviceURL: String?
    /// The name of the file.
    package let file: String
    private let source: SourceNode

    /// Reads the rotation `name`; what `source` lacks comes from `defaults`.
    init(
        name: PlanName, _ source: SourceNode, defaults: [(key: String, value: SourceNode)]
    ) throws(ConfigurationError) {
        try source.refuseKeys(except: Self.keys)
        var merged = source.filled(from: defaults, levels: 2)
        if let targets = merged["targets"] {
            let spread = SourceNode(.mapping([("targets", try targets.spreadTargets())]), merged.place)
            merged = spread.filled(from: merged.entries ?? [], levels: 1)
        }
        self.name = name
        file = source.place.file
        self.source = merged
        isEnabled = try Self.isEnabled(source)
        let plan = try merged.dropping(["enabled", "trust"] + ConfigurationFile.besidePlan).readPlan()
        self.plan = plan.withPaths(from: .configuration)
        serviceURL = merged[Plan.Service.key]?["url"] == nil ? nil : plan.service.url
        due = try merged.read(DueRules.self)
        notify = try merged.read(NotifyRules.self)
        metrics = try merged.read(MetricsRules.self)
        trust = try merged["trust"].map { node throws(ConfigurationError) in try node.readTrust() }
        try refuseLentWebhooks()
    }

    /// No publisher gets the address of a webhook, whatever the variable is called that holds it.
    private func refuseLentWebhooks() throws(ConfigurationError) {
        let variables = Set(notify.webhooks.compactMap(\.settings.variable))
        for target in plan.targets where !variables.isDisjoint(with: target.environment.values) {
            throw error(
                at: ["targets", target.name.description, "env"],
                "takes the variable of a webhook, which no publisher gets")
        }
    }

    private static func isEnabled(_ source: SourceNode) throws(ConfigurationError) -> Bool {
        guard let node = source["enabled"] else { return true }
        guard let value = node.scalar?.bool else { throw node.place.error("must be true or false") }
        return value
    }

    /// The folder of the file, which the plan's relative paths are seen from.
    package var folder: String {
        guard let slash = file.lastIndex(of: "/") else { return "." }
        return slash == file.startIndex ? "/" : String(file[..<slash])
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
