package import JSON
import PublisherHosting
import Secrets
import Timestamps

extension Plan {
    /// Reads a plan in its JSON form. Everything but `predecessor` may be left out.
    package init(_ value: JSONValue, unknownKeys: UnknownKeys) throws(PlanError) {
        let known = [
            "openrouter", "predecessor", "workspace", "successor", "publish", "targets", "verify", "retire",
        ]
        let fields = try PlanFields(value, [], unknownKeys, known: known)
        self.init(
            predecessor: try fields.require("predecessor", Predecessor.expected) { value throws(PlanError) in
                try Predecessor(value, unknownKeys)
            })
        if let value = fields.object["openrouter"] { service = try Service(value, unknownKeys) }
        workspace = try fields.string("workspace")
        if let value = fields.object["successor"] { successor = try Successor(value, unknownKeys) }
        if let value = fields.object["publish"] { publish = try PublishRules(value, unknownKeys) }
        if let value = fields.object["verify"] { verify = try VerifyRules(value, unknownKeys) }
        if let value = fields.object["retire"] { retire = try RetireRules(value, unknownKeys) }
        if let value = fields.object["targets"] {
            guard let object = value.object else { throw fields.error("targets", "must be a mapping") }
            for (name, value) in object.members {
                guard let planName = PlanName(name) else {
                    throw PlanError(["targets", name], "is not a target's name; use letters, digits and . _ - /")
                }
                targets.append(try Target(name: planName, value, ["targets", name], unknownKeys))
            }
            targets.sort { $0.name < $1.name }
        }
        try refuseTwins()
        try refuseManagementKey()
    }

    /// No publisher gets the management key, whatever the variable is called that holds it.
    private func refuseManagementKey() throws(PlanError) {
        for target in targets where target.environment.values.contains(where: { $0 == service.managementKey }) {
            throw PlanError(
                ["targets", target.name.description, "env"],
                "takes the variable of the management key, which no "
                    + "publisher gets")
        }
    }

    /// Two targets at one place would write over each other in an order that nobody chose.
    package func refuseTwins() throws(PlanError) {
        for (index, target) in targets.enumerated() {
            let twin = targets[..<index].first(where: target.isSamePlace)
            guard let twin else { continue }
            throw PlanError(
                ["targets", target.name.description], "is the same place as target \(twin.name); remove one of them")
        }
    }
}

extension Plan.Service {
    fileprivate init(_ value: JSONValue, _ unknownKeys: UnknownKeys) throws(PlanError) {
        let fields = try PlanFields(value, ["openrouter"], unknownKeys, known: ["url", "management_key"])
        self.init()
        if let url = try fields.string("url") { self.url = url }
        managementKey = try fields.read("management_key", "{env: NAME}, the name of an environment variable") {
            value throws(PlanError) in
            guard value.object != nil else { return nil }
            let path = ["openrouter", "management_key"]
            let fields = try PlanFields(value, path, unknownKeys, known: ["env"])
            return fields.object["env"]?.string.flatMap(EnvironmentName.init)
        }
    }
}

extension Plan.Predecessor {
    static let expected = "{name: …}, {hash: …}, {env: …} or none"

    fileprivate init?(_ value: JSONValue, _ unknownKeys: UnknownKeys) throws(PlanError) {
        if value.string == "none" {
            self = .none
            return
        }
        guard value.object != nil else { return nil }
        let fields = try PlanFields(value, ["predecessor"], unknownKeys, known: ["name", "hash", "env"])
        guard fields.object.members.count == 1 else { return nil }
        if let name = try fields.string("name") {
            self = .name(name)
        } else if let hash = try fields.string("hash") {
            guard let hash = KeyHash(hash) else { throw fields.error("hash", "must be the hash of a key") }
            self = .hash(hash)
        } else if let name = try fields.string("env") {
            guard let name = EnvironmentName(name) else {
                throw fields.error("env", "must be the name of an environment variable")
            }
            self = .environment(name)
        } else {
            return nil
        }
    }
}

extension Plan.Successor {
    fileprivate init(_ value: JSONValue, _ unknownKeys: UnknownKeys) throws(PlanError) {
        let known = ["name", "limit", "limit_reset", "include_byok_in_limit", "expires_in"]
        let fields = try PlanFields(value, ["successor"], unknownKeys, known: known)
        self.init()
        name = try fields.string("name")
        limit =
            try fields.inherited("limit", "an amount in US dollars such as 25 or 12.50, or null for no limit") {
                $0.isNull ? .some(nil) : ($0.string ?? $0.number?.text).flatMap(Money.init).map { .some($0) }
            } ?? .inherit
        limitReset =
            try fields.inherited("limit_reset", "daily, weekly, monthly or null") {
                $0.isNull ? .some(nil) : $0.string.flatMap(Plan.LimitReset.init).map { .some($0) }
            } ?? .inherit
        includeBYOKInLimit =
            try fields.inherited("include_byok_in_limit", "true or false") { $0.bool } ?? .inherit
        expiresIn =
            try fields.inherited("expires_in", "a lifetime such as 90d, or null for none") {
                $0.isNull
                    ? .some(nil)
                    : $0.string.flatMap(Interval.init).flatMap { $0 == .zero ? nil : .some(.some($0)) }
            } ?? .inherit
    }
}

extension Plan.PublishRules {
    fileprivate init(_ value: JSONValue, _ unknownKeys: UnknownKeys) throws(PlanError) {
        let fields = try PlanFields(value, ["publish"], unknownKeys, known: ["settle", "publish_by", "inference"])
        self.init()
        settle = try fields.interval("settle") ?? settle
        publishBy = try fields.interval("publish_by") ?? publishBy
        inference = try fields.string("inference")
    }
}

extension Plan.Target {
    /// Reads a target as it stands in a plan.
    package init(
        name: PlanName, _ value: JSONValue, _ path: [String], _ unknownKeys: UnknownKeys
    ) throws(PlanError) {
        let fields = try PlanFields(
            value, path, unknownKeys, known: ["publisher", "wave", "env", "with", "sha256"])
        let publisher = try fields.require("publisher", "the name of a publisher: the NAME of ork-publisher-NAME") {
            value throws(PlanError) in value.string.flatMap(PublisherName.init)
        }
        let wave = try fields.read("wave", "a whole number from 1 to 100") { value throws(PlanError) in
            value.integer.flatMap { (1...100).contains($0) ? $0 : nil }
        }
        let environment = try fields.environment("env") ?? [:]
        if let name = environment.keys.sorted().first(where: \.isReserved) {
            throw PlanError(path + ["env", name.description], "is one of ork's own variables, which no publisher gets")
        }
        if let (_, source) = environment.sorted(by: { $0.key < $1.key }).first(where: { $0.value.isReserved }) {
            throw PlanError(path + ["env"], "takes \(source), one of ork's own variables, which no publisher gets")
        }
        let with = try fields.read("with", "a mapping") { value throws(PlanError) in value.object }
        // What the handoff's own reader refuses would make a handoff that no later step can read.
        guard (try? JSONValue(parsing: JSONValue.object(with ?? [:]).bytes(), numbers: .integers, depth: 32)) != nil
        else {
            throw fields.error("with", "may have whole numbers only, and 32 levels at most; quote a fraction")
        }
        let pin = try fields.read("sha256", "64 lowercase hexadecimal digits") { value throws(PlanError) in
            value.string.flatMap { Digest(hex: $0) }
        }
        self.init(
            name: name, publisher: publisher, wave: wave ?? 1, environment: environment, with: with ?? [:], pin: pin)
    }
}

extension Plan.VerifyRules {
    fileprivate init(_ value: JSONValue, _ unknownKeys: UnknownKeys) throws(PlanError) {
        let fields = try PlanFields(
            value, ["verify"], unknownKeys, known: ["valid_for", "probes", "require_adoption"])
        self.init()
        validFor = try fields.interval("valid_for") ?? validFor
        requiresAdoption = try fields.bool("require_adoption") ?? requiresAdoption
        let list = try fields.read("probes", "a list") { value throws(PlanError) in value.array } ?? []
        for (index, value) in list.enumerated() {
            probes.append(try Plan.Probe(value, ["verify", "probes", "\(index)"], unknownKeys))
        }
    }
}

extension Plan.Probe {
    fileprivate init(_ value: JSONValue, _ path: [String], _ unknownKeys: UnknownKeys) throws(PlanError) {
        let kinds = try PlanFields(value, path, unknownKeys, known: ["http", "command"])
        guard kinds.object.members.count == 1 else { throw PlanError(path, "must be {http: …} or {command: …}") }
        if let http = kinds.object["http"] {
            let fields = try PlanFields(http, path + ["http"], unknownKeys, known: ["url", "expect"])
            guard let url = try fields.string("url") else { throw fields.error("url", "is missing") }
            let expect = try fields.read("expect", "a status such as 200, or a list of them") {
                value throws(PlanError) -> [Int]? in
                let statuses = (value.array ?? [value]).map { $0.integer ?? 0 }
                return statuses.isEmpty || statuses.contains { !(100...599).contains($0) } ? nil : statuses
            }
            self = .http(url: url, expect: expect ?? [200])
        } else {
            let command = kinds.object["command"] ?? .null
            let fields = try PlanFields(command, path + ["command"], unknownKeys, known: ["run", "env", "timeout"])
            let arguments = try fields.require("run", "a list: the program and its arguments") {
                value throws(PlanError) -> [String]? in
                let arguments = value.array?.compactMap(\.string) ?? []
                return arguments.isEmpty || arguments.count != value.array?.count ? nil : arguments
            }
            self = .command(
                arguments: arguments, environment: try fields.environment("env") ?? [:],
                timeout: try fields.interval("timeout") ?? Interval(seconds: 60))
        }
    }
}

extension Plan.RetireRules {
    fileprivate init(_ value: JSONValue, _ unknownKeys: UnknownKeys) throws(PlanError) {
        let known = ["overlap", "quiet_for", "soak", "accept_cost_only", "accept_idle"]
        let fields = try PlanFields(value, ["retire"], unknownKeys, known: known)
        self.init()
        overlap = try fields.interval("overlap") ?? overlap
        quietFor = try fields.interval("quiet_for") ?? quietFor
        soak = try fields.interval("soak") ?? soak
        acceptsCostOnly = try fields.bool("accept_cost_only") ?? acceptsCostOnly
        acceptsIdle = try fields.bool("accept_idle") ?? acceptsIdle
    }
}
