import JSON

/// What `ork-publisher-NAME info` prints: what the publisher can do and what it needs to be told.
public struct PublisherInformation: Hashable, Sendable {
    /// What can be learnt of a target's content.
    public enum Readback: String, Sendable {
        /// The value itself, so that it can be compared.
        case value
        /// A digest of it, by a function that the service may not say.
        case digest
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

    /// Environment variables.
    public struct Variables: Hashable, Sendable {
        /// Without these the host does not start the publisher.
        public var required: [String]
        /// Read if the target names them.
        public var optional: [String]
        /// Handed on from the pipeline's environment where they are set, without the target naming them: which service
        /// the pipeline has, such as `VAULT_ADDR`. A name that says that it holds a credential is refused.
        public var inherited: [String]

        /// No variables unless given.
        public init(required: [String] = [], optional: [String] = [], inherited: [String] = []) {
            self.required = required
            self.optional = optional
            self.inherited = inherited
        }
    }

    /// The version of the contract that this module speaks.
    public static let protocolVersion = 1

    /// The verbs that the publisher answers.
    public var verbs: Set<Verb>
    /// The keys of the target's `with`.
    public var with: Names
    /// Those of them that hold paths, or lists with paths: where a relative one leads depends on the folder that the host
    /// runs the publisher in, which is that of the pipeline's `ork.yaml`.
    public var paths: [String]
    /// The environment variables that the publisher reads.
    public var environment: Variables
    /// What can be learnt of a target's content.
    public var readback: Readback
    /// Whether that is the most, and it hangs on the target: then an answer that leaves out what a target held says that
    /// nobody has seen it.
    public var readbackVaries: Bool
    /// How a target can be given back what it held.
    public var rollback: Rollback
    /// Whether one process answers many requests, one a line.
    public var batch: Bool
    /// Keys of `with`: of a batch, only the requests that agree in all of them go to the same process.
    public var together: [String]

    /// The basic verbs, and beyond that the least a publisher can be, unless told otherwise.
    public init(
        verbs: Set<Verb> = Set(Verb.basic), with: Names = Names(), paths: [String] = [],
        environment: Variables = Variables(), readback: Readback = .none, readbackVaries: Bool = false,
        rollback: Rollback = .none, batch: Bool = false, together: [String] = []
    ) {
        self.verbs = verbs
        self.with = with
        self.paths = paths
        self.environment = environment
        self.readback = readback
        self.readbackVaries = readbackVaries
        self.rollback = rollback
        self.batch = batch
        self.together = together
    }
}

extension PublisherInformation {
    /// Reads what `info` printed. Verbs of later versions are ignored; another protocol is refused with both numbers.
    public init(parsing text: some Collection<UInt8>) throws(PublisherError) {
        let fields = try WireFields(parsing: text, "info")
        try fields.checkProtocol()
        guard fields["verbs"] != nil else { throw fields.error("verbs") }
        self.init(
            verbs: Set(try fields.strings("verbs").compactMap(Verb.init)), with: try Names(fields, "with"),
            paths: try fields.strings("paths"), environment: try Variables(fields, "environment"),
            readback: try Readback(fields),
            readbackVaries: try fields.optional("readback_varies", \.bool, "true or false") ?? false,
            rollback: try fields.optional(
                "rollback", { $0.string.flatMap(Rollback.init) }, "one of native, value, none") ?? .none,
            batch: try fields.optional("batch", \.bool, "true or false") ?? false,
            together: try fields.strings("together"))
    }

    /// The object that `info` prints, in one line ended by LF.
    public var line: [UInt8] {
        var value: JSONObject = [
            "protocol": .number(JSONNumber(Self.protocolVersion)),
            "verbs": .array(Verb.allCases.filter(verbs.contains).map { .string($0.rawValue) }),
            "with": with.value, "environment": environment.value, "readback": .string(readback.word),
            "rollback": .string(rollback.rawValue), "batch": .bool(batch),
        ]
        if readbackVaries { value["readback_varies"] = true }
        if readback == .digest { value[Readback.digestKey] = true }
        if !paths.isEmpty { value["paths"] = .array(paths.map { .string($0) }) }
        if !together.isEmpty { value["together"] = .array(together.map { .string($0) }) }
        return JSONValue.object(value).bytes() + [UInt8(ascii: "\n")]
    }
}

extension PublisherInformation.Readback {
    // A word that `readback` had not from the start would make older hosts refuse the publisher: to them it cannot be
    // read back, and what it can besides is a member that they ignore.
    fileprivate static let digestKey = "digest"

    fileprivate init(_ fields: WireFields) throws(PublisherError) {
        let word = try fields.optional("readback", { $0.string.flatMap(Self.init) }, "one of value, timestamp, none")
        let isDigest = try fields.optional(Self.digestKey, \.bool, "true or false") ?? false
        self = isDigest && word != .value ? .digest : word ?? .none
    }

    fileprivate var word: String { (self == .digest ? .none : self).rawValue }
}

extension PublisherInformation.Names {
    fileprivate init(_ parent: WireFields, _ key: String) throws(PublisherError) {
        guard parent[key] != nil else {
            self.init()
            return
        }
        let fields = try parent.fields(key)
        self.init(required: try fields.strings("required"), optional: try fields.strings("optional"))
    }

    fileprivate var value: JSONValue {
        ["required": .array(required.map { .string($0) }), "optional": .array(optional.map { .string($0) })]
    }
}

extension PublisherInformation.Variables {
    fileprivate init(_ parent: WireFields, _ key: String) throws(PublisherError) {
        let names = try PublisherInformation.Names(parent, key)
        let inherited = parent[key] == nil ? [] : try parent.fields(key).strings("inherited")
        self.init(required: names.required, optional: names.optional, inherited: inherited)
    }

    fileprivate var value: JSONValue {
        var value = PublisherInformation.Names(required: required, optional: optional).value.object ?? [:]
        if !inherited.isEmpty { value["inherited"] = .array(inherited.map { .string($0) }) }
        return .object(value)
    }
}
