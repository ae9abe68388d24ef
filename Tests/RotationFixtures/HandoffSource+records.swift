import FoundationEssentials
import JSON
import Rotation
import Secrets
import Sodium

extension HandoffSource {
    private var records: [JSONValue] { json["records"]?.array ?? [] }

    private func file(records: [JSONValue]) -> [UInt8]? {
        file(json.replacing([.member("records")], with: .array(records)))
    }

    /// The file with its records in another order, without some, or with others; all signatures are old ones.
    func changingRecords(_ mutation: HandoffMutation, _ random: inout some RandomNumberGenerator) -> [UInt8]? {
        let foreign = otherJSON["records"]?.array ?? []
        switch mutation {
        case .recordsShuffled: return file(records: records.shuffled(using: &random))
        case .recordsDropped: return file(records: records.filter { _ in Int.random(in: 0..<6, using: &random) > 0 })
        case .recordsCut: return file(records: Array(records.prefix(Int.random(in: 0..<records.count, using: &random))))
        case .recordsOfAnotherRotation: return file(records: foreign)
        case .recordOfAnotherRotation:
            guard let record = foreign.randomElement(using: &random) else { return nil }
            var mixed = records
            mixed.insert(record, at: Int.random(in: 0...mixed.count, using: &random))
            return file(records: mixed)
        case .signaturesExchanged, .signersExchanged:
            let field = mutation == .signaturesExchanged ? "signature" : "signer"
            guard let index = records.indices.randomElement(using: &random), let own = records[index][field] else {
                return nil
            }
            let words = (records + foreign).compactMap { $0[field] } + [.string(stranger.publicIdentity.description)]
            guard let other = words.filter({ $0 != own }).randomElement(using: &random) else { return nil }
            return file(json.replacing([.member("records"), .element(index), .member(field)], with: other))
        default: return nil
        }
    }

    /// The file with records that somebody has signed.
    func signing(_ mutation: HandoffMutation, _ random: inout some RandomNumberGenerator) throws -> [UInt8]? {
        let handoff = try Handoff(parsing: bytes)
        let candidates = handoff.records.filter {
            mutation != .signedForAnotherStep || ![.observed, .checked, .accepted].contains($0.event)
        }
        guard let record = candidates.randomElement(using: &random) else { return nil }
        var entry = Entry(
            record.step, record.event, target: record.target, message: record.message, detail: record.detail)
        switch mutation {
        case .signedByAStranger: return try file(handoff, adding: entry, by: stranger)
        case .joinedWithAStrangersRecords:
            // Another file of the same rotation, as parallel jobs hand over.
            var joined = handoff
            var strange = handoff
            for step in [StepName.publish, .verify] {
                try strange.append(
                    Entry(step, step == .publish ? .committed : .verified, message: "all is well"), at: record.at,
                    by: stranger)
            }
            try joined.merge(strange)
            return joined.bytes(summary: .null)
        case .signedForAnotherStep:
            // A stage that writes what is another's to write: in its own name, or under the other's.
            let steps = StepName.allCases.filter { step in
                identities[step]?.publicIdentity != identities[record.step]?.publicIdentity
            }
            if let step = steps.randomElement(using: &random), let signer = identities[step],
                Bool.random(using: &random)
            {
                return try file(handoff, adding: entry, by: signer)
            }
            // What retire writes, rollback may write, too.
            let others = StepName.allCases.filter { $0 != record.step && $0 != .rollback }
            guard let step = others.randomElement(using: &random), let signer = identities[step] else { return nil }
            entry.step = step
            return try file(handoff, adding: entry, by: signer)
        case .signedWithWrongDetail:
            // The stage that may write it: what is left in its detail has to be enough to be read, or is refused.
            guard let signer = identities[record.step] else { return nil }
            let place = JSONValue.object(record.detail).places.randomElement(using: &random)
            guard let place else { return nil }
            let detail = JSONValue.object(record.detail).replacing(
                place, with: [JSONValue?.none, .null, 7, [], [:], "", "sha256:12"].randomElement(using: &random) ?? nil)
            entry.detail = detail?.object ?? [:]
            return try file(handoff, adding: entry, by: signer)
        case .headerSignedAnew: return try signingHeader(handoff, &random)
        default: return nil
        }
    }

    /// Another header with the records of `ork-create`, signed anew: whoever has that identity can do no more.
    private func signingHeader(_ handoff: Handoff, _ random: inout some RandomNumberGenerator) throws -> [UInt8]? {
        guard let signer = identities[.create], let header = json["rotation"],
            let other = Self.anotherHeader(header, &random),
            let file = file(
                json.replacing([.member("rotation")], with: other)?.replacing([.member("records")], with: []))
        else { return nil }
        var forged: Handoff
        // What cannot be read as a header is tried without a signature.
        do { forged = try Handoff(parsing: file) } catch { return file }
        for record in handoff.records where record.step == .create {
            try forged.append(
                Entry(.create, record.event, target: record.target, message: record.message, detail: record.detail),
                at: record.at, by: signer)
        }
        return forged.bytes(summary: .null)
    }

    private func file(_ handoff: Handoff, adding entry: Entry, by signer: Identity) throws -> [UInt8] {
        var forged = handoff
        try forged.append(entry, at: handoff.records.map(\.at).max() ?? .now, by: signer)
        return forged.bytes(summary: .null)
    }

    /// The file with other boxes: none of them is signed.
    func changingBoxes(_ mutation: HandoffMutation, _ random: inout some RandomNumberGenerator) throws -> [UInt8]? {
        var boxes = json["sealed"]?.array ?? []
        let foreign = otherJSON["sealed"]?.array ?? []
        guard let index = boxes.indices.randomElement(using: &random) else { return nil }
        let box: [JSONValue.Turn] = [.member("box")]
        let recipient: [JSONValue.Turn] = [.member("to")]
        let changed: JSONValue?
        switch mutation {
        case .boxesShuffled:
            boxes = boxes.count > 1 ? boxes.reversed() : boxes + boxes
            changed = boxes[index]
        case .boxesDoubled:
            boxes += boxes
            changed = boxes[index]
        case .boxesExchanged:
            let others = boxes.filter { $0["to"] != boxes[index]["to"] }.compactMap { $0["to"] }
            let to = others.randomElement(using: &random) ?? .string(stranger.publicIdentity.description)
            changed = boxes[index].replacing(recipient, with: to)
        case .boxOfAnotherRotation:
            let other = foreign.first { $0["to"] == boxes[index]["to"] } ?? foreign.first
            changed = other ?? boxes[index]
        case .boxTruncated:
            let text = boxes[index]["box"]?.string ?? ""
            changed = boxes[index].replacing(
                box, with: .string(String(text.prefix(Int.random(in: 0..<text.count, using: &random)))))
        case .boxSealedAnew:
            // Somebody's own key, sealed to the stage that opens the box.
            guard let to = boxes[index]["to"]?.string.flatMap(PublicIdentity.init) else { return nil }
            let own = Secret("sk-or-v1-" + String(repeating: "5eed", count: 16))
            let sealed = try SealedSecret(own, to: to)
            var forged = Handoff(header: try Handoff(parsing: bytes).header)
            forged.seal([sealed])
            let text = try JSONValue(parsing: forged.bytes(summary: .null))
            changed = text["sealed"]?.array?.first
        default: return nil
        }
        guard let changed else { return nil }
        boxes[index] = changed
        return file(json.replacing([.member("sealed")], with: .array(boxes)))
    }
}
