import FoundationEssentials
import JSON
import PublisherHosting
import PublisherKit
import Rotation
import Secrets
import Sodium
import Testing

/// A rotation that is made up, with the identity that the fixture was made with.
enum Sample {
    /// The bytes 0 to 31, by Python's hashlib and base64.
    static let identityText = "ork-identity-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh_evDtz"
    static let publicText =
        "ork-public-1:XB7wa5iay6HstJumwLe7DDNBr65plgVg84uANayAvBuBUgH6bXW91RVAOcbNxC2ZQjT-f41S4RVHkGZPUZrbit4jbDA"
    static let predecessor = String(repeating: "a", count: 64)
    static let successor = String(repeating: "b", count: 64)
    static let key = Secret("sk-or-v1-" + String(repeating: "5", count: 64))
    static let start = Date(timeIntervalSince1970: 1_795_403_040)

    static func identity() throws -> Identity { try Identity(Secret(identityText)) }

    static func name(_ text: String) throws -> PlanName { try #require(PlanName(text)) }

    static func target(_ name: String, wave: Int = 1, path: String? = nil) throws -> Plan.Target {
        Plan.Target(
            name: try self.name(name), publisher: try #require(PublisherName("file")), wave: wave,
            with: ["path": .string(path ?? name + ".env")])
    }

    /// Targets by their names and waves.
    static func header(_ targets: [(String, Int)] = [("web", 1)], id: String = "01JDB5T8WV0123456789ABCDEF") throws
        -> RotationHeader
    {
        var plan = Plan(predecessor: .name("checkout-prod"))
        plan.targets = try targets.map { try target($0.0, wave: $0.1) }
        return RotationHeader(
            id: try #require(RotationID(id)), name: try name("checkout"), base: "checkout-prod", workspace: nil,
            plan: plan,
            predecessors: [KeyReference(hash: try #require(KeyHash(predecessor)), name: "checkout-prod")])
    }
}

/// Writes the records of a made-up rotation, one second apart.
struct Diary {
    private(set) var handoff: Handoff
    private let identity: Identity
    private var seconds = 0.0

    init(_ header: RotationHeader, by identity: Identity? = nil) throws {
        handoff = Handoff(header: header)
        self.identity = try identity ?? Sample.identity()
    }

    var state: State {
        get throws { try State(handoff, trust: Trust(only: identity.publicIdentity)) }
    }

    @discardableResult
    mutating func add(
        _ step: StepName, _ event: Event, _ detail: JSONObject = [:], target: String? = nil, by other: Identity? = nil
    ) throws -> Record {
        let entry = Entry(
            step, event, target: try target.map(Sample.name), message: event.rawValue, detail: detail)
        seconds += 1
        return try handoff.append(entry, at: Sample.start + seconds, by: other ?? identity)
    }

    mutating func merge(_ other: Diary) throws {
        try handoff.merge(other.handoff)
        seconds = max(seconds, other.seconds)
    }

    mutating func seal(to identity: Identity) throws {
        handoff.seal([try SealedSecret(Sample.key, to: identity.publicIdentity)])
    }

    mutating func keep(_ predecessor: Secret, for identity: Identity) throws {
        handoff.keep([try SealedSecret(predecessor, of: .predecessor, to: identity.publicIdentity)])
    }

    // The story of a rotation, in its usual order.

    mutating func intend() throws { try add(.create, .intended, ["name": "checkout-prod minting"]) }

    mutating func mint(_ hash: String = Sample.successor) throws {
        try add(.create, .minted, try Self.successor(hash))
    }

    mutating func create(_ hash: String = Sample.successor) throws {
        try add(.create, .created, try Self.successor(hash))
    }

    @discardableResult
    mutating func commit(_ target: String, _ event: Event = .committed, of key: Secret = Sample.key) throws -> Record {
        try add(.publish, event, ["digest": .string(Digest(of: key).description)], target: target)
    }

    /// Verifies that the targets hold what these records say.
    @discardableResult
    mutating func verify(_ writes: [String: Record]) throws -> Record {
        var object: JSONObject = [:]
        for (name, record) in writes { object[name] = .string(record.digest.description) }
        return try add(
            .verify, .verified,
            ["digest": .string(Digest(of: Sample.key).description), "writes": .object(object), "adoption": "seen"])
    }

    private static func successor(_ hash: String) throws -> JSONObject {
        State.Successor.detail(
            hash: try #require(KeyHash(hash)), digest: Digest(of: Sample.key), name: "checkout-prod 2026", label: nil,
            createdAt: Sample.start, publishBy: Sample.start + 86400)
    }
}
