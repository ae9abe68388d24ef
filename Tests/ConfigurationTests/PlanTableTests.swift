import Configuration
import FoundationEssentials
import JSON
import Rotation
import TestSupport
import Testing

/// A field of the plan is described once: every row of the tables is known to everything that is made of them.
@Suite("The plan's tables", .tags(.values))
struct PlanTableTests {
    /// A section and its rows, without its type.
    struct Section: Sendable, CustomTestStringConvertible {
        let key: String
        let keys: [String]
        let standard: JSONValue
        let flags: [PlanFlag]
        var testDescription: String { key }

        init<Table: PlanSection>(_ table: Table.Type) {
            key = Table.key
            keys = Table.keys
            standard = Table().json
            flags = Table.flags
        }
    }

    static let sections = [
        Section(Plan.Service.self), Section(Plan.Successor.self), Section(Plan.PublishRules.self),
        Section(Plan.VerifyRules.self), Section(Plan.RetireRules.self), Section(DueRules.self),
        Section(NotifyRules.self), Section(MetricsRules.self),
    ]

    private static let besidePlan = [DueRules.key, NotifyRules.key, MetricsRules.key]

    @Test("every default can be written in ork.yaml, and says what leaving it out says", arguments: sections)
    func defaults(section: Section) throws {
        let empty = try Self.rotation("{}", section)
        for (key, value) in try #require(section.standard.object).members {
            let written = try Self.rotation("{\(key): \(value.text())}", section)
            #expect(written.plan == empty.plan && written.due == empty.due, "\(key)")
            #expect(written.notify == empty.notify && written.metrics == empty.metrics, "\(key)")
        }
    }

    private static func rotation(_ text: String, _ section: Section) throws -> RotationConfiguration {
        let file = "version: 1\nrotations: {a: {predecessor: none, \(section.key): \(text)}}\n"
        return try ConfigurationFile(parsing: Array(file.utf8), name: "ork.yaml").rotation(named: nil)
    }

    @Test("both schemas know every row, and what it is for", arguments: sections)
    func schemas(section: Section) throws {
        let definitions =
            Self.besidePlan.contains(section.key)
            ? [ConfigurationSchema.json["$defs"]]
            : [ConfigurationSchema.json["$defs"], .object(PlanSchema.handoffDefinitions)]
        for definition in definitions.map({ $0?[section.key] }) {
            let properties = try #require(definition?["properties"]?.object)
            #expect(properties.keys == section.keys)
            for (key, property) in properties.members {
                #expect(property["description"]?.string?.hasSuffix(".") == true, "\(key)")
            }
        }
    }

    private static let texts = [
        "limit": "7", "limit_reset": "weekly", "name": "x", "inference": "x", "references": "ignore",
        "checklist": "confirm", "on_trouble": "restore",
    ]

    @Test("a flag says the field of its row", arguments: sections)
    func flags(section: Section) throws {
        for flag in section.flags where flag.isPlain {
            var flags = PlanFlags()
            flags["predecessor"] = ["none"]
            // Neither is a default.
            let text =
                switch flag.kind {
                case .toggle: "true"
                default: Self.texts[flag.path[1]] ?? "7m"
                }
            flags[flag.name] = [text]
            let json =
                section.key == DueRules.key
                ? [DueRules.key: try flags.section(over: DueRules()).json] : try flags.plan().json
            let value = try #require(flag.path.reduce(json) { $0?[$1] })
            #expect(value == (flag.kind == .toggle ? true : .string(text)), "--\(flag.name)")
        }
    }

    @Test("no two flags have the same name, and each says what it is for")
    func names() {
        let flags = Plan.flags + DueRules.flags
        #expect(Set(flags.map(\.name)).count == flags.count)
        for flag in flags { #expect(flag.help.hasSuffix(".") && flag.help.count > 20, "--\(flag.name)") }
    }

    @Test("the help tells the default of a row")
    func helpTellsDefaults() throws {
        let help = Dictionary(uniqueKeysWithValues: Plan.flags.map { ($0.name, $0.help) })
        #expect(help["overlap"] == "How long both keys live after the last write (default: 24h).")
        #expect(help["settle"]?.hasSuffix("(default: 30s).") == true)
        #expect(help["limit"]?.hasSuffix("(default: inherit).") == true)
        #expect(help["probe"]?.hasSuffix("(repeatable).") == true)
        #expect(help["inference"]?.contains("default") == false)
    }

    /// With `RECORD_SCHEMAS=1` in the environment the tests write the schemas instead of comparing them.
    private static func hold(_ json: JSONValue, at path: String) throws {
        try hold(json.text(.pretty) + "\n", at: path)
    }

    private static func hold(_ made: String, at path: String) throws {
        let url = URL(filePath: BuiltProduct.repository + "/ci-templates/schema/" + path)
        if ProcessInfo.processInfo.environment["RECORD_SCHEMAS"] != nil { try Data(made.utf8).write(to: url) }
        let held = String(decoding: try Data(contentsOf: url), as: UTF8.self)
        #expect(made == held, "\(path) is not what the tables say; run this suite with RECORD_SCHEMAS=1")
    }

    @Test("the schema of ork.yaml is the one that the tables make")
    func configurationSchema() throws { try Self.hold(ConfigurationSchema.json, at: "ork.yaml.schema.json") }

    @Test("the page about ork.yaml is the one that the tables make, and tells of every key")
    func configurationPage() throws { try Self.hold(ReferencePage.text(of: ConfigurationSchema.json), at: "README.md") }

    @Test("the plan in the schema of a handoff is the one that the tables make")
    func handoffSchema() throws {
        let url = URL(filePath: BuiltProduct.repository + "/ci-templates/schema/handoff.schema.json")
        var schema = try #require(try JSONValue(parsing: Array(Data(contentsOf: url))).object)
        var definitions = try #require(schema["$defs"]?.object)
        for (name, definition) in PlanSchema.handoffDefinitions.members { definitions[name] = definition }
        schema["$defs"] = .object(definitions)
        try Self.hold(.object(schema), at: "handoff.schema.json")
        let text = JSONValue.object(schema).text()
        for name in definitions.keys { #expect(text.contains("\"#/$defs/\(name)\""), "nothing refers to \(name)") }
    }
}
