import AWS
import FoundationEssentials
import JSON
import PublisherKit
import Secrets

/// One parameter, and the time that there is for it.
struct ParameterTarget: ServiceTarget {
    let settings: ParameterSettings
    let client: ServiceClient
    let region: AWSRegion
    let deadline: Date

    private let service = ParameterStore()

    /// Fields of one parameter are written one after the other: each write is one of the whole.
    var place: String { "\(region.name) \(settings.name)" }

    var claims: [(field: String, thing: String)] {
        [(settings.text.field == nil ? "with.name" : "with.field", "\(region.name) \(settings.thing)")]
    }

    /// A parameter as it is at one version.
    struct Version {
        let number: Int
        let text: Secret
    }

    /// Reads the parameter, or one of its versions; `nil` if there is none.
    func read(version: Int? = nil) throws(ServiceError) -> Version? {
        let name = version.map { "\(settings.name):\($0)" } ?? settings.name
        let answer: ServiceAnswer
        do throws(ServiceError) {
            answer = try send("GetParameter", ["Name": .string(name), "WithDecryption": true], to: "read")
        } catch {
            guard ["ParameterNotFound", "ParameterVersionNotFound"].contains(error.reason) else { throw error }
            return nil
        }
        guard let parameter = try answer.object()["Parameter"]?.object, let text = parameter["Value"]?.string,
            let number = parameter["Version"]?.integer
        else { throw answer.surprise("without Parameter") }
        guard parameter["Type"] == "SecureString" else {
            throw ServiceError(
                PublisherError(
                    .configuration, "parameter \(settings.name) is no SecureString: it would hold the key in the clear",
                    hint: "make it anew as a SecureString, or write to another one", field: "with.name"))
        }
        return Version(number: number, text: Secret(text))
    }

    /// All that a parameter has besides its value. Whoever overwrites it without saying them again may lose them: the
    /// KMS key becomes the account's standard one (PutParameter's documentation, `KeyId`).
    func attributes() throws(ServiceError) -> JSONObject {
        let parameter = try listed()
        var attributes: JSONObject = [:]
        for key in ["KeyId", "Tier", "DataType", "Description", "AllowedPattern"] {
            if let text = parameter[key]?.string, !text.isEmpty { attributes[key] = .string(text) }
        }
        let policies = parameter["Policies"]?.array?.compactMap { $0["PolicyText"]?.string } ?? []
        if !policies.isEmpty { attributes["Policies"] = .string("[" + policies.joined(separator: ",") + "]") }
        return attributes
    }

    /// What the list of parameters says of it.
    private func listed() throws(ServiceError) -> AnswerObject {
        let filter: JSONValue = ["Key": "Name", "Option": "Equals", "Values": [.string(settings.name)]]
        var body: JSONObject = ["ParameterFilters": [filter]]
        // A page may be empty and not the last one (API_DescribeParameters).
        for _ in 1...100 {
            let answer = try send("DescribeParameters", body, to: "look at").object()
            if let parameter = try answer.list("Parameters").first { return parameter }
            guard let next = answer["NextToken"]?.string else { break }
            body["NextToken"] = .string(next)
        }
        throw ServiceError(
            PublisherError(
                .unavailable, "parameter \(settings.name) can be read and is not listed yet",
                hint: "run the step again"))
    }

    /// Makes the parameter and returns its version; `nil` if somebody else was faster.
    func create(_ text: Secret, _ making: ParameterSettings.Making) throws(ServiceError) -> Int? {
        var attributes: JSONObject = ["Tier": .string(making.tier.rawValue)]
        if let key = making.key { attributes["KeyId"] = .string(key) }
        if let description = making.description { attributes["Description"] = .string(description) }
        do throws(ServiceError) {
            return try put(text, attributes, overwrite: false)
        } catch {
            guard error.reason == "ParameterAlreadyExists", !error.mayHaveTakenEffect else { throw error }
            return nil
        }
    }

    /// Writes the text and returns the version that it became. Sent once: a second time it would be one more.
    func put(_ text: Secret, _ attributes: JSONObject, overwrite: Bool = true) throws(ServiceError) -> Int {
        var body: JSONObject = [
            "Name": .string(settings.name), "Value": .string(text.revealed() ?? ""), "Type": "SecureString",
            "Overwrite": .bool(overwrite),
        ]
        for (key, value) in attributes.members { body[key] = value }
        return try send("PutParameter", body, to: overwrite ? "write" : "make", isWrite: true, secret: text)
            .object().integer("Version")
    }

    func send(
        _ operation: String, _ body: JSONObject, to verb: String, isWrite: Bool = false, secret: Secret? = nil
    ) throws(ServiceError) -> ServiceAnswer {
        var call = service.call(
            operation, body, isWrite: isWrite, isIdempotent: !isWrite, to: "\(verb) \(settings.thing)",
            field: "with.name")
        call.secret = secret
        return try client.send(call, until: deadline)
    }
}

extension ParameterTarget {
    /// Reads, and looks at what writing has to keep. Whether it may be written shows only when it is.
    func check(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        guard let version = try read() else {
            try requireMaking(request)
            return PublisherAnswer(.ready, message: "would make \(settings.thing); \(request.noteOfMaking(absence))")
        }
        let isMade = try judge(version, request) == .made
        _ = try attributes()
        return PublisherAnswer(
            .ready,
            message: isMade
                ? "would make \(settings.thing); \(request.noteOfMaking(settings.text.absence(of: settings.thing)))"
                : "would write \(settings.thing)")
    }

    /// Compares and writes. What comes between is met by reading again, a few times.
    func publish(_ secret: Secret, _ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        /// A write whose answer was lost or is none.
        var doubt: (change: Change, error: ServiceError)?
        for _ in 1...4 {
            let base = try ServiceError.after(doubt?.error) { () throws(ServiceError) in try read() }
            if base == nil {
                try ServiceError.after(doubt?.error) { () throws(ServiceError) in try requireMaking(request) }
            }
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
        try client.readBack(text, of: settings.thing, until: deadline) { () throws(ServiceError) in
            try read(version: number)?.text
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

    private var absence: String { "no parameter \(settings.name) in \(region.name)" }

    /// Refuses to make what nobody said was to be made.
    private func requireMaking(_ request: PublisherRequest) throws(ServiceError) {
        if let refusal = request.refusalToMake(absence, field: "with.name") { throw ServiceError(refusal) }
    }
}
