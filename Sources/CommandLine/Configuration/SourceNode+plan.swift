import JSON
import Rotation

extension SourceNode {
    /// Reads a plan, with the place of whatever is wrong with it.
    func readPlan() throws(ConfigurationError) -> Plan {
        do {
            return try Plan(json, unknownKeys: .refused)
        } catch {
            throw place(of: error.path).error(error.message)
        }
    }

    /// Reads a section that is no part of the plan, with the place of whatever is wrong with it.
    func read<Section: PlanSection>(_: Section.Type) throws(ConfigurationError) -> Section {
        guard let section = self[Section.key] else { return Section() }
        do {
            return try Section(section.json, unknownKeys: .refused)
        } catch {
            throw place(of: error.path).error(error.message)
        }
    }

    /// Reads the identities that may sign for each step.
    func readTrust() throws(ConfigurationError) -> [StepName: Set<PublicIdentity>] {
        try refuseKeys(except: StepName.allCases.map(\.rawValue))
        var trust: [StepName: Set<PublicIdentity>] = [:]
        for (key, value) in try requireEntries() {
            guard let step = StepName(rawValue: key), let list = value.list, !list.isEmpty else {
                throw value.place.error("must be a list of public identities, not empty")
            }
            var identities: Set<PublicIdentity> = []
            for item in list {
                guard let identity = item.scalar?.string.flatMap(PublicIdentity.init) else {
                    throw item.place.error("must be a whole public identity, ork-public-1:… as ork-keygen shows it")
                }
                identities.insert(identity)
            }
            trust[step] = identities
        }
        return trust
    }
}
