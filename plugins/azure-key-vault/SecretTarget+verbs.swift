import JSON
import PublisherKit
import Secrets
import Sodium

extension SecretTarget {
    /// Reads and compares. Whether it may be written shows only when it is: Key Vault has no dry run.
    func check(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        let version = try read()
        let isMade = try judge(version, request) == .nothing
        let news =
            isMade ? "would make \(settings.thing); \(request.noteOfMaking(absence))" : "would write \(settings.thing)"
        let days = settings.lifetime(over: version).map { max(1, $0 / 86400) }
        return PublisherAnswer(
            .ready, message: news + (days.map { "; the new version is marked to expire after \($0) d" } ?? ""))
    }

    /// Compares and writes. What comes between is met by reading again, a few times.
    func publish(_ secret: Secret, _ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        /// A write whose answer was lost or is none, and what was there before.
        var doubt: (base: SecretVersion?, error: ServiceError)?
        for _ in 1...4 {
            let base = try ServiceError.after(doubt?.error) { () throws(ServiceError) in try read() }
            let found = try ServiceError.after(doubt?.error) { () throws(ServiceError) in try judge(base, request) }
            if found == .same, let base {
                return doubt.map { committed(base.id, over: $0.base) } ?? unchanged(base)
            }
            do throws(ServiceError) {
                return committed(try write(secret, over: base), over: base)
            } catch {
                guard error.mayHaveTakenEffect else { throw error.doubted(doubt != nil) }
                doubt = (base, error)
            }
        }
        throw doubt?.error
            ?? ServiceError(
                PublisherError(
                    .conflict, "\(settings.thing) changes all the time", hint: "look who else writes it",
                    field: "with.name"))
    }

    /// Reads back what consumers get.
    func verify(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        switch request.compare(held: held(try read())) {
        case .same: PublisherAnswer(.match)
        case .nothing: PublisherAnswer(.absent)
        case .expected, .other: PublisherAnswer(.mismatch)
        }
    }

    /// Writes the earlier key as a new version: the newest one is what consumers get, and no earlier one can be made it.
    func rollback(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        if let secret = request.secret { return try publish(secret, request) }
        // What may not be written is told as such before anything is looked for.
        let current = try read()
        if try judge(current, request) == .same, let current { return unchanged(current) }
        return try publish(try earlierKey(request), request)
    }

    /// The key in the version that holds it: the one that ours took the place of, or any that there is.
    private func earlierKey(_ request: PublisherRequest) throws(ServiceError) -> Secret {
        var seen: Set<VersionID> = []
        func find(_ ids: some Sequence<VersionID>) throws(ServiceError) -> Secret? {
            for id in ids where seen.insert(id).inserted {
                if let value = try read(id)?.value, let key = request.digest.key(in: value) { return key }
            }
            return nil
        }
        if let key = try find([VersionID(request.receipt?["previous_version_id"]?.string)].compactMap(\.self)) {
            return key
        }
        if let key = try find(try versions().prefix(100)) { return key }
        throw ServiceError(
            PublisherError(
                .notFound, "the earlier key of \(settings.thing) is not known: no version that can be read holds it",
                hint:
                    "if its version is disabled, enable that and run the step again; else write the key there by hand",
                field: "with.name"))
    }

    private func held(_ version: SecretVersion?) -> Secret? { version.flatMap { $0.value.count == 0 ? nil : $0.value } }

    private var absence: String { "no \(settings.thing) in the vault" }

    /// Refuses a value that the rotation does not know, and to make what nobody said was to be made.
    private func judge(_ version: SecretVersion?, _ request: PublisherRequest) throws(ServiceError) -> Comparison {
        let found = request.compare(held: held(version))
        switch found {
        case .other:
            throw ServiceError(
                PublisherError(
                    .conflict, "\(settings.thing) holds a value that this rotation does not know",
                    hint: "check that vault and name are right", field: "with.name"))
        case .nothing:
            if let refusal = request.refusalToMake(absence, field: "with.name") { throw ServiceError(refusal) }
        case .same, .expected: break
        }
        return found
    }

    private func unchanged(_ version: SecretVersion) -> PublisherAnswer {
        PublisherAnswer(
            .unchanged, receipt: ["version_id": .string(version.id.description)],
            message: "\(settings.thing) holds the key already")
    }

    private func committed(_ id: VersionID, over base: SecretVersion?) -> PublisherAnswer {
        let change = base == nil ? "created" : "updated"
        var receipt: JSONObject = ["version_id": .string(id.description), "change": .string(change)]
        if let base { receipt["previous_version_id"] = .string(base.id.description) }
        return PublisherAnswer(.committed, receipt: receipt, message: "\(change) \(settings.thing)")
    }
}
