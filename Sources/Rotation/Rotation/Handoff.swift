package import FoundationEssentials
package import JSON
import PublisherKit
package import Secrets
import Sodium

/// The file that passes between the steps: a diary of one rotation, never the truth about it.
///
/// Nothing in it is believed before `State(_:trust:)` has checked its signatures and its chain.
package struct Handoff: Hashable, Sendable {
    package let header: RotationHeader
    /// Every record once; each stands behind those that it follows.
    package private(set) var records: [Record]
    private var known: Set<Digest> = []
    package private(set) var sealed: [SealedSecret]
    /// The predecessors' plaintexts, as far as they were found, for a rollback.
    package private(set) var kept: [SealedSecret]

    package static let schema = "ork-handoff/1"
    /// How many records are read at most. A rotation of a hundred targets, retried for days, has some thousand.
    private static let limit = 20_000

    package init(header: RotationHeader) {
        self.header = header
        records = []
        sealed = []
        kept = []
    }

    /// Reads the file's content, strictly: see `JSONValue.init(parsing:)`. A record that was altered is refused later.
    package init(parsing bytes: [UInt8]) throws(HandoffError) {
        let json: JSONValue
        do { json = try JSONValue(parsing: bytes, numbers: .integers) } catch {
            throw .damaged(bytes, error.code.rawValue)
        }
        guard let schema = json["schema"]?.string else { throw .malformed("schema") }
        guard schema == Self.schema else {
            throw .newer("the handoff is of a format")
        }
        guard let header = json["rotation"], let records = json["records"]?.array, let sealed = json["sealed"]?.array
        else { throw .malformed("the handoff") }
        guard let kept = json["kept"] == nil ? [] : json["kept"]?.array else { throw .malformed("kept") }
        guard records.count <= Self.limit, sealed.count <= Self.limit, kept.count <= Self.limit else {
            throw HandoffError(
                .malformed, "the handoff has more than \(Self.limit) records or boxes",
                hint: "no rotation has so many; " + HandoffError.anotherCopy)
        }
        self.init(header: try RotationHeader(header))
        for record in records { insert(try Record(record)) }
        for entry in sealed { self.sealed.append(try SealedSecret(entry)) }
        for entry in kept { self.kept.append(try SealedSecret(entry, of: .predecessor)) }
    }

    /// The file's content. The summary is for people; no step reads it.
    package func bytes(summary: JSONValue) -> [UInt8] {
        var json: JSONObject = [
            "schema": .string(Self.schema),
            "summary": summary,
            "rotation": header.json,
            "records": .array(records.map { .object($0.json) }),
            "sealed": .array(sealed.map(\.json)),
        ]
        if !kept.isEmpty { json["kept"] = .array(kept.map(\.json)) }
        return JSONValue.object(json).bytes(.pretty) + [0x0A]
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
        if record.dropsPredecessor { kept = [] }
        return record
    }

    /// Replaces the sealed boxes.
    package mutating func seal(_ boxes: [SealedSecret]) { sealed = boxes }

    /// Adds boxes of predecessors.
    package mutating func keep(_ boxes: [SealedSecret]) {
        for box in boxes where !kept.contains(box) { kept.append(box) }
    }

    /// The union of this and another handoff of the same rotation.
    package mutating func merge(_ other: Handoff) throws(HandoffError) {
        guard other.header.digest == header.digest else {
            throw HandoffError(
                .foreign, "the handoffs are of different rotations: \(header.id) and \(other.header.id)",
                hint: "give the handoffs of one rotation only")
        }
        for record in other.records { insert(record) }
        for box in other.sealed where !sealed.contains(box) { sealed.append(box) }
        keep(other.kept)
        // An older copy does not bring back what was dropped.
        if records.contains(where: \.dropsKey) { sealed = [] }
        if records.contains(where: \.dropsPredecessor) { kept = [] }
    }

    /// Whether all that another one records is recorded here.
    package func covers(_ other: Handoff) -> Bool {
        other.header.digest == header.digest && other.known.isSubset(of: known)
    }

    private mutating func insert(_ record: Record) {
        if known.insert(record.digest).inserted { records.append(record) }
    }
}

extension Handoff {
    /// The records, each behind those that it follows, when all of them are acceptable.
    func verified(trust: Trust?) throws(HandoffError) -> [Record] {
        for record in records {
            guard record.hasValidSignature else {
                throw HandoffError(
                    .signature, "a record (\(record.description)) was altered or is not by its signer",
                    hint: HandoffError.anotherCopy)
            }
            guard record.event.writers.contains(record.step) else {
                throw HandoffError(
                    .untrusted, "a record (\(record.description)) is not for \(record.step.rawValue) to write",
                    hint: HandoffError.anotherCopy)
            }
            if let trust, !trust.accepts(record.signer, for: record.step) {
                throw HandoffError(
                    .untrusted,
                    "the handoff is signed by \(record.signer.short), which is not trusted for \(record.step.rawValue) on this stage",
                    hint: "give this stage the identity that ork-\(record.step.rawValue) had (ORK_IDENTITY or "
                        + "ORK_IDENTITY_FILE; if neither was set there, unset both here: ork made one on "
                        + "the machine that it ran on); where each stage has its own and you know this one, name it under "
                        + "trust.\(record.step.rawValue) in ork.yaml or with --trust \(record.step.rawValue)=PUBLIC, as "
                        + "ork-keygen --public prints it"
                )
            }
        }
        // The header is signed by nobody itself: it is believed because the first records, of ork-create, name it.
        guard records.contains(where: { $0.after.contains(header.digest) }),
            records.allSatisfy({ !$0.after.contains(header.digest) || $0.step == .create })
        else {
            throw HandoffError(
                .chain, "no record of ork-create vouches for what this handoff says is rotated",
                hint: HandoffError.anotherCopy)
        }
        return try inOrder()
    }

    /// Sorts the records so that each stands behind those that it follows; among equals the earlier one first.
    private func inOrder() throws(HandoffError) -> [Record] {
        let known = Set(records.map(\.digest)).union([header.digest])
        for record in records {
            guard record.after.allSatisfy(known.contains) else {
                throw HandoffError(
                    .chain, "a record (\(record.description)) follows one that is not in this handoff",
                    hint: "records were taken out, or come from another rotation; " + HandoffError.anotherCopy)
            }
        }
        // The rank of a record among all by time; those that follow nothing more that is not placed, by their ranks.
        let ranked = records.sorted { ($0.at, $0.digest.description) < ($1.at, $1.digest.description) }
        var followers: [Digest: [Int]] = [:]
        var missing = ranked.map { Set($0.after).subtracting([header.digest]).count }
        for (rank, record) in ranked.enumerated() {
            for digest in Set(record.after) { followers[digest, default: []].append(rank) }
        }
        // The last one is the next.
        var ready = Array(ranked.indices.filter { missing[$0] == 0 }.reversed())
        var ordered: [Record] = []
        while let rank = ready.popLast() {
            ordered.append(ranked[rank])
            for follower in followers[ranked[rank].digest] ?? [] {
                missing[follower] -= 1
                guard missing[follower] == 0 else { continue }
                ready.insert(follower, at: ready.firstIndex { $0 < follower } ?? ready.endIndex)
            }
        }
        guard ordered.count == records.count else {
            throw HandoffError(.chain, "the records follow each other in a circle")
        }
        return ordered
    }

    /// Whether `expected` is a head that this handoff has had, and nothing but retirement was recorded since.
    package func holds(expectedHead expected: Digest) -> Bool {
        guard var rest = try? inOrder() else { return false }
        while true {
            let followed = Set(rest.flatMap(\.after))
            let tips = rest.filter { !followed.contains($0.digest) }
            let digests = tips.isEmpty ? [header.digest] : tips.map(\.digest)
            if Self.head(of: digests.sorted { $0.description < $1.description }) == expected { return true }
            guard let newest = rest.last(where: { record in tips.contains { $0.digest == record.digest } }),
                newest.step == .retire
            else { return false }
            rest.removeAll { $0.digest == newest.digest }
        }
    }
}

extension Record {
    var description: String {
        "\(step.rawValue) \(event.rawValue)" + (target.map { " \($0)" } ?? "")
    }
}

/// Why a handoff is not accepted. It never quotes the file.
package struct HandoffError: Error, Hashable, Sendable {
    package enum Code: String, Sendable {
        /// Not the JSON that `ork-handoff/1` describes.
        case malformed
        /// Another version of the format.
        case schema
        /// A record's signature does not fit its content.
        case signature
        /// A record is signed by an identity that is not trusted for its step.
        case untrusted
        /// A record follows one that is not there, or belongs to another rotation.
        case chain
        /// The records contradict each other.
        case contradiction
        /// Two handoffs of different rotations.
        case foreign
    }

    package let code: Code
    package let message: String
    package let hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// What to do about a handoff that no step has written so.
    fileprivate static let anotherCopy =
        "name the right file with --handoff, or an earlier copy of it: any that a step wrote will do"

    /// No JSON. What people and their tools do to a file is called by its name.
    fileprivate static func damaged(_ bytes: [UInt8], _ reason: String) -> HandoffError {
        var reason = reason
        var way = anotherCopy
        if bytes.isEmpty {
            reason = "it is empty"
        } else if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            reason = "it begins with a byte order mark"
            way = "save it without one; or " + way
        } else if MergeConflict.line(in: bytes) != nil {
            reason = "git has left a merge conflict in it"
            way =
                "get both sides, `git show :2:./FILE >ONE` and `git show :3:./FILE >OTHER`, and name both, --handoff ONE "
                + "--handoff OTHER: they are read as one; or " + way
        }
        return HandoffError(.malformed, "not a handoff, or a damaged one: \(reason)", hint: way)
    }

    /// Something that only a newer ork can have written.
    static func newer(_ what: String, _ code: Code = .schema) -> HandoffError {
        HandoffError(
            code, "\(what) that this version of ork does not know",
            hint: "use the same version of ork for all steps of a rotation: the newest of them")
    }

    static func malformed(_ what: String) -> HandoffError {
        HandoffError(
            .malformed, "\(what) is not as ork-handoff/1 has it",
            hint: HandoffError.anotherCopy)
    }
}
