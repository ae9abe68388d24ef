import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Timestamps

extension SecretTarget {
    /// All that can be known without writing. Whether the token may write is not among it.
    func check(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        _ = try publicKey()
        let state = try state(request, looks: true)
        let visibility = try visibility(state.metadata)
        let notes = [
            state.metadata == nil ? "would make \(settings.secret); \(request.noteOfMaking(absence))" : nil,
            "can see \(scope.place); only a write shows whether the token may write there",
            unheeded(visibility, state.metadata),
        ]
        return PublisherAnswer(.ready, message: notes.compactMap(\.self).joined(separator: "; "))
    }

    /// Writes the secret, then the companion: a companion that is too old makes the next run write again, one that is
    /// too new would tell a lie.
    func publish(_ secret: Secret, _ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        // Before anything else, because it tells best what is wrong with a place or a token.
        _ = try publicKey()
        // Where it may be made, the answer to the write tells whether it was.
        let state = try state(request, looks: !request.create)
        if state.held == .successor, let metadata = state.metadata {
            return PublisherAnswer(
                .unchanged,
                receipt: ["secret": .string(settings.secret), "updated_at": .string(metadata.updatedAt.rfc3339)],
                message: "\(settings.secret) holds the key already")
        }
        let visibility = try visibility(state.metadata)
        let written = try put(secret, visibility)
        return try ServiceError.after("\(settings.secret) is written") { () throws(ServiceError) in
            let time = try time(of: written, after: state.before)
            if let time, let variable = settings.companion {
                let companion = Companion(
                    secret: Companion.secret(settings), digest: request.digest, rotation: request.rotation,
                    updatedAt: time)
                try write(companion, to: variable, exists: state.companion != nil, visibility)
            }
            let change = written.isNew.map { $0 ? "created" : "updated" }
            var receipt: JSONObject = ["secret": .string(settings.secret)]
            if let time { receipt["updated_at"] = .string(time.rfc3339) }
            if let change { receipt["change"] = .string(change) }
            let notes = [
                "\(change ?? "wrote") \(settings.secret)", unheeded(visibility, state.metadata),
                time == nil ? "GitHub's clocks do not tell when" : nil,
            ]
            return PublisherAnswer(
                .committed, receipt: receipt, message: notes.compactMap(\.self).joined(separator: "; "),
                held: written.isNew == true ? .nothing : nil)
        }
    }

    /// Compares with the companion, or else with the time that the receipt has.
    func verify(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        var companion: Companion?
        if let variable = settings.companion { companion = try self.companion(variable) }
        let published = request.receipt?["updated_at"]?.string.flatMap(Date.init(rfc3339:))
        guard let metadata = try metadata(since: companion?.updatedAt ?? published) else {
            // Not there, or not to be seen?
            _ = try publicKey()
            return PublisherAnswer(.absent)
        }
        if let companion {
            guard companion.updatedAt == metadata.updatedAt else {
                return mismatch(metadata, "its companion is about what was written at \(companion.updatedAt.rfc3339)")
            }
            guard request.compare(held: companion.digest) == .same else {
                return mismatch(metadata, "its companion says that rotation \(companion.rotation) wrote another key")
            }
            return PublisherAnswer(
                .match,
                message: "\(settings.secret) holds the successor by its companion, unchanged since"
                    + " \(metadata.updatedAt.rfc3339)")
        }
        guard let published else {
            let reason =
                request.receipt == nil
                ? "nothing says when ork wrote it" : "GitHub's clocks did not tell when ork wrote it"
            return PublisherAnswer(.unverifiable, message: "\(settings.secret) cannot be read, and \(reason)")
        }
        guard published == metadata.updatedAt else { return mismatch(metadata, "ork wrote it at \(published.rfc3339)") }
        return PublisherAnswer(
            .match,
            message: "\(settings.secret) was last written by ork at \(published.rfc3339); its value cannot be read")
    }

    private func mismatch(_ metadata: Metadata, _ reason: String) -> PublisherAnswer {
        PublisherAnswer(
            .mismatch, message: "\(settings.secret) was last written at \(metadata.updatedAt.rfc3339), but \(reason)")
    }

    /// What is there before a write.
    private struct State {
        var companion: Companion?
        /// `nil` if there is no secret.
        var metadata: Metadata?
        /// Read where it matters: for an organization's visibility, and for a companion, which is about a time.
        var before = Before.nothingRead
        var held = Companion.Held.replaceable
    }

    private var absence: String { "\(settings.secret) does not exist" }

    /// With `looks`, whether there is a secret is read in any case.
    private func state(_ request: PublisherRequest, looks: Bool) throws(ServiceError) -> State {
        var state = State()
        if let variable = settings.companion { state.companion = try companion(variable) }
        var needsTime = settings.companion != nil
        if case .organization = scope { needsTime = true }
        guard needsTime || looks else { return state }
        state.metadata = try metadata(since: state.companion?.updatedAt)
        if needsTime { state.before = .read(state.metadata?.updatedAt) }
        if let companion = state.companion, let variable = settings.companion {
            do throws(PublisherError) {
                state.held = try companion.judge(
                    state.metadata?.updatedAt, for: request, settings, variable: variable)
            } catch {
                throw ServiceError(error)
            }
        }
        // Without a companion it shows that there is a secret, and not whose value it holds.
        if state.metadata == nil,
            let refusal = request.refusalToMake(
                absence, hint: "check the spelling of name and place", field: "with.name")
        {
            throw ServiceError(refusal)
        }
        return state
    }
}
