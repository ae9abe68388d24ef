package import FoundationEssentials
package import JSON
package import Secrets
import Sodium

/// The file that passes between the steps: a diary of one rotation, never the truth about it.
///
/// Nothing in it is believed before `State(_:trust:)` has checked its signatures and its chain.
package struct Handoff: Hashable, Sendable {
    package let header: RotationHeader
    /// Every record once; each stands behind those that it follows.
    package private(set) var records: [Record]
    package private(set) var sealed: [SealedSecret]

    package static let schema = "ork-handoff/1"

    package init(header: RotationHeader) {
        self.header = header
        records = []
        sealed = []
    }

    /// Reads the file's content, strictly: see `JSONValue.init(parsing:)`. A record that was altered is refused later.
    package init(parsing bytes: [UInt8]) throws(HandoffError) {
        let json: JSONValue
        do { json = try JSONValue(parsing: bytes, numbers: .integers) } catch {
            throw HandoffError(
                .malformed, "the handoff cannot be read: \(error)",
                hint: "use the handoff as the previous step wrote it")
        }
        guard let schema = json["schema"]?.string else { throw .malformed("schema") }
        guard schema == Self.schema else {
            throw HandoffError(
                .schema, "the handoff has another schema than \(Self.schema)",
                hint: "use the same version of ork for all steps of a rotation")
        }
        guard let header = json["rotation"], let records = json["records"]?.array, let sealed = json["sealed"]?.array
        else { throw .malformed("the handoff") }
        self.init(header: try RotationHeader(header))
        for record in records { insert(try Record(record)) }
        for entry in sealed { self.sealed.append(try SealedSecret(entry)) }
    }

    /// The file's content. The summary is for people; no step reads it.
    package func bytes(summary: JSONValue) -> [UInt8] {
        let json: JSONValue = [
            "schema": .string(Self.schema),
            "summary": summary,
            "rotation": header.json,
            "records": .array(records.map { .object($0.json) }),
            "sealed": .array(sealed.map(\.json)),
        ]
        return json.bytes(.pretty) + [0x0A]
    }

    /// The newest records: those that no other one follows; the header's digest if there is none.
    package var tips: [Digest] {
        let followed = Set(records.flatMap(\.after))
        let tips = records.map(\.digest).filter { !followed.contains($0) }
        return tips.isEmpty ? [header.digest] : tips.sorted { $0.description < $1.description }
    }

    /// The digest of the newest records, which stands for all of them: pin it to what was approved.
    package var head: Digest { Self.head(of: tips) }

    static func head(of tips: [Digest]) -> Digest {
        guard tips.count != 1 else { return tips[0] }
        return Digest(of: Array(tips.map(\.description).joined(separator: "\n").utf8))
    }

    /// Adds a signed record that follows everything there is, and returns it.
    @discardableResult
    package mutating func append(
        _ entry: Entry, at date: Date, provenance: JSONObject = [:], by identity: Identity
    ) throws(HandoffError) -> Record {
        let record = try Record(entry, at: date, after: tips, provenance: provenance, by: identity)
        insert(record)
        return record
    }

    /// Replaces the sealed boxes.
    package mutating func seal(_ boxes: [SealedSecret]) { sealed = boxes }

    /// The union of this and another handoff of the same rotation.
    package mutating func merge(_ other: Handoff) throws(HandoffError) {
        guard other.header.digest == header.digest else {
            throw HandoffError(
                .foreign, "the handoffs are of different rotations: \(header.id) and \(other.header.id)",
                hint: "give the handoffs of one rotation only")
        }
        for record in other.records { insert(record) }
        for box in other.sealed where !sealed.contains(box) { sealed.append(box) }
        // An older copy does not bring back what was dropped when every target had been verified.
        if records.contains(where: { $0.event == .verified && $0.detail["dropped"]?.bool ?? false }) { sealed = [] }
    }

    private mutating func insert(_ record: Record) {
        if !records.contains(where: { $0.digest == record.digest }) { records.append(record) }
    }
}
