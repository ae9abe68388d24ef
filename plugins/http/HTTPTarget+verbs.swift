import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Timestamps

extension HTTPTarget {
    /// Reads what publishing reads first, and the deployments that it would look at.
    func check(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        let reading = try read()
        let comparison = try judge(reading, request)
        let isMade = comparison == .nothing
        try checkDeployment()
        let notes = [
            isMade
                ? "would make \(description.place); \(request.noteOfMaking(absence))"
                : "would write \(description.place)",
            comparison == nil ? notCompared : nil, description.effect, description.note,
        ]
        return PublisherAnswer(.ready, message: joined(notes))
    }

    /// Compares and writes, then deploys. What comes between reading and writing is met by reading again, a few times.
    func publish(_ secret: Secret, _ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        try checkHook()
        let written = try write(secret, request)
        var receipt = written.receipt
        var notes = [
            written.change.map { "\($0.rawValue) \(description.place)" }
                ?? (written.isUnchanged ? "\(description.place) holds the key already" : "wrote \(description.place)"),
            written.isCompared ? nil : notCompared,
        ]
        if let deployment = description.deployment {
            try ServiceError.after(joined(notes)) { () throws(ServiceError) in
                let deployed = try deploy(deployment, written.moments)
                for (key, value) in deployed.receipt.members { receipt[key] = value }
                notes.append(deployed.note)
            }
        } else {
            notes.append(description.effect)
        }
        if let change = written.change { receipt["change"] = .string(change.rawValue) }
        return PublisherAnswer(
            written.isUnchanged ? .unchanged : .committed, receipt: receipt.isEmpty ? nil : receipt,
            message: joined(notes))
    }

    /// Reads the target back, and whether what runs was made with it.
    func verify(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        let reading = try read()
        let outcome = outcome(reading, request)
        guard outcome == .match || outcome == .unverifiable else { return PublisherAnswer(outcome) }
        let state = try description.deployment.flatMap { deployment throws(ServiceError) in
            try requireDeployed(deployment, request)
        }
        guard outcome == .match else {
            return PublisherAnswer(.unverifiable, message: joined([notShown, state?.note]))
        }
        guard state?.isSeen != false else { return PublisherAnswer(.unverifiable, message: state?.note) }
        return PublisherAnswer(.match, message: state.map { "holds the successor; \($0.note)" } ?? description.effect)
    }

    private enum Change: String {
        case created, updated
    }

    private struct Writing {
        /// `nil` if the key was there, and where it is not certain which try wrote it.
        let change: Change?
        let isUnchanged: Bool
        let isCompared: Bool
        let receipt: JSONObject
        let moments: Moments
    }

    private func write(_ secret: Secret, _ request: PublisherRequest) throws(ServiceError) -> Writing {
        /// A write whose answer was lost or is none, and what was read before it.
        var doubtful: (change: Change?, before: String?, error: ServiceError)?
        var before: Date?
        for _ in 1...4 {
            let reading = try ServiceError.after(doubtful?.error) { () throws(ServiceError) in try read() }
            before = before ?? reading?.date
            let comparison = try ServiceError.after(doubtful?.error) { () throws(ServiceError) in
                try judge(reading, request)
            }
            // A digest that is not ours yet is only known from the answer to a write.
            let hasMoved =
                doubtful != nil && reading?.isDigest == false && reading?.changed != nil
                && reading?.changed != doubtful?.before
            if comparison == .same || comparison == nil && hasMoved {
                return Writing(
                    change: doubtful?.change, isUnchanged: doubtful == nil, isCompared: comparison != nil,
                    receipt: receipt(reading, request),
                    moments: Moments(
                        written: doubtful == nil ? reading?.changed.flatMap(moment) : reading?.date, before: before,
                        isOurs: doubtful != nil))
            }
            let change: Change? =
                switch comparison {
                case .nothing: .created
                case nil: reading == nil ? nil : .updated
                default: .updated
                }
            do throws(ServiceError) {
                let answer = try write(secret)
                return Writing(
                    change: doubtful == nil && !answer.isRepetition ? change : nil, isUnchanged: false,
                    isCompared: comparison != nil, receipt: try receipt(of: answer, reading, request),
                    moments: Moments(written: answer.response.date, before: before, isOurs: true))
            } catch {
                guard error.mayHaveTakenEffect, reading != nil else { throw error.doubted(doubtful != nil) }
                doubtful = (change, reading?.changed, error)
            }
        }
        throw doubtful?.error ?? ServiceError(conflict)
    }

    /// How the target compares; `nil` where that cannot be told. Refuses a value that this rotation does not know, and to
    /// make what nobody said was to be made.
    private func judge(_ reading: Reading?, _ request: PublisherRequest) throws(ServiceError) -> Comparison? {
        guard let comparison = comparison(reading, request) else { return nil }
        switch comparison {
        case .same, .expected: break
        case .nothing:
            let refusal = request.refusalToMake(
                absence, hint: "check the spelling of the target's settings", field: description.field)
            if let refusal { throw ServiceError(refusal) }
        case .other: throw ServiceError(conflict)
        }
        return comparison
    }

    private func comparison(_ reading: Reading?, _ request: PublisherRequest) -> Comparison? {
        switch reading?.content {
        case .nothing: .nothing
        case .value(let value): request.compare(held: value)
        case .digest(let digest, let isSHA256): request.compare(shown: digest, isSHA256: isSHA256)
        case .unseen, nil: nil
        }
    }

    private func outcome(_ reading: Reading?, _ request: PublisherRequest) -> PublisherOutcome {
        switch comparison(reading, request) {
        case .same: .match
        case .nothing: .absent
        case .expected, .other: .mismatch
        case nil:
            switch reading?.content {
            case .digest: request.hasShownDigest ? .mismatch : .unverifiable
            default: isWrittenSince(reading, request) ? .mismatch : .unverifiable
            }
        }
    }

    /// Whether somebody has written after us, by the time that the service shows.
    private func isWrittenSince(_ reading: Reading?, _ request: PublisherRequest) -> Bool {
        guard let changed = reading?.changed, let ours = request.receipt?["changed"]?.string,
            request.receipt?["changed_for"]?.string == request.digest.description
        else { return false }
        return changed != ours
    }

    /// What a target that holds the key already is known by.
    private func receipt(_ reading: Reading?, _ request: PublisherRequest) -> JSONObject {
        var receipt: JSONObject = [:]
        if case .digest(let digest, _)? = reading?.content { receipt = digest.receipt(of: request) }
        note(reading?.changed, in: &receipt, request)
        return receipt
    }

    /// What a target is known by once it is written. Only the answer to the write says for certain which digest is that of
    /// the key: a reading after it may still show the one before, or that of somebody who has written since.
    private func receipt(
        of answer: ServiceAnswer, _ before: Reading?, _ request: PublisherRequest
    ) throws(ServiceError) -> JSONObject {
        var receipt: JSONObject = [:]
        if let pointer = description.digestOfWrite, let document = try? answer.value(),
            let digest = (try? text(at: pointer, in: document)).flatMap({ ShownDigest($0) })
        {
            receipt = digest.receipt(of: request)
        }
        if description.read?.changed != nil, let after = try? read(), after.changed != before?.changed {
            note(after.changed, in: &receipt, request)
        }
        return receipt
    }

    private func note(_ changed: String?, in receipt: inout JSONObject, _ request: PublisherRequest) {
        guard let changed else { return }
        receipt["changed"] = .string(changed)
        receipt["changed_for"] = .string(request.digest.description)
    }

    private var conflict: PublisherError {
        PublisherError(
            .conflict, "\(description.place) holds a value that this rotation does not know",
            hint: "check that the target's settings are right", field: description.field)
    }

    private var absence: String { "no value at \(description.place)" }

    private var notCompared: String {
        "it was not compared before: " + (description.read == nil ? "'read' is missing" : notShown)
    }

    private var notShown: String {
        "\(description.title) does not show what \(description.place) holds; give ork-verify a probe, which asks the application"
    }
}

extension HTTPTarget.Reading {
    fileprivate var isDigest: Bool { if case .digest = content { true } else { false } }
}
