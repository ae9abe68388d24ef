package import JSON
package import PublisherHosting
package import Secrets

/// What a rotation is to do, complete: the handoff carries it, so that later steps need no flags and no file.
///
/// Its JSON is that of one rotation in `ork.yaml`, with the defaults filled in and `for_each` expanded.
package struct Plan: PlanTable {
    package var service = Service()
    package var predecessor: Predecessor
    /// Whether the predecessor's plaintext, where it is found, is sealed into the handoff until the rotation ends.
    package var keepsPredecessor = true
    /// The workspace of the lineage; `nil` is the account's default one.
    package var workspace: String?
    package var successor = Successor()
    package var publish = PublishRules()
    /// In the order of their names.
    package var targets: [Target] = []
    package var verify = VerifyRules()
    package var retire = RetireRules()

    package init(predecessor: Predecessor) { self.predecessor = predecessor }

    package static let fields: [PlanField<Self>] = [
        .section(\.service, help: "Where OpenRouter is, and which variable holds the management key"),
        PlanField(
            "predecessor", \.predecessor, .predecessor, isRequired: true,
            flags: [
                .form(
                    "predecessor", "key", kind: .option,
                    help: "The key to replace: NAME or name=NAME, hash=HASH, env=VARIABLE that holds it, or none")
            ], help: "The key to replace"),
        PlanField(
            "keep_predecessor", \.keepsPredecessor, .bool,
            help: "Seal the predecessor into the handoff where it can be read, so that a rollback can put it back"),
        PlanField(
            "workspace", \.workspace, .optional(.text), flags: [.option("uuid")],
            help: "The workspace, if not the default one"),
        .section(\.successor, help: "The settings of the new key"),
        .section(\.publish, changedBy: [.create, .publish], help: "How the new key is handed out"),
        PlanField(
            "targets", \.targets, .targets,
            flags: [
                .form(
                    "to", "target",
                    help: "A target: [NAME=]PUBLISHER[@WAVE]:KEY=VALUE,… such as file:path=.env,name=OPENROUTER_API_KEY"
                ),
                .form(
                    "target-env", "name", help: "A variable for a target's publisher: TARGET:NAME or TARGET:CHILD=OURS"),
            ], help: "Where the key is published, by name"),
        .section(\.verify, changedBy: [.create, .verify, .retire], help: "What counts as evidence"),
        .section(\.retire, changedBy: [.create, .retire], help: "When the predecessor may go"),
    ]

    /// The flags that say a plan, in the order of the tables.
    package static let flags: [PlanFlag] = fields.flatMap { $0.flags(nil) }

    /// The target of this name.
    package func target(_ name: PlanName) -> Target? { targets.first { $0.name == name } }
}

extension Plan {
    /// Reads a plan in its JSON form. Everything but `predecessor` may be left out.
    package init(_ value: JSONValue, unknownKeys: UnknownKeys) throws(PlanError) {
        self.init(predecessor: .none)
        try read(PlanValue(value, [], unknownKeys))
        try refuseTwins()
        try refuseManagementKey()
    }

    /// No publisher gets the management key, whatever the variable is called that holds it.
    private func refuseManagementKey() throws(PlanError) {
        for target in targets where target.environment.values.contains(where: { $0 == service.managementKey }) {
            throw PlanError(
                ["targets", target.name.description, "env"],
                "takes the variable of the management key, which no publisher gets")
        }
    }

    /// Two targets at one place would write over each other in an order that nobody chose.
    package func refuseTwins() throws(PlanError) {
        for (index, target) in targets.enumerated() {
            guard let twin = targets[..<index].first(where: target.isSamePlace) else { continue }
            throw PlanError(
                ["targets", target.name.description], "is the same place as target \(twin.name); remove one of them")
        }
    }
}

extension Plan {
    /// The sections that a step may change: its own rules only, so that the stage that may publish cannot loosen those of
    /// retirement. `ork-retire` also says how old a verification it accepts, but not what one has to show, or to run.
    package static func sections(of step: StepName) -> [String] {
        fields.filter { $0.changedBy.contains(step) }.map(\.key)
    }

    /// Takes over the rules that a later step's `ork.yaml` or flags have changed: `{"retire": {…}, …}`.
    package mutating func adopt(rules: JSONValue, by step: StepName) throws(PlanError) {
        guard var changed = json.object, let rules = rules.object else { throw PlanError([], PlanError.noMapping) }
        for key in Self.sections(of: step) { changed[key] = rules[key] ?? changed[key] }
        let before = verify
        self = try Plan(.object(changed), unknownKeys: .ignored)
        if step == .retire { verify = before.lasting(as: verify) }
    }
}

extension Plan {
    /// Where OpenRouter is, and where the management key is found.
    package struct Service: PlanSection {
        package static let defaultURL = "https://openrouter.ai/api/v1"

        package var url = defaultURL
        /// The environment variable that holds the management key.
        package var managementKey: EnvironmentName?
        /// The ID of the federation policy that a job's identity token is exchanged by, for a management key's powers.
        package var federationPolicy: String?
        /// The audience that the policy wants, where the job can ask for one.
        package var federationAudience: String?
        /// Where the applications call OpenRouter, if that is another host: probes go there.
        package var inferenceURL: String?

        package init() {}

        package static let key = "openrouter"

        package static let fields: [PlanField<Self>] = [
            PlanField(
                "url", \.url, .address(query: false), help: "OpenRouter's address, or that of a proxy in front of it"),
            PlanField(
                "management_key", \.managementKey, .optional(.managementKey),
                help: "The environment variable that holds the management key"),
            PlanField(
                "federation_policy", \.federationPolicy, .optional(.uuid),
                help: "The federation policy that stands in for a stored management key, by its ID"),
            PlanField(
                "federation_audience", \.federationAudience, .optional(.text),
                help: "The audience that this policy wants, where GitHub hands out the identity token"),
            PlanField(
                "inference_url", \.inferenceURL, .optional(.address(query: false)),
                help:
                    "Where the applications call OpenRouter, such as https://eu.openrouter.ai/api/v1: new keys are tried there"
            ),
        ]
    }

    /// How the key that is to be replaced is found.
    package enum Predecessor: Hashable, Sendable {
        /// The live key of the lineage of this base name.
        case name(String)
        case hash(KeyHash)
        /// The key in this environment variable of `ork-create`; its digest finds it.
        case environment(EnvironmentName)
        /// There is none: the first key of its lineage.
        case none
    }
}

extension PlanCodec where Value == String {
    /// An ID as OpenRouter gives it.
    static var uuid: Self {
        let digits = [8, 4, 4, 4, 12]
        return Self(
            text: "an ID such as 3f2504e0-4f89-41d3-9a0c-0305e82c3301", definition: "uuid",
            schema: [
                "description": "An ID of OpenRouter's.", "type": "string",
                "pattern": .string("^" + digits.map { "[0-9a-fA-F]{\($0)}" }.joined(separator: "-") + "$"),
            ],
            read: { text in
                let parts = text.split(separator: "-", omittingEmptySubsequences: false)
                let isID = parts.map(\.count) == digits && parts.joined().allSatisfy { $0.isASCII && $0.isHexDigit }
                return isID ? text : nil
            }, write: { $0 })
    }
}

extension PlanCodec where Value == EnvironmentName {
    static var variable: Self {
        Self(
            text: "the name of an environment variable", definition: "variable",
            schema: [
                "description": "The name of an environment variable.", "type": "string",
                "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
            ], read: { EnvironmentName($0) }, write: \.description)
    }

    /// A variable in a mapping, which leaves room for other places where a key may lie.
    fileprivate static var managementKey: Self {
        Self(
            "{env: NAME}, the name of an environment variable",
            schema: { $0.object(["env": Self.variable.schema(&$0)], required: ["env"]) },
            read: { value throws(PlanError) in
                guard value.json.object != nil, let name = try value.members(known: ["env"])["env"] else { return nil }
                return try Self.variable.read(value.below("env", name))
            }, write: { ["env": .string($0.description)] })
    }
}

extension PlanCodec where Value == Plan.Predecessor {
    fileprivate static var predecessor: Self {
        let found = Self.oneOf([
            PlanKind("name", .text, Value.name) { if case .name(let name) = $0 { name } else { nil } },
            PlanKind("hash", .hash, Value.hash) { if case .hash(let hash) = $0 { hash } else { nil } },
            PlanKind("env", .variable, Value.environment) { if case .environment(let name) = $0 { name } else { nil } },
        ])
        return found.or("none", Value.none)
    }
}

extension PlanCodec where Value == KeyHash {
    fileprivate static var hash: Self {
        Self(
            text: "the hash of a key", definition: "hash",
            schema: [
                "description": "OpenRouter's hash of a key.", "type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$",
            ], read: { KeyHash($0) }, write: \.description)
    }
}
