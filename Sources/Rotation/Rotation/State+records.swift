package import FoundationEssentials
package import JSON
package import Secrets
import Timestamps

extension State {
    /// What `ork-verify` saw when it last made a check.
    package struct Check: Hashable, Sendable {
        package let name: String
        /// "passed", "failed", "not_yet" or "unknown"; what a later version writes stays as it is.
        package let outcome: String
        package let seen: String
        package let target: PlanName?
        package let at: Date

        /// The check with which every run begins.
        package static let first = "successor"
    }

    /// A complete verification of some targets.
    package struct Verification: Hashable, Sendable {
        /// By OpenRouter's clock, where the step asked it.
        package let at: Date
        /// By the clock of the machine that recorded it.
        package let recordedAt: Date
        /// For each target the record of what was verified to be there.
        package let writes: [PlanName: Digest]
        /// Whether the successor was seen in use.
        package let adoption: Adoption
        /// Its place in the order of the records.
        let place: Int
    }

    /// An approval binds what was approved by digest, and says which steps it lets go on.
    package struct Approval: Hashable, Sendable {
        package let at: Date
        package let binding: Digest
        package let steps: Set<StepName>

        /// The steps that a gate may stand before.
        package static let gated: Set<StepName> = [.publish, .retire]
    }

    /// What verification found out about the successor's use.
    package enum Adoption: String, Sendable {
        case seen
        /// No signal can tell.
        case unknown
    }
}

extension Record {
    /// The key that the record is about.
    var hash: KeyHash? { detail["hash"]?.string.flatMap(KeyHash.init) }
}

extension State.Successor {
    init(_ record: Record) throws(HandoffError) {
        guard let hash = record.hash,
            let digest = record.detail["digest"]?.string.flatMap({ Digest($0) }),
            let name = record.detail["name"]?.string,
            let createdAt = record.detail["created_at"]?.string.flatMap({ Date(rfc3339: $0) }),
            let publishBy = record.detail["publish_by"]?.string.flatMap({ Date(rfc3339: $0) })
        else { throw .malformed("a \(record.event.rawValue) record") }
        self.init(
            hash: hash, digest: digest, name: name, label: record.detail["label"]?.string, createdAt: createdAt,
            publishBy: publishBy, allowance: Allowance(record.detail["allowance"]))
    }

    /// The successor as it stands in a `minted` or `created` record.
    package static func detail(
        hash: KeyHash, digest: Digest, name: String, label: String?, createdAt: Date, publishBy: Date
    ) -> JSONObject {
        var detail: JSONObject = [
            "hash": .string(hash.description), "digest": .string(digest.description), "name": .string(name),
        ]
        if let label { detail["label"] = .string(label) }
        detail["created_at"] = .string(createdAt.rfc3339)
        detail["publish_by"] = .string(publishBy.rfc3339)
        return detail
    }
}

extension State.Check {
    /// `nil` for a record that does not say what was checked.
    init?(_ record: Record) {
        guard let name = record.detail["check"]?.string, let outcome = record.detail["outcome"]?.string else {
            return nil
        }
        let prefix = "\(name): "
        let seen = record.message.hasPrefix(prefix) ? String(record.message.dropFirst(prefix.count)) : record.message
        self.init(name: name, outcome: outcome, seen: seen, target: record.target, at: record.at)
    }
}

extension State.Verification {
    init(_ record: Record, _ created: State.Successor?, place: Int) throws(HandoffError) {
        guard let writes = record.detail["writes"]?.object,
            let digest = record.detail["digest"]?.string.flatMap({ Digest($0) }), digest == created?.digest
        else { throw .malformed("a verified record") }
        var seen: [PlanName: Digest] = [:]
        for (name, value) in writes.members {
            guard let name = PlanName(name), let digest = value.string.flatMap({ Digest($0) }) else {
                throw .malformed("a verified record")
            }
            seen[name] = digest
        }
        at = record.moment
        recordedAt = record.at
        self.place = place
        self.writes = seen
        adoption = record.detail["adoption"]?.string.flatMap(State.Adoption.init) ?? .unknown
    }
}

extension State {
    /// A predecessor that was enabled again.
    package struct Restoration: Hashable, Sendable {
        /// The mark that its name got, by OpenRouter's clock.
        package let mark: Date?
        /// When OpenRouter says that it was changed by that.
        package let updatedAt: Date?
        /// Its place in the order of the records.
        let place: Int
    }

    /// What the last look found at a target instead of the successor.
    package enum Doubt: String, Sendable {
        case predecessor, nothing
        /// A value that is neither key of this rotation.
        case other
        /// It could not be looked at, or not told.
        case unknown
    }
}

extension State.Restoration {
    /// A record of an earlier version does not say when.
    init(_ record: Record, place: Int) {
        mark = record.detail["at"]?.string.flatMap { Date(rfc3339: $0) }
        updatedAt = record.detail["updated_at"]?.string.flatMap { Date(rfc3339: $0) }
        self.place = place
    }
}

extension State.Doubt {
    init(_ record: Record) { self = record.detail["held"]?.string.flatMap(Self.init) ?? .unknown }
}

extension State.Approval {
    init(_ record: Record) throws(HandoffError) {
        guard let binding = record.detail["binds"]?.string.flatMap({ Digest($0) }) else {
            throw .malformed("an approved record")
        }
        at = record.at
        self.binding = binding
        // A record that does not say for what is for everything.
        guard let names = record.detail["for"] else {
            steps = Self.gated
            return
        }
        steps = Self.gated.intersection((names.array ?? []).compactMap { $0.string.flatMap(StepName.init) })
    }
}
