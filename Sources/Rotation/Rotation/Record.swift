package import FoundationEssentials
package import JSON
package import Secrets
import Sodium
import Timestamps

/// The programs that write records.
package enum StepName: String, Sendable, CaseIterable, Hashable {
    case create, publish, verify, approve, retire, rollback
}

/// Everything that can be recorded.
package enum Event: String, Sendable, CaseIterable, Hashable {
    // Of the successor.
    case intended, minted, created, stray
    // Of a target.
    case committed, unchanged, rejected, unknown
    // Of evidence.
    case observed, checked, verified
    // Of people's decisions.
    case approved, accepted
    // Of a predecessor, and of the whole.
    case disabled, restored, deleted, finished
    // Of the successor's limit.
    case raised
    // Of the way back.
    case rollingBack = "rolling_back"
    case rolledBack = "rolled_back"

    /// The steps that may record it. Trust is given by the step, so that whoever is trusted to publish must not be
    /// able to verify or to approve in the name of publishing.
    var writers: Set<StepName> {
        switch self {
        case .intended, .minted, .created, .stray: [.create]
        case .committed, .unchanged: [.publish]
        case .rejected, .unknown: [.publish, .rollback]
        case .observed: [.create, .verify, .retire, .rollback]
        case .checked: [.publish, .verify, .retire]
        case .verified: [.verify]
        case .approved: [.approve]
        case .accepted: [.create, .publish, .verify, .retire]
        case .disabled, .restored, .deleted, .finished: [.retire, .rollback]
        case .raised: [.retire]
        case .rollingBack, .rolledBack: [.rollback]
        }
    }
}

/// What a step wants recorded; the journal adds the moment, the place in the chain and the signature.
package struct Entry: Sendable {
    package var step: StepName
    package var event: Event
    package var target: PlanName?
    package var message: String
    package var detail: JSONObject

    package init(
        _ step: StepName, _ event: Event, target: PlanName? = nil, message: String, detail: JSONObject = [:]
    ) {
        self.step = step
        self.event = event
        self.target = target
        self.message = message
        self.detail = detail
    }
}

/// A signed entry. Fields that this version does not know stay in it and are covered by the signature.
package struct Record: Hashable, Sendable {
    package let step: StepName
    package let event: Event
    package let at: Date
    package let target: PlanName?
    package let message: String
    package let detail: JSONObject
    /// The newest records at the time, or the digest of the header for the first.
    package let after: [Digest]
    package let signer: PublicIdentity
    /// Where it was written: the CI system, the run, the actor.
    package let provenance: JSONObject
    /// The SHA-256 of the canonical JSON of the whole record; what later records name in `after`.
    package let digest: Digest
    /// Whether the signer has signed exactly this. Found out once: a step looks at all records after each that it adds.
    let hasValidSignature: Bool
    let json: JSONObject

    /// Signs `entry`, which follows `after`. Ed25519 makes the same record of the same content each time.
    package init(
        _ entry: Entry, at date: Date, after: [Digest], provenance: JSONObject = [:], by identity: Identity
    ) throws(HandoffError) {
        var json: JSONObject = [
            "step": .string(entry.step.rawValue), "event": .string(entry.event.rawValue),
            "at": .string(date.rfc3339),
        ]
        if let target = entry.target { json["target"] = .string(target.description) }
        json["message"] = .string(entry.message)
        if !entry.detail.isEmpty { json["detail"] = .object(entry.detail) }
        if !provenance.isEmpty { json["by"] = .object(provenance) }
        json["after"] = .array(after.map { .string($0.description) })
        json["signer"] = .string(identity.publicIdentity.description)
        json["signature"] = .string(Base64URL.encode(identity.sign(Self.signedBytes(json))))
        // What cannot be read again must not get into the file: nobody could go on with it.
        let value = JSONValue.object(json)
        guard (try? JSONValue(parsing: value.bytes(), numbers: .integers, depth: Self.depth)) == value else {
            throw HandoffError(.malformed, "a record cannot be kept: it has a fraction, or is nested too deeply")
        }
        try self.init(value, isOurs: true)
    }

    /// How deep a record may be nested, so that the handoff around it can be read.
    private static let depth = 56

    /// Reads a record, whether its signature is valid or not.
    init(_ value: JSONValue) throws(HandoffError) { try self.init(value, isOurs: false) }

    /// What was signed a moment ago need not be checked.
    private init(_ value: JSONValue, isOurs: Bool) throws(HandoffError) {
        guard let json = value.object,
            let step = json["step"]?.string.flatMap(StepName.init),
            let name = json["event"]?.string,
            let at = json["at"]?.string.flatMap({ Date(rfc3339: $0) }),
            let signer = json["signer"]?.string.flatMap(PublicIdentity.init),
            let after = json["after"]?.array, !after.isEmpty
        else { throw .malformed("a record") }
        guard let event = Event(rawValue: name) else { throw .newer("a record has an event", .malformed) }
        var digests: [Digest] = []
        for element in after {
            guard let digest = element.string.flatMap({ Digest($0) }) else { throw .malformed("a record's after") }
            digests.append(digest)
        }
        if let target = json["target"] {
            guard let name = target.string.flatMap(PlanName.init) else { throw .malformed("a record's target") }
            self.target = name
        } else {
            target = nil
        }
        self.step = step
        self.event = event
        self.at = at
        self.signer = signer
        self.after = digests
        self.json = json
        message = json["message"]?.string ?? ""
        detail = json["detail"]?.object ?? [:]
        provenance = json["by"]?.object ?? [:]
        digest = Digest(of: JSONValue.object(json).bytes(.canonical))
        hasValidSignature = isOurs || Self.isSigned(json, by: signer)
    }

    /// When what it tells of happened: by OpenRouter's clock, by which the retirement measures, where the step knew that.
    var moment: Date { detail["at"]?.string.flatMap { Date(rfc3339: $0) } ?? at }

    /// Whether the sealed successor was dropped with it: when the rotation was finished, or by `ork-verify --drop-secret`.
    var dropsKey: Bool { [.verified, .finished].contains(event) && detail["dropped"]?.bool ?? false }

    /// Whether the kept predecessor was dropped with it: it is gone, or in use again.
    var dropsPredecessor: Bool { event == .finished }

    private static func isSigned(_ json: JSONObject, by signer: PublicIdentity) -> Bool {
        guard let signature = json["signature"]?.string.flatMap(Base64URL.decode) else { return false }
        var unsigned = json
        unsigned["signature"] = nil
        return signer.isValid(signature, of: signedBytes(unsigned))
    }

    // The prefix keeps a signature of ork from meaning anything elsewhere.
    private static func signedBytes(_ unsigned: JSONObject) -> [UInt8] {
        Array("ork-handoff/1\0".utf8) + JSONValue.object(unsigned).bytes(.canonical)
    }
}

/// What OpenRouter's meters showed of some keys at one moment by OpenRouter's clock.
package struct Reading: Hashable, Sendable {
    /// One key's meters.
    package struct Meter: Hashable, Sendable {
        /// Lifetime usage, BYOK included, in US dollars, in decimal digits.
        package var cost: String
        /// Milliseconds since 1970 of the last use; 0 means that none was ever recorded, `nil` that it is not reported.
        package var lastUsed: Int?

        package init(cost: String, lastUsed: Int?) {
            self.cost = cost
            self.lastUsed = lastUsed
        }
    }

    package let at: Date
    package let meters: [KeyHash: Meter]

    package init(at: Date, meters: [KeyHash: Meter]) {
        self.at = at
        self.meters = meters
    }

    init(_ record: Record) throws(HandoffError) {
        guard let at = record.detail["at"]?.string.flatMap({ Date(rfc3339: $0) }),
            let keys = record.detail["keys"]?.object
        else { throw .malformed("an observed record") }
        var meters: [KeyHash: Meter] = [:]
        for (hash, meter) in keys.members {
            guard let hash = KeyHash(hash), let cost = meter["cost"]?.string else {
                throw .malformed("an observed record")
            }
            meters[hash] = Meter(cost: cost, lastUsed: meter["last_used"]?.integer)
        }
        self.init(at: at, meters: meters)
    }

    /// The reading as it stands in an `observed` record.
    package var detail: JSONObject {
        var keys: JSONObject = [:]
        for (hash, meter) in meters.sorted(by: { $0.key.description < $1.key.description }) {
            var json: JSONObject = ["cost": .string(meter.cost)]
            if let lastUsed = meter.lastUsed { json["last_used"] = .number(JSONNumber(lastUsed)) }
            keys[hash.description] = .object(json)
        }
        return ["at": .string(at.rfc3339), "keys": .object(keys)]
    }
}
