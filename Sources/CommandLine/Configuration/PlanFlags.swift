import HTTP
import JSON
import PublisherHosting
package import Rotation
import Secrets
import Wording

/// The flags that say what a rotation is to do, as they were written.
///
/// ```
/// --predecessor NAME | name=NAME | hash=HASH | env=VARIABLE | none
/// --to [TARGET=]PUBLISHER[@WAVE][:KEY=VALUE,KEY:=JSON,…]    a comma in VALUE is written \,  and a backslash \\
/// --target-env TARGET:VARIABLE | TARGET:CHILD=OURS           a variable for the target's publisher
/// --probe URL | plain:URL | exec:PROGRAM | none             none leaves out those before it
/// ```
package struct PlanFlags: Sendable {
    // By the names of `Plan.flags`. What is given once is a list of one; a flag without a value says `true`.
    private var texts: [String: [String]] = [:]

    package init() {}

    /// What was written behind the flag of this name, without its dashes.
    package subscript(_ name: String) -> [String] {
        get { texts[name] ?? [] }
        set { texts[name] = newValue.isEmpty ? nil : newValue }
    }

    /// What was written, in the order of `Plan.flags`; a flag without a value has none.
    package var said: [(name: String, value: String?)] {
        Plan.flags.flatMap { flag in self[flag.name].map { (flag.name, flag.kind == .toggle ? nil : $0) } }
    }

    /// Whether nothing was said.
    package var isEmpty: Bool { texts.isEmpty }

    /// These flags and others.
    package static func + (left: Self, right: Self) -> Self {
        var sum = left
        sum.texts.merge(right.texts) { $0 + $1 }
        return sum
    }

    /// The flags of these names alone.
    package func only(_ names: Set<String>) -> Self {
        var part = self
        part.texts = texts.filter { names.contains($0.key) }
        return part
    }

    /// The plan that the flags make, or `base` with what they say: single values replace, targets and probes are added.
    package func plan(over base: Plan? = nil) throws(ConfigurationError) -> Plan {
        var plan = try rules(over: base)
        for text in self["to"] { plan.targets.append(try Self.target(text, among: plan.targets.map(\.name))) }
        for text in self["target-env"] { try Self.addEnvironment(text, to: &plan.targets) }
        plan.targets.sort { $0.name < $1.name }
        do { try plan.refuseTwins() } catch { throw ConfigurationError(path: "--to", error.description) }
        return plan
    }

    /// What the flags make of the plan of a rotation that has begun. A target that is in it already is the same one: the
    /// command can be given again as it was.
    package func plan(overRunning plan: Plan) throws(ConfigurationError) -> Plan {
        var plan = try rules(over: plan)
        for text in self["to"] {
            let target = try Self.target(text, among: plan.targets.map(\.name), mayExist: true)
            if !plan.targets.contains(where: target.isSamePlace) { plan.targets.append(target) }
        }
        for text in self["target-env"] { try Self.addEnvironment(text, to: &plan.targets) }
        return plan
    }

    /// The plan of a rotation that has begun without some of its targets, and with what the flags say of others: a target of
    /// a name that is there already takes its place.
    package func plan(amending plan: Plan, dropping names: Set<PlanName>) throws(ConfigurationError) -> Plan {
        var amended = plan
        if let unknown = names.sorted().first(where: { plan.target($0) == nil }) {
            let known = plan.targets.map(\.name.description)
            throw ConfigurationError(
                path: "--drop-target", UnknownName(unknown.description, of: "target", among: known).sentence)
        }
        amended.targets.removeAll { names.contains($0.name) }
        for text in self["to"] {
            let target = try Self.target(text, among: amended.targets.map(\.name), mayExist: true)
            // Without a name of its own it is the one that is there.
            let isGivenAgain = try TargetFlag(text).name == nil && amended.targets.contains(where: target.isSamePlace)
            guard !isGivenAgain else { continue }
            amended.targets.removeAll { $0.name == target.name }
            amended.targets.append(target)
        }
        amended = amended.withPaths(asIn: plan)
        for text in self["target-env"] { try Self.addEnvironment(text, to: &amended.targets) }
        amended.targets.sort { $0.name < $1.name }
        do { try amended.refuseTwins() } catch { throw ConfigurationError(path: "--to", error.description) }
        return amended
    }

    /// Everything but the targets.
    private func rules(over base: Plan?) throws(ConfigurationError) -> Plan {
        let predecessor = try self["predecessor"].last.map { text throws(ConfigurationError) in
            try Self.predecessor(text)
        }
        guard let predecessor = predecessor ?? base?.predecessor else {
            throw ConfigurationError(path: "--predecessor", "is missing; it must be \(Self.predecessorForm)")
        }
        var plan = try withPlainValues(over: base ?? Plan(predecessor: predecessor))
        plan.predecessor = predecessor
        for text in self["probe"] {
            if text == "none" { plan.verify.probes = [] } else { plan.verify.probes.append(try Self.probe(text)) }
        }
        return plan
    }

    private func withPlainValues(over base: Plan) throws(ConfigurationError) -> Plan {
        let json = try withPlainValues(Plan.flags, over: base.json)
        do { return try Plan(json, unknownKeys: .ignored) } catch { throw ConfigurationError(error, Plan.flags) }
    }

    /// A section with what the flags say of it.
    package func section<Section: PlanSection>(over base: Section) throws(ConfigurationError) -> Section {
        let json = try withPlainValues(Section.flags, over: [Section.key: base.json])
        do {
            return try Section(json[Section.key] ?? [:], unknownKeys: .ignored)
        } catch {
            throw ConfigurationError(error, Section.flags)
        }
    }

    private func withPlainValues(
        _ flags: [PlanFlag], over base: JSONValue
    ) throws(ConfigurationError) -> JSONValue {
        var json = base
        for flag in flags where flag.isPlain {
            guard let text = self[flag.name].last else { continue }
            json = flag.path.setting(try Self.value(text, of: flag), in: json)
        }
        return json
    }

    private static func value(_ text: String, of flag: PlanFlag) throws(ConfigurationError) -> JSONValue {
        try refuseSecret(text, "--" + flag.name)
        if flag.kind == .toggle { return true }
        return flag.acceptsNull && text == "null" ? .null : .string(text)
    }

    private static let predecessorForm = "NAME, name=NAME, hash=HASH, env=VARIABLE or none"

    private static let predecessorKinds = ["name", "hash", "env"]

    /// Reads `--predecessor`. What has no `=` is the name of a key.
    package static func predecessor(_ text: String) throws(ConfigurationError) -> Plan.Predecessor {
        let flag = "--predecessor"
        try refuseSecret(text, flag)
        if text == "none" { return .none }
        var parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
        if parts.count == 1 {
            guard !text.isEmpty, text.lowercased() != "none" else {
                throw ConfigurationError(path: flag, "must be \(predecessorForm)")
            }
            guard Digest(hex: text.lowercased()) == nil else {
                throw ConfigurationError(path: flag, "looks like a key's hash and not like its name: say hash=\(text)")
            }
            parts.insert("name", at: 0)
        }
        guard predecessorKinds.contains(parts[0]) else {
            let advice =
                NearNames(to: parts[0], among: predecessorKinds).question
                ?? "if the name itself has a =: name=\(DisplayText.escaped(text, limit: 80)), with --rotation NAME"
            throw ConfigurationError(path: flag, "must be \(predecessorForm); \(advice)")
        }
        do {
            return try Plan(["predecessor": .object([parts[0]: .string(parts[1])])], unknownKeys: .refused).predecessor
        } catch {
            throw ConfigurationError(path: flag, "\(parts[0])= \(error.message)")
        }
    }

    /// Reads `--to`. Without `TARGET=` the target is named like its publisher, and `-2`, `-3` … if that is taken.
    /// A name that is taken is refused, unless it `mayExist`: the command was given before.
    package static func target(
        _ text: String, among existing: [PlanName], mayExist: Bool = false
    ) throws(ConfigurationError) -> Plan.Target {
        try refuseSecret(text, TargetFlag.flag)
        let flag = try TargetFlag(text)
        guard PublisherName(flag.publisher) != nil else {
            let shipped = PublisherName.shipped.map(\.description)
            let question = NearNames(to: flag.publisher, among: shipped).question.map { "; \($0)" } ?? ""
            throw flag.error("a publisher's name has lower-case letters, digits and - only\(question)")
        }
        guard let name = PlanName(flag.name ?? freeName(for: flag.publisher, among: existing)) else {
            throw flag.error("TARGET must be a name of letters, digits and . _ - /")
        }
        guard mayExist || !existing.contains(name) else {
            throw flag.error("there is a target \(name) already; choose another TARGET=")
        }
        var json: JSONObject = ["publisher": .string(flag.publisher), "with": .object(flag.with)]
        if let wave = flag.wave { json["wave"] = Int(wave).map { .number(JSONNumber($0)) } ?? .string(wave) }
        do {
            return try Plan.Target(name: name, .object(json), [], .refused)
        } catch {
            throw flag.error(error.description)
        }
    }

    private static func freeName(for publisher: String, among existing: [PlanName]) -> String {
        var name = publisher
        var count = 1
        while existing.contains(where: { $0.description == name }) {
            count += 1
            name = "\(publisher)-\(count)"
        }
        return name
    }

    /// Reads `--target-env` and gives the variable to its target.
    package static func addEnvironment(_ text: String, to targets: inout [Plan.Target]) throws(ConfigurationError) {
        let flag = "--target-env"
        try refuseSecret(text, flag)
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let names = parts.count == 2 ? parts[1].split(separator: "=", omittingEmptySubsequences: false) : []
        guard let child = names.first, let ours = names.last, names.count <= 2 else {
            throw ConfigurationError(path: flag, "must be TARGET:VARIABLE or TARGET:CHILD=OURS")
        }
        guard let index = targets.firstIndex(where: { $0.name.description == parts[0] }) else {
            let unknown = UnknownName(String(parts[0]), of: "target", among: targets.map(\.name.description)).sentence
            let way = targets.isEmpty ? "; add it: --to \(parts[0])=PUBLISHER:KEY=VALUE" : ""
            throw ConfigurationError(path: flag, unknown + way)
        }
        let origin = targets[index].origin
        targets[index].origin = .currentFolder
        var json = targets[index].json.object ?? [:]
        var environment = json["env"]?.object ?? [:]
        environment[String(child)] = .string(String(ours))
        json["env"] = .object(environment)
        do {
            targets[index] = try Plan.Target(name: targets[index].name, .object(json), [], .refused)
            targets[index].origin = origin
        } catch {
            throw ConfigurationError(path: flag, error.description)
        }
    }

    /// Reads `--probe`: an address that must answer 200, behind `plain:` over plain http, or a program that must exit 0.
    package static func probe(_ text: String) throws(ConfigurationError) -> Plan.Probe {
        let flag = "--probe"
        try refuseSecret(text, flag)
        let program = text.hasPrefix("exec:") ? String(text.dropFirst("exec:".count)) : nil
        let probe: JSONValue
        if let program {
            guard !program.isEmpty else { throw ConfigurationError(path: flag, "exec: must be followed by a program") }
            probe = ["command": ["run": [.string(program)]]]
        } else {
            let plain = text.hasPrefix("plain:") ? String(text.dropFirst("plain:".count)) : nil
            try refuseAddress(plain ?? text, isPlain: plain != nil, flag)
            probe = ["http": plain.map { ["url": .string($0), "plain_http": true] } ?? ["url": .string(text)]]
        }
        do {
            let plan = try Plan(["predecessor": "none", "verify": ["probes": [probe]]], unknownKeys: .refused)
            return plan.verify.probes[0]
        } catch {
            throw ConfigurationError(path: flag, error.message)
        }
    }

    private static func refuseAddress(_ url: String, isPlain: Bool, _ flag: String) throws(ConfigurationError) {
        do { _ = try isPlain ? HTTPURL(allowingPlain: url) : HTTPURL(url) } catch {
            let message =
                switch error {
                case .form: "must be an address such as https://shop.example/health, or exec:PROGRAM"
                case .plaintext: "\(error.rawValue), or plain:http://… on a network that you trust"
                case .user: "\(error.rawValue); have a program of yours log in: exec:PROGRAM"
                }
            throw ConfigurationError(path: flag, message)
        }
    }

    private static func refuseSecret(_ text: String, _ flag: String) throws(ConfigurationError) {
        guard let (shape, _) = SecretShape.first(in: Array(text.utf8)) else { return }
        let isPredecessor = flag == "--predecessor"
        throw ConfigurationError(
            path: flag, isPredecessor ? shape.message(instead: "write env=VARIABLE") : shape.message)
    }
}

extension [String] {
    /// The value with another one at the end of this path of keys.
    fileprivate func setting(_ new: JSONValue, in value: JSONValue) -> JSONValue {
        guard let key = first else { return new }
        var object = value.object ?? [:]
        object[key] = Array(dropFirst()).setting(new, in: object[key] ?? [:])
        return .object(object)
    }
}

extension ConfigurationError {
    /// What is wrong with a field, by the flag that says it.
    fileprivate init(_ error: PlanError, _ flags: [PlanFlag]) {
        let flag = flags.first { $0.isPlain && $0.path == error.path }
        self.init(path: flag.map { "--" + $0.name } ?? error.path.joined(separator: "."), error.message)
    }
}
