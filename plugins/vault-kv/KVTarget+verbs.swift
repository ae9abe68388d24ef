import JSON
import PublisherKit
import Secrets

extension KVTarget {
    /// Compares and writes. What comes between reading and writing is met by reading again, a few times.
    func publish(_ secret: Secret, _ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        var doubt: Doubt?
        for number in 0...4 {
            let held = try ServiceError.after(doubt?.error) { () throws(ServiceError) in try read() }
            if doubt?.isSettled(by: held, settings.field, request.digest) == true { doubt = nil }
            let judgement = try ServiceError.after(doubt?.error) { () throws(ServiceError) in try judge(held, request) }
            if judgement == .successor { return try found(held, doubt, request) }
            guard number < 4 else { break }
            let change: Change = held.content(of: settings.field) == .nothing ? .created : .updated
            let writing: Writing
            do throws(ServiceError) { writing = try write(secret, over: held) } catch {
                guard error.mayHaveTakenEffect else { throw error.doubted(doubt != nil) }
                doubt = Doubt(version: held.version, change: change, error: error)
                continue
            }
            switch writing {
            case .overtaken:
                let error = ServiceError(meanwhile, mayHaveTakenEffect: true)
                doubt = Doubt(version: held.version, change: change, error: error)
            case .done(let version, let isWhole):
                let notes = [
                    standingNote(held),
                    isWhole ? "without the capability patch, so the whole secret was written back" : nil,
                    try self.version() == .two ? mark(request, over: held) : nil,
                ]
                return committed(version, change, notes)
            }
        }
        throw doubt?.error ?? ServiceError(overtaken)
    }

    /// A write of which it is not known whether it was done.
    private struct Doubt {
        /// The version that it was to follow.
        let version: Int
        let change: Change
        let error: ServiceError

        /// Whether it certainly was not done, and never will be: the one write since then is somebody else's.
        func isSettled(by held: KVSecret, _ field: String, _ digest: Digest) -> Bool {
            held.standing == .held && held.version == version + 1 && held.key(field, digest) == nil
        }
    }

    /// The field holds the key.
    private func found(
        _ held: KVSecret, _ doubt: Doubt?, _ request: PublisherRequest
    ) throws(ServiceError) -> PublisherAnswer {
        let isSecond = try ServiceError.after(doubt?.error) { () throws(ServiceError) in try version() == .two }
        let notes = [endNote(held), isSecond ? mark(request, over: held) : nil]
        guard let doubt else {
            return PublisherAnswer(
                .unchanged, receipt: receipt(held.version, nil),
                message: joined(["\(settings.name) holds the key already"] + notes))
        }
        // Any other version is of somebody else, who has kept the key or written the same one.
        return committed(held.version, held.version == doubt.version + 1 ? doubt.change : nil, notes)
    }

    /// Reads the field back.
    func verify(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        // A standby that reads by itself may lag behind what was written ("Vault eventual consistency").
        let version = request.receipt?["version"]?.integer ?? 0
        let held = try client.read(until: deadline, untilSettled: { $0.version >= version }) {
            () throws(ServiceError) in
            try read()
        }
        switch held.content(of: settings.field) {
        case .nothing: return PublisherAnswer(.absent, message: standingNote(held))
        case .value(let value):
            let isOurs = request.compare(held: value) == .same
            return PublisherAnswer(isOurs ? .match : .mismatch, message: endNote(held))
        case .noText: return PublisherAnswer(.mismatch, message: "\(settings.name) holds something that is no text")
        }
    }

    enum Change: String {
        case created, updated
    }

    enum Judgement {
        case successor, replaceable
    }

    /// Tells what the field holds, and refuses a value that this rotation does not know, and what a later rotation has
    /// marked as its own.
    func judge(_ held: KVSecret, _ request: PublisherRequest) throws(ServiceError) -> Judgement {
        let comparison: Comparison
        switch held.content(of: settings.field) {
        case .nothing: comparison = .nothing
        case .value(let value): comparison = request.compare(held: value)
        case .noText: comparison = request.expect == nil ? .expected : .other
        }
        if comparison == .same { return .successor }
        if let mark = Mark(of: settings.field, in: held), request.isOlder(than: mark.rotation) {
            throw ServiceError(
                PublisherError(
                    .conflict, "\(settings.name) was written by a later rotation (\(mark.rotation))",
                    hint: "finish that one; to write all the same, remove \(Mark.key(settings.field)) from the secret's"
                        + " custom_metadata", field: "with.field"))
        }
        switch comparison {
        case .same: return .successor
        case .expected: return .replaceable
        case .nothing:
            let refusal = request.refusalToMake(
                "no value at \(settings.name)",
                hint: standingNote(held) ?? "check the spelling of mount, path and field",
                field: "with.field")
            if let refusal { throw ServiceError(refusal) }
            return .replaceable
        case .other:
            throw ServiceError(
                PublisherError(
                    .conflict, "\(settings.name) holds a value that this rotation does not know",
                    hint: "check that mount, path and field are right",
                    field: "with.field"))
        }
    }

    /// `change` is `nil` where it is not certain whose write it was.
    private func committed(_ version: Int, _ change: Change?, _ notes: [String?]) -> PublisherAnswer {
        PublisherAnswer(
            .committed, receipt: receipt(version, change),
            message: joined(["\(change?.rawValue ?? "wrote") \(settings.name)"] + notes))
    }

    private func receipt(_ version: Int, _ change: Change?) -> JSONObject {
        var receipt: JSONObject = [:]
        if version > 0 { receipt["version"] = .number(JSONNumber(version)) }
        if let change { receipt["change"] = .string(change.rawValue) }
        return receipt
    }

    /// What is to be known of a secret that is not simply there.
    func standingNote(_ held: KVSecret) -> String? {
        switch held.standing {
        case .held: endNote(held)
        case .absent:
            settings.isDoubled
                ? "the path begins with data/, which Vault adds by itself: check whether that is meant" : nil
        case .deleted: "its version \(held.version) was deleted"
        case .destroyed: "its version \(held.version) was destroyed"
        }
    }

    private func endNote(_ held: KVSecret) -> String? {
        held.endsAt.map { "this version ends at \($0) (delete_version_after)" }
    }

    private var meanwhile: PublisherError {
        PublisherError(
            .conflict, "\(settings.name) was written meanwhile, by somebody else or by an earlier try",
            hint: "run the step again, which compares anew", field: "with.path")
    }

    private var overtaken: PublisherError {
        PublisherError(
            .conflict, "\(settings.name) is written by somebody else all the time",
            hint: "look who writes there, and run the step again", field: "with.path")
    }
}
