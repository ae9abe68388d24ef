package import JSON
package import PublisherHosting
package import Secrets

extension Plan {
    /// One place where the key is published.
    package struct Target: PlanTable {
        package var name: PlanName
        package var publisher: PublisherName
        /// Targets of wave 2 are written after wave 1 has been published and verified.
        package var wave: Int
        /// Names in the publisher's environment, and the variables of the step that they take their values from.
        package var environment: [EnvironmentName: EnvironmentName]
        /// The publisher's own settings.
        package var with: JSONObject
        /// The SHA-256 of the publisher's program, if pinned.
        package var pin: Digest?
        /// What its publisher sees relative paths from.
        package var origin = PathOrigin.currentFolder

        package init(
            name: PlanName, publisher: PublisherName, wave: Int = 1,
            environment: [EnvironmentName: EnvironmentName] = [:], with: JSONObject = [:], pin: Digest? = nil
        ) {
            self.name = name
            self.publisher = publisher
            self.wave = wave
            self.environment = environment
            self.with = with
            self.pin = pin
        }

        package static let fields: [PlanField<Self>] = [
            PlanField(
                "publisher", \.publisher, .publisher, isRequired: true, help: "The NAME of ork-publisher-NAME"),
            PlanField(
                "wave", \.wave, .count(in: 1...100),
                help: "Wave 2 is published after wave 1 is published and verified; 1 if left out"),
            PlanField("env", \.environment, .environment.unlessEmpty, help: "The variables that its publisher gets"),
            PlanField("with", \.with, .settings, help: "The publisher's own settings"),
            PlanField("sha256", \.pin, .optional(.pin), help: "The digest of the publisher's program"),
            PlanField(
                "from", \.origin, .pathOrigin, isForPeople: false,
                help: "What relative paths are seen from: the folder of ork.yaml, or without this the current one"),
        ]

        /// Reads a target as it stands in a plan.
        package init(
            name: PlanName, _ value: JSONValue, _ path: [String], _ unknownKeys: UnknownKeys
        ) throws(PlanError) {
            let value = PlanValue(value, path, unknownKeys)
            let codec = PlanCodec<PublisherName>.publisher
            guard let publisher = try value.members(known: Self.keys)["publisher"] else {
                throw value.missing("publisher", codec.expected)
            }
            self.init(name: name, publisher: try codec.accept(value.below("publisher", publisher)))
            try read(value)
        }

        /// Whether both would be written to the same place.
        package func isSamePlace(as other: Target) -> Bool { publisher == other.publisher && with == other.with }
    }
}

extension PlanCodec where Value == [Plan.Target] {
    static var targets: Self {
        Self(
            "a mapping",
            schema: { schema in
                [
                    "type": "object", "propertyNames": PlanName.schema(&schema),
                    "additionalProperties": schema.reference("target") { $0.object(Plan.Target.self) },
                ]
            },
            read: { value throws(PlanError) in
                guard let object = value.json.object else { return nil }
                var targets: [Plan.Target] = []
                for (key, json) in object.members {
                    let value = value.below(key, json)
                    guard let name = PlanName(key) else {
                        throw value.error("is not a target's name; use letters, digits and . _ - /")
                    }
                    targets.append(try Plan.Target(name: name, json, value.path, value.unknownKeys))
                }
                return targets.sorted { $0.name < $1.name }
            },
            write: { targets in
                var json = JSONObject()
                for target in targets { json[target.name.description] = target.json }
                return .object(json)
            })
    }
}

extension PlanName {
    /// The schema of such a name.
    package static func schema(_ schema: inout PlanSchema) -> JSONValue {
        schema.reference("name") { _ in
            [
                "description": "Letters, digits and . _ - /, at most 100.", "type": "string", "maxLength": 100,
                "pattern": "^[A-Za-z0-9][A-Za-z0-9._/-]*$",
            ]
        }
    }
}

extension PlanCodec where Value == PublisherName {
    fileprivate static var publisher: Self {
        Self(
            "the name of a publisher: the NAME of ork-publisher-NAME",
            schema: { _ in ["type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$"] },
            read: { value throws(PlanError) in value.json.string.flatMap(Value.init) },
            write: { .string($0.description) })
    }
}

extension PlanCodec where Value == Digest {
    fileprivate static var pin: Self {
        Self(
            "64 lowercase hexadecimal digits", schema: { _ in ["type": "string", "pattern": "^[0-9a-f]{64}$"] },
            read: { value throws(PlanError) in value.json.string.flatMap { Digest(hex: $0) } },
            write: { .string($0.hex) })
    }
}

extension PlanCodec where Value == JSONObject {
    fileprivate static var settings: Self {
        Self(
            "a mapping",
            schema: { ["type": "object", "additionalProperties": JSONValue.plainSchema(&$0)] },
            read: { value throws(PlanError) in
                guard let object = value.json.object else { return nil }
                // What the handoff's own reader refuses would make a handoff that no later step can read.
                guard (try? JSONValue(parsing: value.json.bytes(), numbers: .integers, depth: 32)) != nil else {
                    throw value.error("may have whole numbers only, and 32 levels at most; quote a fraction")
                }
                return object
            }, write: { .object($0) })
    }
}

extension JSONValue {
    /// The schema of any value that a handoff may hold.
    fileprivate static func plainSchema(_ schema: inout PlanSchema) -> JSONValue {
        let integer = schema.reference("integer") { _ in
            ["type": "integer", "minimum": -9_007_199_254_740_992, "maximum": 9_007_199_254_740_992]
        }
        return schema.reference("plain") { _ in
            let plain: JSONValue = ["$ref": "#/$defs/plain"]
            return [
                "description": "Any value without fractions.",
                "anyOf": [
                    ["type": ["string", "boolean", "null"]], integer, ["type": "array", "items": plain],
                    ["type": "object", "additionalProperties": plain],
                ],
            ]
        }
    }
}

extension PlanCodec where Value == [EnvironmentName: EnvironmentName] {
    /// The variables of a publisher or a probe: a list of names, or a mapping of the child's names to ours. Those that
    /// ork keeps for itself are refused where people write them; one in a handoff is refused by whoever starts the child.
    static var environment: Self {
        Self(
            "a list of environment variables", "a mapping of the child's names to ours",
            schema: { schema in
                let name =
                    schema.unknownKeys == .refused ? lent(&schema) : PlanCodec<EnvironmentName>.variable.schema(&schema)
                return schema.reference("environment") { _ in
                    [
                        "description": "A list of variables, or a mapping of the child's names to ours.",
                        "anyOf": [
                            ["type": "array", "items": name],
                            ["type": "object", "propertyNames": name, "additionalProperties": name],
                        ],
                    ]
                }
            },
            read: { value throws(PlanError) in
                guard let result = mapping(value.json) else { return nil }
                guard value.unknownKeys == .refused else { return result }
                for (child, ours) in result.sorted(by: { $0.key < $1.key }) {
                    // Under no name does a child get what is ork's.
                    guard !ours.isReserved else {
                        throw value.error(
                            "\(ours) is ork's own, which no publisher and no probe gets; take it out")
                    }
                    guard !child.isReserved else {
                        throw PlanError(
                            value.path + [child.description], "is a name of ork's own; give the variable another one")
                    }
                }
                return result
            },
            write: { environment in
                var json = JSONObject()
                for (child, ours) in environment.sorted(by: { $0.key < $1.key }) {
                    json[child.description] = .string(ours.description)
                }
                return .object(json)
            })
    }

    /// The field is left out where there are none.
    fileprivate var unlessEmpty: Self {
        Self(
            "a list of environment variables", "a mapping of the child's names to ours", schema: schema, read: read,
            write: { [write] in $0.isEmpty ? nil : write($0) })
    }

    private static func mapping(_ json: JSONValue) -> Value? {
        guard json.array != nil || json.object != nil else { return nil }
        var result: Value = [:]
        for name in json.array ?? [] {
            guard let name = name.string.flatMap(EnvironmentName.init) else { return nil }
            result[name] = name
        }
        for (child, ours) in json.object?.members ?? [] {
            guard let child = EnvironmentName(child), let ours = ours.string.flatMap(EnvironmentName.init) else {
                return nil
            }
            result[child] = ours
        }
        return result
    }

    private static func lent(_ schema: inout PlanSchema) -> JSONValue {
        schema.reference("lentVariable") { _ in
            let reserved = EnvironmentName.reservedPrefixes.map { prefix in
                prefix.map { $0.isLetter ? "[\($0)\($0.lowercased())]" : "\($0)" }.joined()
            }
            return [
                "description": "The name of an environment variable, and none of ork's own.", "type": "string",
                "pattern": .string("^(?!\(reserved.joined(separator: "|")))[A-Za-z_][A-Za-z0-9_]*$"),
            ]
        }
    }
}
