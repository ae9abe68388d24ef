package import Secrets

extension Handoff {
    /// The records, each behind those that it follows, when all of them are acceptable.
    func verified(trust: Trust?) throws(HandoffError) -> [Record] {
        for record in records {
            guard record.hasValidSignature else {
                throw HandoffError(
                    .signature, "a record (\(record.description)) was altered or is not by its signer",
                    hint: "use the handoff as the previous step wrote it; an earlier copy is as good, only older")
            }
            guard record.event.writers.contains(record.step) else {
                throw HandoffError(
                    .untrusted, "a record (\(record.description)) is not for \(record.step.rawValue) to write",
                    hint: "use the handoff as the previous step wrote it")
            }
            if let trust, !trust.accepts(record.signer, for: record.step) {
                throw HandoffError(
                    .untrusted,
                    "a record (\(record.description)) is signed by \(record.signer.short), "
                        + "which is not trusted for \(record.step.rawValue)",
                    hint: "give this stage the identity that the earlier steps had (ORK_IDENTITY), "
                        + "or name the signer under trust.\(record.step.rawValue) in ork.yaml or with --trust")
            }
        }
        // The header is signed by nobody itself: it is believed because the first records, of ork-create, name it.
        guard records.contains(where: { $0.after.contains(header.digest) }),
            records.allSatisfy({ !$0.after.contains(header.digest) || $0.step == .create })
        else {
            throw HandoffError(
                .chain, "no record of ork-create vouches for what this handoff says is rotated",
                hint: "use the handoff as the previous step wrote it; an earlier copy is as good, only older")
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
                    hint: "records were taken out, or come from another rotation; "
                        + "use the handoff as the previous step wrote it")
            }
        }
        var placed: Set<Digest> = [header.digest]
        var ordered: [Record] = []
        var waiting = records.sorted { ($0.at, $0.digest.description) < ($1.at, $1.digest.description) }
        while !waiting.isEmpty {
            guard let index = waiting.firstIndex(where: { $0.after.allSatisfy(placed.contains) }) else {
                throw HandoffError(.chain, "the records follow each other in a circle")
            }
            let record = waiting.remove(at: index)
            placed.insert(record.digest)
            ordered.append(record)
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
