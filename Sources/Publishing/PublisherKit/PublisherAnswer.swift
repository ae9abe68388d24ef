public import JSON
public import Secrets

/// What a publisher found or did.
public enum PublisherOutcome: Sendable, Hashable {
    /// `check`: publishing would work as far as can be told.
    case ready
    /// `publish` and `rollback`: the target holds the key of the request now.
    case committed
    /// `publish` and `rollback`: the target held it before.
    case unchanged
    /// Certainly not done, and why.
    case rejected(PublisherError)
    /// Done or not, nobody knows; ask again.
    case unknown(PublisherError)
    /// `verify`: the target holds the successor.
    case match
    /// `verify`: the target holds another value.
    case mismatch
    /// `verify`: the target holds nothing.
    case absent
    /// `verify`: this target cannot be read back.
    case unverifiable
}

/// One answer of a publisher, with what it wants to remember of the target.
public struct PublisherAnswer: Sendable, Hashable {
    /// What was found or done.
    public var outcome: PublisherOutcome
    /// Comes back with later `check`, `verify` and `rollback` requests; it must not hold the secret.
    public var receipt: JSONObject?
    /// One line for people: what was written where.
    public var message: String?
    /// What the target held before the verb did anything.
    public var held: Held
    /// The digest of what the target held, where the publisher has read it and it is not the key of the request.
    /// The host compares it with the keys that it knows. One of them it keeps, to know which; of another value it
    /// neither shows nor keeps it, for it may be a password's.
    public var holds: Digest?
    /// The predecessor that `check` found, sealed to those who were named in the request.
    public var sealed: [SealedBox] = []

    /// An answer, without a receipt unless given. `held` is what the outcome itself says of it unless given.
    public init(
        _ outcome: PublisherOutcome, receipt: JSONObject? = nil, message: String? = nil, held: Held? = nil,
        holds: Digest? = nil
    ) {
        self.outcome = outcome
        self.receipt = receipt
        self.message = message
        self.held = held ?? outcome.held
        self.holds = holds
    }
}

extension PublisherAnswer {
    /// Reads one line: the id it answers to and the answer. Unknown members are ignored.
    ///
    /// An outcome that `verb` cannot have is refused.
    public static func parse(
        _ line: some Collection<UInt8>, _ verb: Verb
    ) throws(PublisherError) -> (id: String, answer: PublisherAnswer) {
        let fields = try WireFields(parsing: line, "the answer")
        let id = try fields.string("id")
        let word = try fields.string("outcome")
        guard verb.outcomes.contains(word) else {
            throw PublisherError(
                .internal, "the outcome in the answer is not one of \(verb.outcomes.joined(separator: " "))")
        }
        let outcome: PublisherOutcome =
            switch word {
            case "ready": .ready
            case "committed": .committed
            case "unchanged": .unchanged
            case "rejected": .rejected(try PublisherError(try fields.fields("error")))
            case "match": .match
            case "mismatch": .mismatch
            case "absent": .absent
            case "unverifiable": .unverifiable
            default:
                .unknown(
                    fields["error"] == nil
                        ? PublisherError(.internal, "the publisher does not know whether it was done")
                        : try PublisherError(try fields.fields("error")))
            }
        var answer = PublisherAnswer(
            outcome, receipt: try fields.optional("receipt", \.object, "an object"),
            message: try fields.optionalString("message"),
            // Older publishers may use these names for something else, and later ones may have more words.
            held: fields["held"]?.string.flatMap(Held.init), holds: fields["holds"]?.string.flatMap { Digest($0) })
        if verb == .check { answer.sealed = fields["sealed"]?.array?.compactMap { SealedBox($0) } ?? [] }
        return (id, answer)
    }

    /// The answer to the request `id`, as one line ended by LF.
    public func line(id: String) -> [UInt8] {
        var object: JSONObject = ["id": .string(id), "outcome": .string(outcome.word)]
        object["receipt"] = receipt.map { .object($0) }
        object["message"] = message.map { .string($0) }
        object["held"] = held == .unknown ? nil : .string(held.rawValue)
        object["holds"] = holds.map { .string($0.description) }
        object["sealed"] = sealed.isEmpty ? nil : .array(sealed.map(\.json))
        object["error"] = outcome.error.map { .object($0.object) }
        return JSONValue.object(object).bytes() + [UInt8(ascii: "\n")]
    }
}

extension PublisherOutcome {
    /// The word for it in an answer, as `committed`.
    public var word: String {
        switch self {
        case .ready: "ready"
        case .committed: "committed"
        case .unchanged: "unchanged"
        case .rejected: "rejected"
        case .unknown: "unknown"
        case .match: "match"
        case .mismatch: "mismatch"
        case .absent: "absent"
        case .unverifiable: "unverifiable"
        }
    }

    /// What the outcome alone says of what the target held.
    fileprivate var held: Held {
        switch self {
        case .unchanged, .match: .successor
        case .absent: .nothing
        default: .unknown
        }
    }

    /// Why it was not done, with `rejected` and `unknown`.
    public var error: PublisherError? {
        switch self {
        case .rejected(let error), .unknown(let error): error
        default: nil
        }
    }
}

extension Verb {
    /// The words that an answer to it may have.
    var outcomes: [String] {
        switch self {
        case .check: ["ready", "rejected", "unknown"]
        case .publish, .rollback: ["committed", "unchanged", "rejected", "unknown"]
        case .verify: ["match", "mismatch", "absent", "unverifiable", "rejected", "unknown"]
        }
    }
}

extension PublisherError {
    fileprivate init(_ fields: WireFields) throws(PublisherError) {
        // A code of a later version is read as the class that promises nothing.
        self.init(
            Code(rawValue: try fields.string("code")) ?? .internal,
            try fields.optionalString("message") ?? "no message",
            hint: try fields.optionalString("hint"), field: try fields.optionalString("field"),
            retryAfter: try fields.optional("retry_after", \.integer, "a whole number"))
    }

    fileprivate var object: JSONObject {
        var object: JSONObject = ["code": .string(code.rawValue), "message": .string(message)]
        object["hint"] = hint.map { .string($0) }
        object["field"] = field.map { .string($0) }
        object["retry_after"] = retryAfter.map { .number(JSONNumber($0)) }
        return object
    }
}
