import JSON

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
