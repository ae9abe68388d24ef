package import JSON
import Rotation

/// The JSON Schema of `ork.yaml`: the plan's tables, and the frame that this module reads around them.
package enum ConfigurationSchema {
    /// The whole schema.
    package static var json: JSONValue {
        var schema = PlanSchema(unknownKeys: .refused)
        let rotation = Self.rotation(&schema)
        var json: JSONObject = [
            "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "ork.yaml",
            "description": "The rotations of OpenRouter keys that ork does.",
        ]
        let root = schema.object(
            [
                "version": ["const": .number(JSONNumber(ConfigurationFile.version))],
                Plan.Service.key: property(Plan.Service.key, of: rotation), "defaults": defaults(of: rotation, schema),
                "trust": ["$ref": "#/$defs/trust"],
                "rotations": [
                    "description": "The rotations, by their names.", "type": "object", "minProperties": 1,
                    "maxProperties": .number(JSONNumber(SourceNode.entriesLimit)),
                    "propertyNames": PlanName.schema(&schema),
                    "additionalProperties": schema.reference("rotation") { _ in rotation },
                ],
            ], required: ["version", "rotations"])
        for (key, value) in root.object?.members ?? [] { json[key] = value }
        json["$defs"] = .object(schema.definitions)
        return .object(json)
    }

    private static func rotation(_ schema: inout PlanSchema) -> JSONValue {
        let plan = schema.object(Plan.self)
        var properties: JSONObject = ["enabled": ["type": "boolean", "description": "false stops every step of it."]]
        for (key, value) in plan["properties"]?.object?.members ?? [] { properties[key] = value }
        properties["trust"] = trust(&schema)
        properties[DueRules.key] = section(DueRules.self, "When a new key is due, for ork-due.", &schema)
        properties[NotifyRules.key] = section(NotifyRules.self, "Whom ork tells how a run ended.", &schema)
        properties[MetricsRules.key] = section(MetricsRules.self, "Where a rotation's figures go.", &schema)
        addForEach(&schema)
        return schema.object(properties, required: plan["required"]?.array?.compactMap(\.string) ?? [])
    }

    private static func section<Section: PlanSection>(
        _: Section.Type, _ description: String, _ schema: inout PlanSchema
    ) -> JSONValue {
        var section = schema.reference(Section.key) { $0.object(Section.self, standard: Section()) }.object ?? [:]
        section["description"] = .string(description)
        return .object(section)
    }

    private static func defaults(of rotation: JSONValue, _ schema: PlanSchema) -> JSONValue {
        var properties = JSONObject()
        for key in ConfigurationFile.defaultKeys { properties[key] = property(key, of: rotation) }
        var defaults = schema.object(properties).object ?? [:]
        defaults["description"] = "What every rotation has unless it says otherwise."
        return .object(defaults)
    }

    private static func property(_ key: String, of object: JSONValue) -> JSONValue {
        object["properties"]?[key] ?? [:]
    }

    private static func trust(_ schema: inout PlanSchema) -> JSONValue {
        schema.reference("trust") { schema in
            let identity = schema.reference("publicIdentity") { _ in
                [
                    "description": "As ork-keygen shows it.", "type": "string",
                    "pattern": "^ork-public-1:[A-Za-z0-9_-]{91}$",
                ]
            }
            var properties = JSONObject()
            for step in StepName.allCases {
                properties[step.rawValue] = [
                    "description": .string("The identities whose records of \(step.rawValue) count."), "type": "array",
                    "minItems": 1, "items": identity,
                ]
            }
            var trust = schema.object(properties).object ?? [:]
            trust["description"] = "Whose records count."
            return .object(trust)
        }
    }

    /// `for_each` stands in a target of `ork.yaml`, and is expanded before there is a plan.
    private static func addForEach(_ schema: inout PlanSchema) {
        guard var target = schema.definitions["target"]?.object, var properties = target["properties"]?.object else {
            return
        }
        properties["for_each"] = [
            "description": "One target for each value, or for each combination.", "type": "object", "minProperties": 1,
            "additionalProperties": [
                "type": "array", "minItems": 1, "uniqueItems": true,
                "items": [
                    "anyOf": [
                        ["type": "string", "maxLength": 98, "pattern": "^[A-Za-z0-9._/-]+$"],
                        ["$ref": "#/$defs/integer"],
                    ]
                ],
            ],
        ]
        target["properties"] = .object(properties)
        schema.definitions["target"] = .object(target)
    }
}
