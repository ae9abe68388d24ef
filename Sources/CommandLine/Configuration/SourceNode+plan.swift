import HTTP
import JSON
import Rotation

extension SourceNode {
    /// Reads a plan, with the place of whatever is wrong with it.
    func readPlan() throws(ConfigurationError) -> Plan {
        let plan: Plan
        do {
            plan = try Plan(json, unknownKeys: .refused)
        } catch {
            throw place(of: error.path).error(error.message)
        }
        if let mistake = plan.addressMistake { throw place(of: mistake.path).error(mistake.message) }
        return plan
    }

    /// Reads when the rotation is due, with the place of whatever is wrong with it.
    func readDueRules() throws(ConfigurationError) -> DueRules {
        guard let due = self["due"] else { return DueRules() }
        do { return try DueRules(due.json) } catch { throw place(of: error.path).error(error.message) }
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

extension Plan {
    /// The first address of the plan that ork would not dial.
    var addressMistake: PlanError? {
        if let message = Self.mistake(in: service.url) ?? Self.queryMistake(in: service.url) {
            return PlanError(["openrouter", "url"], message)
        }
        for (index, probe) in verify.probes.enumerated() {
            guard case .http(let url, _) = probe, let message = Self.mistake(in: url) else { continue }
            return PlanError(["verify", "probes", "\(index)", "http", "url"], message)
        }
        return nil
    }

    /// What is wrong with the form of an address, `nil` for nothing.
    static func mistake(in url: String) -> String? {
        do {
            _ = try HTTPURL(url)
            return nil
        } catch {
            return error.rawValue
        }
    }

    // Paths are appended to it.
    private static func queryMistake(in url: String) -> String? {
        url.contains("?") ? "must be an address without a query" : nil
    }
}
