import AWS
import JSON
import PublisherPlugin
import Secrets
import ServiceClient

extension ParameterTarget {
    /// Reads, and looks at what writing has to keep. Whether it may be written shows only when it is.
    func check(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        guard let version = try read() else {
            guard settings.making != nil else { throw missing }
            return PublisherAnswer(.ready, message: "would make \(settings.thing)")
        }
        _ = try judge(version, request)
        _ = try attributes()
        return PublisherAnswer(.ready, message: "would write \(settings.thing)")
    }

    /// Compares and writes. What comes between is met by reading again, a few times.
    func publish(_ secret: Secret, _ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        /// A write whose answer was lost or is none.
        var doubt: (change: Change, error: ServiceError)?
        for _ in 1...4 {
            let base = try ServiceError.after(doubt?.error) { () throws(ServiceError) in try read() }
            guard base != nil || settings.making != nil else { throw missing.doubted(doubt != nil) }
            if let base {
                let judgement = try ServiceError.after(doubt?.error) { () throws(ServiceError) in
                    try judge(base, request)
                }
                if judgement == .successor {
                    guard let doubt else { return unchanged(base) }
                    return committed(doubt.change, base.number)
                }
            }
            let change = base == nil ? Change.created : .updated
            do throws(ServiceError) {
                let text = try settings.text.written(in: base?.text, with: secret, of: settings.thing)
                guard let base else {
                    guard let making = settings.making, let number = try create(text, making) else { continue }
                    try readBack(number, text)
                    return committed(.created, number)
                }
                return try overwrite(base, with: text, secret)
            } catch {
                guard error.mayHaveTakenEffect else { throw error.doubted(doubt != nil) }
                doubt = (change, error)
            }
        }
        throw doubt?.error
            ?? ServiceError(
                PublisherError(
                    .conflict, "\(settings.thing) comes and goes", hint: "look who else writes it", field: "with.name"))
    }

    /// Reads the parameter back.
    func verify(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        guard let version = try read() else { return PublisherAnswer(.absent) }
        return try settings.text.verdict(on: version.text, request, of: settings.thing)
    }

    private enum Change: String {
        case created, updated
    }

    /// Writes the text over the version that it was made from. The store has no conditional write, but its versions
    /// count: where one lies between, somebody else has written meanwhile. What he did to other fields is written again;
    /// the key is ours now, and his is in the history.
    private func overwrite(
        _ base: Version, with text: Secret, _ key: Secret
    ) throws(ServiceError) -> PublisherAnswer {
        let attributes = try attributes()
        var (base, text) = (base, text)
        var replaced: Int?
        for _ in 1...4 {
            let number = try put(text, attributes)
            let overtaken = try ServiceError.after("wrote \(settings.thing)") { () throws(ServiceError) -> Version? in
                try readBack(number, text)
                guard number > base.number + 1, let between = try read(version: number - 1) else { return nil }
                replaced = between.number
                guard settings.text.field != nil else { return nil }
                let merged = try settings.text.written(in: between.text, with: key, of: settings.thing)
                return merged == text ? nil : Version(number: number, text: merged)
            }
            guard let overtaken else { return committed(.updated, number, replaced: replaced) }
            (base, text) = (overtaken, overtaken.text)
        }
        throw ServiceError(
            PublisherError(
                .conflict, "\(settings.thing) changes all the time", hint: "look who else writes it",
                field: "with.name"), mayHaveTakenEffect: true)
    }

    private func readBack(_ number: Int, _ text: Secret) throws(ServiceError) {
        guard try read(version: number)?.text == text else {
            throw ServiceError(
                PublisherError(
                    .unavailable, "\(settings.thing) reads back otherwise than it was written",
                    hint: "run the step again, which compares anew"), mayHaveTakenEffect: true)
        }
    }

    private func judge(_ version: Version, _ request: PublisherRequest) throws(ServiceError) -> KeyText.Judgement {
        try settings.text.judge(version.text, request, of: settings.thing, setting: "name")
    }

    private func unchanged(_ version: Version) -> PublisherAnswer {
        PublisherAnswer(
            .unchanged, receipt: ["version": .number(JSONNumber(version.number))],
            message: "\(settings.thing) holds the key already")
    }

    /// `replaced` is a version of somebody else's that came between.
    private func committed(_ change: Change, _ number: Int, replaced: Int? = nil) -> PublisherAnswer {
        var receipt: JSONObject = ["version": .number(JSONNumber(number)), "change": .string(change.rawValue)]
        var message = "\(change.rawValue) \(settings.thing)"
        if let replaced {
            receipt["replaced_version"] = .number(JSONNumber(replaced))
            message += "; version \(replaced), which somebody else wrote meanwhile, was replaced"
        }
        return PublisherAnswer(.committed, receipt: receipt, message: message)
    }

    private var missing: ServiceError {
        ServiceError(
            PublisherError(
                .notFound, "there is no parameter \(settings.name) in \(region.name)",
                hint: "make it as a SecureString, or add 'create: true'", field: "with.name"))
    }
}
