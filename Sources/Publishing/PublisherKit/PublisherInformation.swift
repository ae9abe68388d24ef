public import JSON

/// What `ork-publisher-NAME info` prints: what the publisher can do and what it needs to be told.
public struct PublisherInformation: Hashable, Sendable {
    /// What can be learnt of a target's content.
    public enum Readback: String, Sendable {
        /// The value itself, so that it can be compared.
        case value
        /// When it was last written, and no more.
        case timestamp
        /// Nothing.
        case none
    }

    /// How a target can be given back what it held.
    public enum Rollback: String, Sendable {
        /// The service keeps versions and can go back.
        case native
        /// By writing the earlier value again.
        case value
        /// Not at all.
        case none
    }

    /// Names that must be there, and names that may be.
    public struct Names: Hashable, Sendable {
        /// Without these the host does not start the publisher.
        public var required: [String]
        /// Everything else is refused.
        public var optional: [String]

        /// No names unless given.
        public init(required: [String] = [], optional: [String] = []) {
            self.required = required
            self.optional = optional
        }
    }

    /// The version of the contract that this module speaks.
    public static let protocolVersion = 1

    /// The verbs that the publisher answers.
    public var verbs: Set<Verb>
    /// The keys of the target's `with`.
    public var with: Names
    /// The environment variables that the publisher reads.
    public var environment: Names
    /// What can be learnt of a target's content.
    public var readback: Readback
    /// How a target can be given back what it held.
    public var rollback: Rollback
    /// Whether one process answers many requests, one a line.
    public var batch: Bool

    /// The least a publisher can be, unless told otherwise.
    public init(
        verbs: Set<Verb>, with: Names = Names(), environment: Names = Names(), readback: Readback = .none,
        rollback: Rollback = .none, batch: Bool = false
    ) {
        self.verbs = verbs
        self.with = with
        self.environment = environment
        self.readback = readback
        self.rollback = rollback
        self.batch = batch
    }
}

extension PublisherInformation {
    /// Refuses settings that the publisher does not know, and a target that lacks what it needs.
    ///
    /// `environment` has the names that the publisher's process will find set.
    /// The error is `configuration`; its `field` is `with.KEY` or `env.NAME`.
    public func validate(with settings: JSONObject, environment: Set<String>) throws(PublisherError) {
        let known = with.required + with.optional
        if let key = settings.keys.first(where: { !known.contains($0) }) {
            throw PublisherError(
                .configuration, "the publisher does not know the setting \(key)",
                hint: known.isEmpty ? "it takes no settings" : "it takes \(known.joined(separator: ", "))",
                field: "with.\(key)")
        }
        if let key = with.required.first(where: { settings[$0] == nil }) {
            throw PublisherError(
                .configuration, "the publisher needs the setting \(key)", hint: "add it to the target's with",
                field: "with.\(key)")
        }
        if let name = self.environment.required.first(where: { !environment.contains($0) }) {
            throw PublisherError(
                .configuration, "the publisher needs the environment variable \(name)",
                hint: "set it, and name it in the target's env", field: "env.\(name)")
        }
    }
}

extension PublisherInformation {
    /// Reads what `info` printed. Verbs of later versions are ignored; another protocol is refused with both numbers.
    public init(parsing text: some Collection<UInt8>) throws(PublisherError) {
        let reader = try WireReader(parsing: text, "info")
        try reader.checkProtocol()
        guard reader.object["verbs"] != nil else { throw reader.missing("verbs") }
        self.init(
            verbs: Set(try reader.strings("verbs").compactMap(Verb.init)), with: try Names(reader, "with"),
            environment: try Names(reader, "environment"),
            readback: try reader.optional(
                "readback", { $0.string.flatMap(Readback.init) }, "one of value, timestamp, none") ?? .none,
            rollback: try reader.optional(
                "rollback", { $0.string.flatMap(Rollback.init) }, "one of native, value, none") ?? .none,
            batch: try reader.optional("batch", \.bool, "true or false") ?? false)
    }

    /// The object that `info` prints, in one line ended by LF.
    public var line: [UInt8] {
        let value: JSONValue = [
            "protocol": .number(JSONNumber(Self.protocolVersion)),
            "verbs": .array(Verb.allCases.filter(verbs.contains).map { .string($0.rawValue) }),
            "with": with.value, "environment": environment.value, "readback": .string(readback.rawValue),
            "rollback": .string(rollback.rawValue), "batch": .bool(batch),
        ]
        return value.bytes() + [UInt8(ascii: "\n")]
    }
}

extension PublisherInformation.Names {
    fileprivate init(_ parent: WireReader, _ key: String) throws(PublisherError) {
        guard parent.object[key] != nil else {
            self.init()
            return
        }
        let reader = try parent.reader(key)
        self.init(required: try reader.strings("required"), optional: try reader.strings("optional"))
    }

    fileprivate var value: JSONValue {
        ["required": .array(required.map { .string($0) }), "optional": .array(optional.map { .string($0) })]
    }
}
