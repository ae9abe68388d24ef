import JSON
import PublisherKit
import Secrets

/// One of a project's variables, as Vercel lists it: of one name there may be several, each for other environments.
struct VariableRecord: Hashable {
    enum Kind: Hashable {
        case readable
        /// Nobody can read it back; Vercel also calls it a secret.
        case sensitive
        /// Its value is no text of ours: the name of a system variable, or of a secret of Vercel's older kind.
        case other(String)
    }

    let id: ServiceID
    let kind: Kind
    let environments: [VercelEnvironment]
    /// Vercel's clock, in milliseconds.
    let updatedAt: Int?
    /// Whether an integration made it, which may write another value.
    let isManaged: Bool

    /// Vercel's own order changes with each write.
    fileprivate var order: (Int, String) { (environments.map(\.rank).min() ?? 9, id.description) }

    /// Throws where it is none by Vercel's published types.
    init(_ object: AnswerObject) throws(ServiceError) {
        guard let id = ServiceID(try object.string("id")) else { throw object.error("id", isNot: "an id") }
        self.id = id
        let type = try object.string("type")
        kind =
            switch type {
            case "plain", "encrypted": object["visibility"]?.string == "secret" ? .sensitive : .readable
            case "sensitive": .sensitive
            default: .other(DisplayText.line(type, limit: 20))
            }
        let targets = object["target"]?.strings ?? object["target"]?.string.map { [$0] } ?? []
        let branch = object["gitBranch"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        let standard = targets.compactMap { target -> VercelEnvironment? in
            if target == "preview", let branch { .branch(branch) } else { VercelEnvironment(target) }
        }
        environments = standard + (object["customEnvironmentIds"]?.strings ?? []).map(VercelEnvironment.custom)
        updatedAt = object["updatedAt"]?.integer ?? object["createdAt"]?.integer
        isManaged = object["configurationId"]?.string != nil
    }
}

/// The records of one name that a target is about, and what is missing of them.
struct RecordChoice {
    var chosen: [VariableRecord] = []
    /// Those of the name that stay as they are.
    var left: [VariableRecord] = []
    /// What the target names and no record covers.
    var missing: [VercelEnvironment] = []

    /// Refuses a choice that leaves open what is to be written, or that would write more than what was named.
    init(_ settings: VariableSettings, among records: [VariableRecord], in project: ProjectNames) throws(PublisherError)
    {
        let records = records.sorted { $0.order < $1.order }
        let list = records.prefix(8).map { project.describe($0) }.joined(separator: "; ")
        switch settings.choice {
        case .only:
            guard records.count < 2 else {
                throw Settings.error(
                    "environments", "\(settings.variable) has \(records.count) records: \(list)",
                    hint: "say which of them hold the key: environments: [production], or records: [ID, …]")
            }
            chosen = records
        case .records(let ids):
            (chosen, left) = (records.filter { ids.contains($0.id) }, records.filter { !ids.contains($0.id) })
            if let id = ids.first(where: { id in !records.contains { $0.id == id } }) {
                throw PublisherError(
                    .notFound, "\(settings.variable) has no record \(id)",
                    hint: records.isEmpty ? "it has none at all" : "it has \(list)", field: "with.records")
            }
        case .environments(let environments):
            let wanted = try environments.map { named throws(PublisherError) in try project.resolved(named) }
            for record in records {
                if record.environments.contains(where: wanted.contains) {
                    chosen.append(record)
                } else {
                    left.append(record)
                }
            }
            missing = wanted.filter { environment in !chosen.contains { $0.environments.contains(environment) } }
            if let record = chosen.first(where: { !$0.environments.allSatisfy(wanted.contains) }) {
                let more = record.environments.filter { !wanted.contains($0) }.map { project.name($0) }
                throw Settings.error(
                    "environments",
                    "the record \(project.describe(record)) is that of \(more.joined(separator: ", ")), too",
                    hint: "name these as well, or give them a record of their own in Vercel first")
            }
        }
        if let record = chosen.first(where: { if case .other = $0.kind { true } else { false } }),
            case .other(let kind) = record.kind
        {
            throw PublisherError(
                .configuration, "the record \(project.describe(record)) is of the kind \(kind), which holds no key",
                hint: "make a variable of its own in Vercel, of the kind encrypted or sensitive", field: "with.name")
        }
    }

    var coversProduction: Bool { environments.contains(.production) }

    /// All that the chosen records and those to be made are for.
    var environments: [VercelEnvironment] { chosen.flatMap(\.environments) + missing }
}

/// What a project calls its own environments.
struct ProjectNames {
    /// By id.
    let customEnvironments: [String: String]

    func resolved(_ environment: VercelEnvironment) throws(PublisherError) -> VercelEnvironment {
        guard case .custom(let name) = environment, customEnvironments[name] == nil else { return environment }
        if let id = customEnvironments.first(where: { $0.value == name })?.key { return .custom(id) }
        let known = customEnvironments.values.sorted().map { DisplayText.line($0, limit: 40) }
        throw PublisherError(
            .notFound, "the project has no environment \(environment)",
            hint: "it has \((["production", "preview", "development"] + known).joined(separator: ", "))",
            field: "with.environments")
    }

    func name(_ environment: VercelEnvironment) -> String {
        if case .custom(let id) = environment, let name = customEnvironments[id] {
            return DisplayText.line(name, limit: 40)
        }
        return environment.description
    }

    func names(_ environments: [VercelEnvironment]) -> String { environments.map(name).joined(separator: ", ") }

    /// For people: `production, preview (env_1)`.
    func describe(_ record: VariableRecord) -> String { "\(names(record.environments)) (\(record.id))" }
}
