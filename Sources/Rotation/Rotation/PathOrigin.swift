import JSON

/// What the relative paths of a target or of a probe are seen from. Stages run on other machines, so that no plan names the
/// folder itself.
package enum PathOrigin: Hashable, Sendable {
    /// The folder in which a step runs: for what flags say, and for plans that say nothing.
    case currentFolder
    /// The folder of the stage's own `ork.yaml`.
    case configuration
}

extension Plan {
    /// The same plan, with its paths seen from there.
    package func withPaths(from origin: PathOrigin) -> Plan {
        var plan = self
        for index in plan.targets.indices { plan.targets[index].origin = origin }
        plan.verify.probes = plan.verify.probes.map { probe in
            guard case .command(var command) = probe else { return probe }
            command.origin = origin
            return .command(command)
        }
        return plan
    }

    /// The same plan, with the paths of those targets that `other` has as well seen from where it sees them.
    package func withPaths(asIn other: Plan) -> Plan {
        var plan = self
        for (index, target) in plan.targets.enumerated() {
            guard let known = other.target(target.name), known.isSamePlace(as: target) else { continue }
            plan.targets[index].origin = known.origin
        }
        return plan
    }
}

extension PlanCodec where Value == PathOrigin {
    /// Left out for the current folder, so that older plans stay as they were signed.
    static var pathOrigin: Self {
        Self(
            "ork.yaml", schema: { _ in ["const": "ork.yaml"] },
            read: { value throws(PlanError) in value.json.string == "ork.yaml" ? .configuration : nil },
            write: { $0 == .configuration ? "ork.yaml" : nil })
    }
}
