package import FoundationEssentials
import JSON
package import Secrets
import Sodium
package import Timestamps

/// A key as people know it.
package struct KeyReference: Hashable, Sendable {
    package var hash: KeyHash
    package var name: String
    /// OpenRouter's mask of the key, such as `sk-or-v1-0e6…1c96`: for people, never an identifier.
    package var label: String?

    package init(hash: KeyHash, name: String, label: String? = nil) {
        self.hash = hash
        self.name = name
        self.label = label
    }

    init(_ value: JSONValue) throws(HandoffError) {
        guard let hash = value["hash"]?.string.flatMap(KeyHash.init), let name = value["name"]?.string else {
            throw .malformed("a key of the rotation")
        }
        self.init(hash: hash, name: name, label: value["label"]?.string)
    }

    var json: JSONValue {
        var json: JSONObject = ["hash": .string(hash.description), "name": .string(name)]
        if let label { json["label"] = .string(label) }
        return .object(json)
    }
}

/// What is rotated: fixed before anything is minted, and named by the first record.
package struct RotationHeader: Hashable, Sendable {
    package let id: RotationID
    package let name: PlanName
    /// The base name of the lineage, under which the successor's name is made.
    package let base: String
    /// The workspace of the lineage; `nil` means the account's default one.
    package let workspace: String?
    package let plan: Plan
    package let predecessors: [KeyReference]
    /// Live keys of the same base name that stay as they are: other applications', by the word of whoever began the
    /// rotation. No other key of the lineage may be live beside predecessors and successor.
    package let leaves: [KeyReference]
    /// Keys of earlier rotations that did not work any more when this one began: whatever holds one has lost nothing by
    /// being written over.
    package let dead: [KeyReference]
    /// The gates that `ork-create` knew of: they stay closed where nobody is known who may open them.
    package let gates: Set<StepName>
    /// The SHA-256 of the header's canonical JSON.
    package let digest: Digest
    let json: JSONValue

    package init(
        id: RotationID, name: PlanName, base: String, workspace: String?, plan: Plan, predecessors: [KeyReference],
        leaves: [KeyReference] = [], dead: [KeyReference] = [], gates: Set<StepName> = []
    ) {
        self.id = id
        self.name = name
        self.base = base
        self.workspace = workspace
        self.plan = plan
        self.predecessors = predecessors
        self.leaves = leaves
        self.dead = dead
        self.gates = gates
        var json: JSONObject = [
            "id": .string(id.description), "name": .string(name.description), "base": .string(base),
        ]
        if let workspace { json["workspace"] = .string(workspace) }
        json["plan"] = plan.json
        json["predecessors"] = .array(predecessors.map(\.json))
        if !leaves.isEmpty { json["leaves"] = .array(leaves.map(\.json)) }
        if !dead.isEmpty { json["dead"] = .array(dead.map(\.json)) }
        if !gates.isEmpty { json["requires"] = .array(gates.map(\.rawValue).sorted().map { .string($0) }) }
        self.json = .object(json)
        digest = Digest(of: self.json.bytes(.canonical))
    }

    init(_ value: JSONValue) throws(HandoffError) {
        guard let id = value["id"]?.string.flatMap(RotationID.init),
            let name = value["name"]?.string.flatMap(PlanName.init), let base = value["base"]?.string,
            let plan = value["plan"], let predecessors = value["predecessors"]?.array
        else { throw .malformed("rotation") }
        self.id = id
        self.name = name
        self.base = base
        workspace = value["workspace"]?.string
        do { self.plan = try Plan(plan, unknownKeys: .ignored) } catch {
            throw HandoffError(.malformed, "the plan in the handoff is not acceptable: \(error)")
        }
        self.predecessors = try Self.references(predecessors)
        guard let leaves = (value["leaves"] ?? []).array, let dead = (value["dead"] ?? []).array else {
            throw .malformed("rotation")
        }
        self.leaves = try Self.references(leaves)
        self.dead = try Self.references(dead)
        gates = try Self.gates(value["requires"])
        json = value
        digest = Digest(of: value.bytes(.canonical))
    }

    private static func references(_ values: [JSONValue]) throws(HandoffError) -> [KeyReference] {
        var references: [KeyReference] = []
        for value in values { references.append(try KeyReference(value)) }
        return references
    }

    /// A gate that this version does not know cannot be opened by it.
    private static func gates(_ value: JSONValue?) throws(HandoffError) -> Set<StepName> {
        guard let value else { return [] }
        guard let names = value.strings else { throw .malformed("rotation") }
        guard names.allSatisfy({ $0 == StepName.approve.rawValue }) else {
            throw .newer("the rotation has a gate")
        }
        return Set(names.compactMap(StepName.init))
    }
}

/// The id of a rotation. The one that began later is the greater.
package struct RotationID: Hashable, Comparable, Sendable, CustomStringConvertible {
    private let id: ULID

    package var description: String { id.description }

    /// Reads a ULID; `nil` for anything else.
    package init?(_ text: String) {
        guard let id = ULID(text) else { return nil }
        self.id = id
    }

    /// A new id that nobody else has.
    package init(at now: Date) { id = ULID(at: now) }

    package static func < (left: Self, right: Self) -> Bool {
        left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
    }
}

extension ULID {
    /// An id of this moment that nobody else has.
    package init(at now: Date) { self.init(at: now, random: RandomBytes.bytes(16)) }
}
