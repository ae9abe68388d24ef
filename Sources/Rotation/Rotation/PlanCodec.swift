import HTTP
import JSON
import PublisherHosting
import Secrets
import Timestamps

/// How a value of the plan is written: reads it from JSON, writes it, says what is expected, and is a JSON Schema.
struct PlanCodec<Value>: Sendable {
    /// What may be written.
    let alternatives: [String]
    /// `nil` for what is not acceptable.
    let read: @Sendable (PlanValue) throws(PlanError) -> Value?
    /// `nil` if the field is left out.
    let write: @Sendable (Value) -> JSONValue?
    /// The value as the documents write it, `nil` if it is not one text.
    let show: @Sendable (Value) -> String?
    let schema: @Sendable (inout PlanSchema) -> JSONValue

    init(
        _ alternatives: String..., schema: @escaping @Sendable (inout PlanSchema) -> JSONValue,
        read: @escaping @Sendable (PlanValue) throws(PlanError) -> Value?,
        write: @escaping @Sendable (Value) -> JSONValue?
    ) {
        self.init(alternatives, schema: schema, read: read, write: write) { write($0)?.string }
    }

    private init(
        _ alternatives: [String], schema: @escaping @Sendable (inout PlanSchema) -> JSONValue,
        read: @escaping @Sendable (PlanValue) throws(PlanError) -> Value?,
        write: @escaping @Sendable (Value) -> JSONValue?, show: @escaping @Sendable (Value) -> String?
    ) {
        self.alternatives = alternatives
        self.schema = schema
        self.read = read
        self.write = write
        self.show = show
    }

    /// What to write, in words.
    var expected: String { alternatives.inWords("or") }

    /// The value, or what to write in its place.
    func accept(_ value: PlanValue) throws(PlanError) -> Value {
        guard let result = try read(value) else { throw value.error("must be \(expected)") }
        return result
    }

    var acceptsNull: Bool { ((try? read(PlanValue(.null, [], .refused))) ?? nil) != nil }

    /// A value that is one text, under the definition `name`.
    init(
        text expected: String..., definition name: String, schema: JSONValue,
        read: @escaping @Sendable (String) -> Value?, write: @escaping @Sendable (Value) -> String,
        show: (@Sendable (Value) -> String)? = nil
    ) {
        self.init(
            expected, schema: { $0.reference(name) { _ in schema } },
            read: { value throws(PlanError) in value.json.string.flatMap(read) }, write: { .string(write($0)) },
            show: show ?? write)
    }

    /// A value or nothing, which is left out.
    static func optional<Wrapped>(_ codec: PlanCodec<Wrapped>) -> Self where Value == Wrapped? {
        Self(
            codec.alternatives, schema: codec.schema,
            read: { value throws(PlanError) in try codec.read(value).map { .some($0) } },
            write: { $0.flatMap(codec.write) }, show: { $0.flatMap(codec.show) })
    }

    /// A value, or `null` for what `meaning` says.
    static func orNull<Wrapped>(_ codec: PlanCodec<Wrapped>, _ meaning: String) -> Self where Value == Wrapped? {
        Self(
            codec.alternatives + [meaning], schema: { PlanSchema.any([codec.schema(&$0), ["type": "null"]]) },
            read: { value throws(PlanError) in value.json.isNull ? .some(nil) : try codec.read(value).map { .some($0) }
            }, write: { $0.map { codec.write($0) } ?? .null }, show: { $0.flatMap(codec.show) })
    }

    /// This, or `word` for `meaning`.
    func or(_ word: String, _ meaning: Value) -> Self where Value: Equatable & Sendable {
        Self(
            alternatives + [word], schema: { [schema] in PlanSchema.any([schema(&$0), ["const": .string(word)]]) },
            read: { [read] value throws(PlanError) in value.json.string == word ? meaning : try read(value) },
            write: { [write] in $0 == meaning ? .string(word) : write($0) },
            show: { [show] in $0 == meaning ? word : show($0) })
    }

    /// The same, with its schema under the definition `name`.
    func defined(as name: String) -> Self {
        Self(
            alternatives, schema: { [schema] in $0.reference(name) { schema(&$0) } }, read: read, write: write,
            show: show)
    }

    /// `inherit`, or a value.
    static func inherited<Wrapped>(_ codec: PlanCodec<Wrapped>) -> Self where Value == Plan.Inherited<Wrapped> {
        Self(
            ["inherit"] + codec.alternatives, schema: { PlanSchema.any([["const": "inherit"], codec.schema(&$0)]) },
            read: { value throws(PlanError) in
                value.json.string == "inherit" ? .inherit : try codec.read(value).map { .set($0) }
            },
            write: { if case .set(let value) = $0 { codec.write(value) } else { "inherit" } },
            show: { if case .set(let value) = $0 { codec.show(value) } else { "inherit" } })
    }
}

extension PlanCodec where Value: PlanSection {
    static var section: Self {
        Self(
            "a mapping", schema: { $0.reference(Value.key) { $0.object(Value.self, standard: Value()) } },
            read: { value throws(PlanError) in try Value(value) }, write: { $0.json })
    }
}

extension PlanCodec where Value == Interval {
    static var interval: Self {
        Self(
            text: "a length of time such as 30s, 15m, 24h or 7d", definition: "interval",
            schema: [
                "description": "A length of time such as 30s, 15m, 24h, 7d or 1h30m.", "type": "string",
                "pattern": "^([0-9]{1,11}[dhms])+$",
            ], read: { Interval($0) }, write: \.description, show: Self.show)
    }

    static var positiveInterval: Self {
        Self(
            text: "a positive length of time such as 90d", definition: "positiveInterval",
            schema: [
                "description": "A length of time such as 90d, not zero.", "type": "string",
                "pattern": "^(?=.*[1-9])([0-9]{1,11}[dhms])+$",
            ], read: { Interval($0).flatMap { $0 == .zero ? nil : $0 } }, write: \.description, show: Self.show)
    }

    // The documents speak of 24h, not of 1d.
    @Sendable private static func show(_ interval: Interval) -> String {
        interval.seconds == 86400 ? "24h" : interval.description
    }
}

extension PlanCodec where Value == Bool {
    static var bool: Self {
        Self(
            "true", "false", schema: { _ in ["type": "boolean"] }, read: { value throws(PlanError) in value.json.bool },
            write: { .bool($0) })
    }
}

extension PlanCodec where Value == Bool {
    /// The field is left out where it is false.
    var unlessFalse: Self {
        Self("true", "false", schema: schema, read: read, write: { $0 ? .bool(true) : nil })
    }
}

extension PlanCodec where Value == Int {
    static func count(in range: ClosedRange<Int>) -> Self {
        Self(
            "a whole number from \(range.lowerBound) to \(range.upperBound)",
            schema: { _ in
                [
                    "type": "integer", "minimum": .number(JSONNumber(range.lowerBound)),
                    "maximum": .number(JSONNumber(range.upperBound)),
                ]
            }, read: { value throws(PlanError) in value.json.integer.flatMap { range.contains($0) ? $0 : nil } },
            write: { .number(JSONNumber($0)) })
    }
}

extension PlanCodec where Value == String {
    static var text: Self {
        Self(
            text: "a text on one line, not empty", definition: "text",
            schema: [
                "description": "One line, not empty.", "type": "string", "minLength": 1,
                "not": ["pattern": "[\\u0000-\\u001f\\u007f]"],
            ],
            read: { text in
                let isLine = !text.unicodeScalars.contains { $0.value < 32 || $0.value == 127 }
                return isLine && !text.isEmpty ? text : nil
            }, write: { $0 })
    }

    /// An address of any machine, over https or plain http.
    static var plainAddress: Self {
        Self(
            "an https address",
            schema: { schema in
                guard schema.unknownKeys == .refused else { return text.schema(&schema) }
                return schema.reference("plainAddress") { _ in
                    [
                        "description": "https or http, to any machine.", "type": "string",
                        "pattern": .string(
                            #"^https?://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:[1-9][0-9]{0,4})?"#
                                + #"([/?][!$-;=?-\[\]_a-z~]*)?$"#),
                    ]
                }
            }, read: text.read, write: { .string($0) })
    }

    /// An address that ork may connect to. One in a handoff is a text: whoever connects reads it as an address.
    static func address(query isAllowed: Bool) -> Self {
        Self(
            "an https address",
            schema: { schema in
                guard schema.unknownKeys == .refused else { return Self.text.schema(&schema) }
                return schema.reference(isAllowed ? "address" : "baseAddress") { _ in
                    [
                        "description": isAllowed
                            ? "https, or http to this machine." : "https, or http to this machine, without a query.",
                        "type": "string",
                        "pattern": .string(
                            #"^(https://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:[1-9][0-9]{0,4})?"#
                                + #"|http://(([A-Za-z0-9._-]+\.)?[Ll][Oo][Cc][Aa][Ll][Hh][Oo][Ss][Tt]"#
                                + #"|127\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})|\[::1\])"#
                                + #"(:[1-9][0-9]{0,4})?)"#
                                + (isAllowed ? #"([/?][!$-;=?-\[\]_a-z~]*)?$"# : #"(/[!$-;=@-\[\]_a-z~]*)?$"#)),
                    ]
                }
            },
            read: { value throws(PlanError) in
                guard value.unknownKeys == .refused else { return try Self.text.read(value) }
                guard let text = value.json.string else { return nil }
                do throws(HTTPURL.Mistake) { _ = try HTTPURL(text) } catch { throw value.error(error.rawValue) }
                // Paths are appended to it.
                guard isAllowed || !text.contains("?") else { throw value.error("must be an address without a query") }
                return text
            }, write: { .string($0) })
    }
}

/// One of the kinds that a value may be of: it stands in a mapping, under the key of its kind alone.
struct PlanKind<Value>: Sendable {
    let key: String
    fileprivate let accept: @Sendable (PlanValue) throws(PlanError) -> Value
    fileprivate let write: @Sendable (Value) -> JSONValue?
    fileprivate let schema: @Sendable (inout PlanSchema) -> JSONValue

    init<Content>(
        _ key: String, _ codec: PlanCodec<Content>, _ make: @escaping @Sendable (Content) -> Value,
        content: @escaping @Sendable (Value) -> Content?
    ) {
        self.key = key
        schema = codec.schema
        accept = { value throws(PlanError) in make(try codec.accept(value)) }
        write = { content($0).flatMap(codec.write) }
    }
}

extension PlanCodec {
    /// A value of one of these kinds.
    static func oneOf(_ kinds: [PlanKind<Value>]) -> Self {
        Self(
            kinds.map { "{\($0.key): …}" },
            schema: { schema in
                var properties = JSONObject()
                for kind in kinds { properties[kind.key] = kind.schema(&schema) }
                var object = schema.object(properties).object ?? [:]
                object["minProperties"] = 1
                object["maxProperties"] = 1
                object["anyOf"] = .array(kinds.map { ["required": [.string($0.key)]] })
                return .object(object)
            },
            read: { value throws(PlanError) in
                guard value.json.object != nil else { return nil }
                let members = try value.members(known: kinds.map(\.key)).members
                guard members.count == 1, let (key, json) = members.first,
                    let kind = kinds.first(where: { $0.key == key })
                else { return nil }
                return try kind.accept(value.below(key, json))
            },
            write: { value in
                for kind in kinds {
                    if let json = kind.write(value) { return .object([kind.key: json]) }
                }
                return nil
            }, show: { _ in nil })
    }

    /// A list, each item of it as `codec` has it.
    static func list<Item>(_ codec: PlanCodec<Item>) -> Self where Value == [Item] {
        Self(
            "a list", schema: { ["type": "array", "items": codec.schema(&$0)] },
            read: { value throws(PlanError) in
                guard let list = value.json.array else { return nil }
                var items: [Item] = []
                for (index, json) in list.enumerated() {
                    items.append(try codec.accept(value.below("\(index)", json)))
                }
                return items
            }, write: { .array($0.compactMap(codec.write)) })
    }
}
