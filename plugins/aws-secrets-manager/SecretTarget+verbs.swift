import AWS
import JSON
import PublisherKit
import Secrets

extension SecretTarget {
    /// Reads and looks. Whether it may be written shows only when it is.
    func check(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        let found = try read()
        guard case .current(let version) = found else {
            let absence = try absence(found, request)
            return PublisherAnswer(
                .ready, message: "would make \(settings.thing); \(request.noteOfMaking(absence))")
        }
        let news =
            try judge(version, request) == .made
            ? "would make \(settings.thing); \(request.noteOfMaking(settings.text.absence(of: settings.thing)))" : nil
        let note = try look().isRotatedByAWS ? "; \(rotated)" : ""
        return PublisherAnswer(.ready, message: (news ?? "would write \(settings.thing)") + note)
    }

    /// What is missing where there is no version. Refuses to make what nobody said was to be made.
    func absence(_ found: Found, _ request: PublisherRequest) throws(ServiceError) -> String {
        let isMissing = if case .missing = found { true } else { false }
        let absence =
            isMissing
            ? "no secret \(settings.secret) in \(region.name)" : settings.text.absence(of: settings.thing)
        let refusal = request.refusalToMake(
            absence, hint: isMissing ? "AWS says the same of what is in another account" : nil, field: "with.secret")
        if let refusal { throw ServiceError(refusal) }
        return absence
    }

    /// Compares and writes. What comes between is met by reading again, a few times.
    func publish(_ secret: Secret, _ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        /// A write whose answer was lost or is none.
        var doubt: (change: Change, error: ServiceError)?
        for _ in 1...4 {
            let found = try ServiceError.after(doubt?.error) { () throws(ServiceError) in try read() }
            var change = Change.updated
            var base: Version?
            switch found {
            case .missing, .empty:
                _ = try ServiceError.after(doubt?.error) { () throws(ServiceError) in try absence(found, request) }
                if case .missing = found { change = .created }
            case .current(let version):
                let judgement = try ServiceError.after(doubt?.error) { () throws(ServiceError) in
                    try judge(version, request)
                }
                if judgement == .successor {
                    guard let doubt else { return unchanged(version) }
                    return committed(doubt.change, version.id)
                }
                base = version
            }
            let text = try settings.text.written(in: base?.text, with: secret, of: settings.thing)
            let id = VersionID.make(
                request, of: settings.secret, field: settings.text.field, from: base?.id)
            do throws(ServiceError) {
                switch try write(text, as: id, over: base, change) {
                case .done(let previous): return committed(change, id, previous, expected: base?.id)
                case .overtaken: continue
                }
            } catch {
                guard error.mayHaveTakenEffect else { throw error.doubted(doubt != nil) }
                doubt = (change, error)
            }
        }
        throw doubt?.error
            ?? ServiceError(
                PublisherError(
                    .conflict, "\(settings.thing) changes all the time", hint: "look who else writes it",
                    field: "with.secret"))
    }

    /// Reads the current version back.
    func verify(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        guard case .current(let version) = try read() else { return PublisherAnswer(.absent) }
        return try settings.text.verdict(on: version.text, request, of: settings.thing)
    }

    enum Change: String {
        case created, updated
    }

    /// What became of a write.
    private enum Writing {
        /// `previous` is the version whose place it took.
        case done(previous: String?)
        /// Another version is the current one meanwhile.
        case overtaken
    }

    private func write(
        _ text: Secret, as id: String, over base: Version?, _ change: Change
    ) throws(ServiceError) -> Writing {
        guard let base else { return try begin(text, as: id, change) }
        return try replace(base, with: text, as: id)
    }

    /// Gives a secret its first value.
    private func begin(_ text: Secret, as id: String, _ change: Change) throws(ServiceError) -> Writing {
        if change == .created, let making = settings.making {
            guard try create(text, id, making) else { return .overtaken }
        } else {
            _ = try put(text, id, as: .current)
        }
        return try ServiceError.after("wrote \(settings.thing)") { () throws(ServiceError) in
            try readBack(id, text)
            return .done(previous: nil)
        }
    }

    /// Puts the text in the place of the version that was read.
    private func replace(_ base: Version, with text: Secret, as id: String) throws(ServiceError) -> Writing {
        _ = try look()
        let labels = try put(text, id, as: settings.stage == .pending ? .pending : .current)
        try ServiceError.after("put a version of \(settings.thing)") { () throws(ServiceError) in
            try readBack(id, text)
        }
        // AWS moves no label for a version that an earlier try has made.
        if labels.contains(Label.current.rawValue) {
            return .done(previous: settings.stage == .direct ? try? describe()?.previous : base.id)
        }
        do throws(ServiceError) {
            try move(.current, from: base.id, to: id)
            return .done(previous: base.id)
        } catch {
            guard !error.mayHaveTakenEffect else { throw error }
            // Whatever the reason, the version is not the current one; it shall not stand in the way of others.
            try? move(.pending, from: id, to: nil)
            guard case .current(let now) = try read(), now.id != base.id else { throw error }
            return .overtaken
        }
    }

    private func readBack(_ id: String, _ text: Secret) throws(ServiceError) {
        try client.readBack(text, of: settings.thing, until: deadline) { () throws(ServiceError) in
            do throws(ServiceError) { return try read(id).text } catch {
                guard error.reason == "ResourceNotFoundException" else { throw error }
                return nil
            }
        }
    }

    /// Refuses to come between a rotation that somebody else has begun. Versions of ork's own that wait were left by a
    /// rotation that did not get through.
    func look() throws(ServiceError) -> State {
        guard let state = try describe() else {
            throw ServiceError(
                PublisherError(
                    .notFound, "secret \(settings.secret) was removed meanwhile",
                    hint: "look who else writes it, and run the step again", field: "with.secret"))
        }
        guard let pending = state.pending, !VersionID.isOurs(pending) else { return state }
        throw ServiceError(
            PublisherError(
                .conflict,
                "another rotation of secret \(settings.secret) is in progress: version"
                    + " \(DisplayText.line(pending, limit: 64)) is AWSPENDING",
                hint: "let it end, or give it up with aws secretsmanager cancel-rotate-secret and take the label away",
                field: "with.secret"))
    }

    func judge(_ version: Version, _ request: PublisherRequest) throws(ServiceError) -> KeyText.Judgement {
        try settings.text.judge(version.text, request, of: settings.thing, setting: "secret")
    }

    func unchanged(_ version: Version) -> PublisherAnswer {
        PublisherAnswer(
            .unchanged, receipt: ["version_id": .string(version.id)],
            message: "\(settings.thing) holds the key already")
    }

    /// `previous` is the version whose place it took, and `expected` the one that was read before.
    func committed(
        _ change: Change, _ id: String, _ previous: String? = nil, expected: String? = nil
    ) -> PublisherAnswer {
        var receipt: JSONObject = ["version_id": .string(id), "change": .string(change.rawValue)]
        var message = "\(change.rawValue) \(settings.thing)"
        if let previous {
            receipt["previous_version_id"] = .string(previous)
            if previous != expected {
                message +=
                    "; version \(DisplayText.line(previous, limit: 64)), which somebody else wrote meanwhile, was replaced"
            }
        }
        return PublisherAnswer(.committed, receipt: receipt, message: message)
    }

    private var rotated: String { "AWS rotates this secret itself, and will put another value there" }
}
