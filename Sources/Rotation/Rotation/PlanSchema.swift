package import JSON

/// Makes a JSON Schema (2020-12) of tables, and collects the definitions that it refers to.
package struct PlanSchema {
    /// `refused` makes a schema of what people write, `ignored` one of what stands in a handoff.
    package let unknownKeys: UnknownKeys
    /// The schema's `$defs`, so far.
    package var definitions: JSONObject = [:]

    package init(unknownKeys: UnknownKeys) { self.unknownKeys = unknownKeys }

    /// The definitions of a handoff's schema that come from the plan's tables, `plan` among them.
    package static var handoffDefinitions: JSONObject {
        var schema = PlanSchema(unknownKeys: .ignored)
        _ = schema.reference("plan") { $0.object(Plan.self) }
        return schema.definitions
    }

    /// A reference to the definition `name`, which is made when it is referred to for the first time.
    package mutating func reference(_ name: String, _ make: (inout PlanSchema) -> JSONValue) -> JSONValue {
        if definitions[name] == nil {
            let definition = make(&self)
            definitions[name] = definition
        }
        return ["$ref": .string("#/$defs/\(name)")]
    }

    /// An object with the fields of a table, and with the defaults where it is for people.
    package mutating func object<Table: PlanTable>(_ table: Table.Type, standard: Table? = nil) -> JSONValue {
        var properties = JSONObject()
        for field in Table.fields where field.isForPeople || unknownKeys == .ignored {
            guard var property = field.schema(&self).object else { continue }
            property["description"] = .string(field.help + ".")
            if unknownKeys == .refused, !field.isRequired, let standard {
                property["default"] = field.show(standard).map { .string($0) } ?? field.write(standard)
            }
            properties[field.key] = .object(property)
        }
        return object(properties, required: Table.fields.filter(\.isRequired).map(\.key))
    }

    /// An object with these properties, and no others where it is for people.
    package func object(_ properties: JSONObject, required: [String] = []) -> JSONValue {
        var object: JSONObject = ["type": "object"]
        if !required.isEmpty { object["required"] = .array(required.map { .string($0) }) }
        object["properties"] = .object(properties)
        if unknownKeys == .refused { object["additionalProperties"] = false }
        return .object(object)
    }

    /// What one of several schemas accepts; alternatives among them are taken as their own.
    static func any(_ schemas: [JSONValue]) -> JSONValue {
        ["anyOf": .array(schemas.flatMap { $0.object?.keys == ["anyOf"] ? $0["anyOf"]?.array ?? [] : [$0] })]
    }
}
