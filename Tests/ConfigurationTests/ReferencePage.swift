import JSON

/// The page about `ork.yaml`, made of its JSON Schema: a table for each part, and one of the kinds of value.
struct ReferencePage {
    private let definitions: JSONObject
    /// The parts that a table has referred to, in the order of the file.
    private var parts: [String] = []
    private var kinds: [String] = []

    static func text(of schema: JSONValue) -> String {
        var page = ReferencePage(definitions: schema["$defs"]?.object ?? [:])
        return page.text(schema)
    }

    private init(definitions: JSONObject) { self.definitions = definitions }

    private mutating func text(_ schema: JSONValue) -> String {
        var text = """
            # ork.yaml, key by key

            Made of the tables that the programs read it by, as the [schema](ork.yaml.schema.json) is. `ork-lint` tells what is wrong with a file; a key
            that stands here in bold has to be there. What stands under `defaults` holds for every rotation that does not say otherwise.

            ## The file

            \(table(schema))
            ## defaults

            \(table(schema["properties"]?["defaults"] ?? [:]))
            """
        var written = 0
        while written < parts.count {
            let part = parts[written]
            text += "\n## \(part)\n\n\(table(definitions[part] ?? [:]))"
            written += 1
        }
        text += "\n## Kinds of value\n\n| kind | |\n|---|---|\n"
        for kind in kinds.sorted() {
            text += "| \(kind) | \(Self.cell(definitions[kind]?["description"]?.string ?? "")) |\n"
        }
        return text
    }

    /// A row for each key.
    private mutating func table(_ schema: JSONValue) -> String {
        let required = schema["required"]?.array?.compactMap(\.string) ?? []
        var text = "| key | value | default | |\n|---|---|---|---|\n"
        for (key, property) in schema["properties"]?.object?.members ?? [] {
            let name = required.contains(key) ? "**\(key)**" : key
            let standard = property["default"].map { "`\($0.string ?? $0.text())`" } ?? ""
            let help = property["description"]?.string ?? definition(of: property)?["description"]?.string ?? ""
            text += "| \(name) | \(Self.cell(value(property))) | \(Self.cell(standard)) | \(Self.cell(help)) |\n"
        }
        return text
    }

    /// What may stand there, in words.
    private mutating func value(_ schema: JSONValue) -> String {
        if let reference = schema["$ref"]?.string { return named(String(reference.dropFirst("#/$defs/".count))) }
        if let choices = schema["enum"]?.array { return choices.map(Self.code).joined(separator: ", ") }
        if let constant = schema["const"] { return Self.code(constant) }
        if let alternatives = schema["anyOf"]?.array, schema["properties"] == nil {
            return alternatives.map { value($0) }.joined(separator: " or ")
        }
        if let items = schema["items"] { return "list of \(value(items))" }
        if let properties = schema["properties"]?.object, schema["description"]?.string != defaultsDescription {
            let members = properties.members.map { "\($0.key): \(value($0.value))" }
            let isChoice = schema["anyOf"] != nil
            return isChoice
                ? members.map { "{\($0)}" }.joined(separator: " or ") : "{\(members.joined(separator: ", "))}"
        }
        if schema["properties"] != nil { return "[a mapping](#defaults)" }
        if let values = schema["additionalProperties"], values.object != nil {
            return "names, each with \(value(values))"
        }
        if let low = schema["minimum"]?.text(), let high = schema["maximum"]?.text() { return "\(low) to \(high)" }
        return switch schema["type"]?.string {
        case "boolean": "`true`, `false`"
        case "null": "`null`"
        default: schema["type"]?.string == "string" ? "text" : "anything"
        }
    }

    private let defaultsDescription = "What every rotation has unless it says otherwise."

    /// A definition with keys of its own is a part of the page, any other a kind of value.
    private mutating func named(_ name: String) -> String {
        if definitions[name]?["properties"] != nil {
            if !parts.contains(name) { parts.append(name) }
            return "[\(name)](#\(name))"
        }
        guard let kind = definitions[name], kind["description"] != nil else {
            return value(definitions[name] ?? [:])
        }
        if !kinds.contains(name) { kinds.append(name) }
        return name
    }

    private func definition(of schema: JSONValue) -> JSONValue? {
        schema["$ref"]?.string.flatMap { definitions[String($0.dropFirst("#/$defs/".count))] }
    }

    private static func code(_ value: JSONValue) -> String { "`\(value.string ?? value.text())`" }

    /// Text for a cell: a bar would end it.
    private static func cell(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
