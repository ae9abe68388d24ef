import JSON
import Rotation

extension SourceNode {
    /// The most targets that one rotation may have.
    static let targetsLimit = 1000

    /// The targets of a rotation, those with `for_each` replaced by one target for each value.
    func spreadTargets() throws(ConfigurationError) -> SourceNode {
        var targets: [(key: String, value: SourceNode)] = []
        var names: Set<String> = []
        for (name, target) in try requireEntries() {
            try target.refuseKeys(except: Plan.Target.keys + ["for_each"])
            try target["with"]?.refuseNumbersOutsideHandoffs()
            for instance in try target.instances(name) {
                guard names.insert(instance.key).inserted else {
                    throw instance.origin.error("makes a target of a name that another one has already")
                }
                guard names.count <= Self.targetsLimit else {
                    throw target.place.error("makes more than \(Self.targetsLimit) targets")
                }
                targets.append((instance.key, instance.value))
            }
        }
        return SourceNode(.mapping(targets), place)
    }

    private typealias Instance = (key: String, value: SourceNode, origin: SourcePlace)

    private func instances(_ name: String) throws(ConfigurationError) -> [Instance] {
        guard let forEach = self["for_each"] else { return [(name, self, place)] }
        let dimensions = try forEach.requireEntries()
        guard !dimensions.isEmpty else { throw forEach.place.error("must be a mapping of keys to lists, not empty") }
        var instances: [Instance] = [(name, dropping(["for_each"]), place)]
        for (key, values) in dimensions {
            guard self["with"]?[key] == nil else { throw values.place.error("stands in with already") }
            guard let list = values.list, !list.isEmpty else {
                throw values.place.error("must be a list of values, not empty")
            }
            // The product is bounded before it is made.
            guard instances.count * list.count <= Self.targetsLimit else {
                throw forEach.place.error("makes more than \(Self.targetsLimit) targets")
            }
            try values.refuseNumbersOutsideHandoffs()
            var product: [Instance] = []
            for instance in instances {
                for value in list {
                    let key = [(key: key, value: value)]
                    let part = try value.namePart()
                    guard PlanName(instance.key + "/" + part) != nil || PlanName(instance.key) == nil else {
                        throw value.place.error(
                            "cannot be part of a target's name; use letters, digits and . _ - /, at most 100 in all")
                    }
                    product.append((instance.key + "/" + part, try instance.value.adding(key), value.place))
                }
            }
            instances = product
        }
        return instances
    }

    private func namePart() throws(ConfigurationError) -> String {
        switch scalar {
        case .string(let text) where !text.isEmpty: return text
        case .number(let number): return number.text
        default: throw place.error("must be a text or a whole number")
        }
    }

    /// The target with more entries in its `with`.
    private func adding(_ more: [(key: String, value: SourceNode)]) throws(ConfigurationError) -> SourceNode {
        let with = self["with"] ?? SourceNode(.mapping([]), place.appending(["with"]))
        let entries = try with.requireEntries() + more
        let rest = dropping(["with"]).entries ?? []
        return SourceNode(.mapping(rest + [("with", SourceNode(.mapping(entries), with.place))]), place)
    }

    /// A handoff holds whole numbers below 2⁵³ only, on which all readers agree.
    func refuseNumbersOutsideHandoffs() throws(ConfigurationError) {
        switch content {
        case .scalar(.number(let number)):
            guard let integer = number.integer, integer.magnitude <= 1 << 53, number.text != "-0" else {
                throw place.error("is a number that is not whole, or too large; quote it")
            }
        case .scalar: break
        case .list(let list):
            for item in list { try item.refuseNumbersOutsideHandoffs() }
        case .mapping(let entries):
            for (_, value) in entries { try value.refuseNumbersOutsideHandoffs() }
        }
    }
}
