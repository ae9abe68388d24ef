package import JSON
import Wording

/// A part of the plan whose fields are described once, in its table: reading, writing, flags, help and both JSON Schemas
/// come from the rows.
package protocol PlanTable: Hashable, Sendable {
    /// In the order in which they are written. The digest of a rotation's header covers that order and the keys.
    static var fields: [PlanField<Self>] { get }
}

/// A part of the plan that may be left out.
package protocol PlanSection: PlanTable {
    /// Its key in the plan.
    static var key: String { get }

    /// What holds where nothing is said.
    init()
}

/// A row of a table: one field, its key, where it is kept, how it is written, and the flags that say it.
package struct PlanField<Table: PlanTable>: Sendable {
    package let key: String
    /// What it is for: a sentence without its full stop, for the schemas and, unless a flag has its own, for `--help`.
    package let help: String
    package let isRequired: Bool
    /// Whether people write it, and not ork alone, in the plan that a handoff carries.
    package let isForPeople: Bool
    /// The steps whose flags and `ork.yaml` may change it in a rotation that has begun.
    package let changedBy: Set<StepName>
    /// What to write, to stand behind "must be".
    let expected: String
    let read: @Sendable (PlanValue, inout Table) throws(PlanError) -> Void
    /// `nil` if the field is left out.
    let write: @Sendable (Table) -> JSONValue?
    /// The value as the documents write it, if it is one text.
    let show: @Sendable (Table) -> String?
    let schema: @Sendable (inout PlanSchema) -> JSONValue
    let flags: @Sendable (_ standard: Table?) -> [PlanFlag]

    /// A field that `codec` reads and writes. A required one has no default.
    init<Value>(
        _ key: String, _ path: any WritableKeyPath<Table, Value> & Sendable, _ codec: PlanCodec<Value>,
        isRequired: Bool = false, isForPeople: Bool = true, flags: [PlanFlag.Declaration] = [],
        changedBy: Set<StepName> = [], help: String
    ) {
        self.key = key
        self.help = help
        self.isRequired = isRequired
        self.isForPeople = isForPeople
        self.changedBy = changedBy
        expected = codec.expected
        read = { (value: PlanValue, table: inout Table) throws(PlanError) in
            table[keyPath: path] = try codec.accept(value)
        }
        write = { codec.write($0[keyPath: path]) }
        show = { codec.show($0[keyPath: path]) }
        schema = codec.schema
        self.flags = { standard in
            let standard = isRequired ? nil : standard.flatMap { codec.show($0[keyPath: path]) }
            return flags.map { PlanFlag($0, key: key, help: help, standard: standard, acceptsNull: codec.acceptsNull) }
        }
    }

    /// A section, whose flags are those of its own rows.
    static func section<Section: PlanSection>(
        _ path: any WritableKeyPath<Table, Section> & Sendable, changedBy: Set<StepName> = [], help: String
    ) -> Self {
        Self(Section.key, path, .section, changedBy: changedBy, help: help) { _ in
            Section.fields.flatMap { $0.flags(Section()) }.map { $0.below(Section.key) }
        }
    }

    private init<Value>(
        _ key: String, _ path: any WritableKeyPath<Table, Value> & Sendable, _ codec: PlanCodec<Value>,
        changedBy: Set<StepName>, help: String, flags: @escaping @Sendable (Table?) -> [PlanFlag]
    ) {
        let plain = Self(key, path, codec, help: help)
        self.key = key
        self.help = help
        self.changedBy = changedBy
        self.flags = flags
        isRequired = false
        isForPeople = true
        expected = plain.expected
        read = plain.read
        write = plain.write
        show = plain.show
        schema = plain.schema
    }
}

extension PlanTable {
    /// The keys that people may write, in their order.
    package static var keys: [String] { fields.filter(\.isForPeople).map(\.key) }

    /// Takes over the fields that are written in `value`.
    mutating func read(_ value: PlanValue) throws(PlanError) {
        let members = try value.members(known: Self.keys)
        for field in Self.fields {
            if let json = members[field.key] {
                try field.read(value.below(field.key, json), &self)
            } else if field.isRequired {
                throw value.missing(field.key, field.expected)
            }
        }
    }

    /// The fields in the form that is read, everything spelled out.
    package var json: JSONValue {
        var json = JSONObject()
        for field in Self.fields { json[field.key] = field.write(self) }
        return .object(json)
    }
}

extension PlanSection {
    /// Reads the section as it stands in a plan, or, by people, in `ork.yaml`.
    package init(_ value: JSONValue, unknownKeys: UnknownKeys) throws(PlanError) {
        try self.init(PlanValue(value, [Self.key], unknownKeys))
    }

    init(_ value: PlanValue) throws(PlanError) {
        self.init()
        try read(value)
    }

    /// The flags that say its fields.
    package static var flags: [PlanFlag] { fields.flatMap { $0.flags(Self()) }.map { $0.below(key) } }
}

/// A value as it was written in a plan, and where.
struct PlanValue: Sendable {
    let json: JSONValue
    /// The keys that lead to it from the plan's root.
    let path: [String]
    let unknownKeys: UnknownKeys

    init(_ json: JSONValue, _ path: [String], _ unknownKeys: UnknownKeys) {
        self.json = json
        self.path = path
        self.unknownKeys = unknownKeys
    }

    /// A value below this one.
    func below(_ key: String, _ json: JSONValue) -> PlanValue { PlanValue(json, path + [key], unknownKeys) }

    func error(_ message: String) -> PlanError { PlanError(path, message) }

    func missing(_ key: String, _ expected: String) -> PlanError {
        PlanError(path + [key], "is missing; it must be \(expected)")
    }

    /// The members of what has to be a mapping.
    func members(known: [String]) throws(PlanError) -> JSONObject {
        guard let object = json.object else { throw error(PlanError.noMapping) }
        if unknownKeys == .refused, let unknown = object.keys.first(where: { !known.contains($0) }) {
            throw PlanError(path + [unknown], PlanError.unknownKey(unknown, known: known))
        }
        return object
    }
}

/// What is wrong with a plan, and where. Configuration turns the path into a file and a line.
package struct PlanError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The keys that lead to the place, from the plan's root.
    package let path: [String]
    /// What is wrong: lower case, no full stop, without the value.
    package let message: String

    package init(_ path: [String], _ message: String) {
        self.path = path
        self.message = message
    }

    /// `targets.web.wave: must be …`
    package var description: String { path.isEmpty ? message : "\(path.joined(separator: ".")): \(message)" }

    /// What to say of something else in the place of keys and values.
    package static let noMapping = "must be a mapping, such as {KEY: VALUE}"

    /// What to say of a key that nobody knows.
    package static func unknownKey(_ key: String, known: [String]) -> String {
        let question = NearNames(to: key, among: known).question.map { "\($0) " } ?? ""
        let place = question.isEmpty && known.contains("with") ? "a publisher's settings stand in `with`; " : ""
        return "unknown key; \(question)\(place)"
            + (known.count == 1 ? "the only key here is \(known[0])" : "the keys here are \(known.inWords("and"))")
    }
}

/// What a reader of plans does with keys that it does not know.
package enum UnknownKeys: Sendable {
    /// An error: in what people write, an unknown key is a typing mistake.
    case refused
    /// Kept and passed over: a handoff may come from a newer version.
    case ignored
}

extension [String] {
    /// `a`, `a or b`, `a, b, or c`
    package func inWords(_ conjunction: String) -> String {
        guard count > 2, let last else { return joined(separator: " \(conjunction) ") }
        return dropLast().joined(separator: ", ") + ", \(conjunction) \(last)"
    }
}
