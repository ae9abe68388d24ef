import JSON
import PublisherHosting
package import Rotation

/// The flags that say what a rotation is to do, as they were written.
///
/// ```
/// --predecessor name=NAME | hash=HASH | env=VARIABLE | none
/// --to [TARGET=]PUBLISHER[@WAVE][:KEY=VALUE,KEY:=JSON,…]    a comma in VALUE is written \,  and a backslash \\
/// --target-env TARGET:VARIABLE | TARGET:CHILD=OURS           a variable for the target's publisher
/// --probe URL | exec:PROGRAM
/// ```
package struct PlanFlags: Sendable {
    /// `--predecessor`
    package var predecessor: String?
    /// `--name`: the successor's base name.
    package var name: String?
    /// `--workspace`
    package var workspace: String?
    /// `--limit`: an amount in US dollars, `inherit` or `null`.
    package var limit: String?
    /// `--limit-reset`: `daily`, `weekly`, `monthly`, `inherit` or `null`.
    package var limitReset: String?
    /// `--expires-in`: a lifetime, `inherit` or `null`.
    package var expiresIn: String?
    /// `--to`, each of them one target.
    package var targets: [String] = []
    /// `--target-env`, each of them one variable.
    package var targetEnvironment: [String] = []
    /// `--probe`, each of them one probe.
    package var probes: [String] = []
    /// `--settle`
    package var settle: String?
    /// `--valid-for`
    package var validFor: String?
    /// `--overlap`
    package var overlap: String?
    /// `--quiet-for`
    package var quietFor: String?
    /// `--soak`
    package var soak: String?

    package init() {}

    /// The plan that the flags make, or `base` with what they say: single values replace, targets and probes are added.
    package func plan(over base: Plan? = nil) throws(ConfigurationError) -> Plan {
        let predecessor = try self.predecessor.map { text throws(ConfigurationError) in try Self.predecessor(text) }
        guard let predecessor = predecessor ?? base?.predecessor else {
            throw ConfigurationError(path: "--predecessor", "is missing; it must be \(Self.predecessorForm)")
        }
        var plan = try withValues(over: base ?? Plan(predecessor: predecessor))
        plan.predecessor = predecessor
        for text in targets { plan.targets.append(try Self.target(text, among: plan.targets.map(\.name))) }
        for text in targetEnvironment { try Self.addEnvironment(text, to: &plan.targets) }
        plan.targets.sort { $0.name < $1.name }
        do { try plan.refuseTwins() } catch { throw ConfigurationError(path: "--to", error.description) }
        for text in probes { plan.verify.probes.append(try Self.probe(text)) }
        return plan
    }

    private var values: [(flag: String, path: [String], text: String?)] {
        [
            ("--name", ["successor", "name"], name), ("--workspace", ["workspace"], workspace),
            ("--limit", ["successor", "limit"], limit), ("--limit-reset", ["successor", "limit_reset"], limitReset),
            ("--expires-in", ["successor", "expires_in"], expiresIn), ("--settle", ["publish", "settle"], settle),
            ("--valid-for", ["verify", "valid_for"], validFor), ("--overlap", ["retire", "overlap"], overlap),
            ("--quiet-for", ["retire", "quiet_for"], quietFor), ("--soak", ["retire", "soak"], soak),
        ]
    }

    private func withValues(over base: Plan) throws(ConfigurationError) -> Plan {
        guard values.contains(where: { $0.text != nil }) else { return base }
        var json = base.json.object ?? [:]
        for (flag, path, text) in values {
            guard let text else { continue }
            try Self.refuseSecret(text, flag)
            let isNull = text == "null" && ["limit", "limit_reset", "expires_in"].contains(path.last)
            let value: JSONValue = isNull ? .null : .string(text)
            if path.count == 1 {
                json[path[0]] = value
            } else {
                var section = json[path[0]]?.object ?? [:]
                section[path[1]] = value
                json[path[0]] = .object(section)
            }
        }
        do {
            return try Plan(.object(json), unknownKeys: .refused)
        } catch {
            let flag = values.first { $0.path == error.path }?.flag
            throw ConfigurationError(path: flag ?? error.path.joined(separator: "."), error.message)
        }
    }

    private static let predecessorForm = "name=NAME, hash=HASH, env=VARIABLE or none"

    /// Reads `--predecessor`.
    package static func predecessor(_ text: String) throws(ConfigurationError) -> Plan.Predecessor {
        let flag = "--predecessor"
        try refuseSecret(text, flag)
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
        guard text == "none" || (parts.count == 2 && ["name", "hash", "env"].contains(parts[0])) else {
            throw ConfigurationError(path: flag, "must be \(predecessorForm)")
        }
        let json: JSONValue = parts.count == 2 ? .object([parts[0]: .string(parts[1])]) : "none"
        do {
            return try Plan(["predecessor": json], unknownKeys: .refused).predecessor
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
            throw flag.error("PUBLISHER must be the NAME of an ork-publisher-NAME: a-z, 0-9 and -")
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
            let known = targets.map(\.name.description).joined(separator: ", ")
            throw ConfigurationError(
                path: flag,
                "there is no target of this name; " + (known.isEmpty ? "name it with --to" : "known are \(known)"))
        }
        var json = targets[index].json.object ?? [:]
        var environment = json["env"]?.object ?? [:]
        environment[String(child)] = .string(String(ours))
        json["env"] = .object(environment)
        do {
            targets[index] = try Plan.Target(name: targets[index].name, .object(json), [], .refused)
        } catch {
            throw ConfigurationError(path: flag, error.description)
        }
    }

    /// Reads `--probe`: an address that must answer 200, or a program that must exit 0.
    package static func probe(_ text: String) throws(ConfigurationError) -> Plan.Probe {
        let flag = "--probe"
        try refuseSecret(text, flag)
        let program = text.hasPrefix("exec:") ? String(text.dropFirst("exec:".count)) : nil
        let probe: JSONValue
        if let program {
            guard !program.isEmpty else { throw ConfigurationError(path: flag, "exec: must be followed by a program") }
            probe = ["command": ["run": [.string(program)]]]
        } else {
            if let mistake = Plan.mistake(in: text) {
                throw ConfigurationError(path: flag, "must be an address or exec:PROGRAM: \(mistake)")
            }
            probe = ["http": ["url": .string(text)]]
        }
        do {
            let plan = try Plan(["predecessor": "none", "verify": ["probes": [probe]]], unknownKeys: .refused)
            return plan.verify.probes[0]
        } catch {
            throw ConfigurationError(path: flag, error.message)
        }
    }

    private static func refuseSecret(_ text: String, _ flag: String) throws(ConfigurationError) {
        guard let (shape, _) = SecretShape.first(in: Array(text.utf8)) else { return }
        throw ConfigurationError(path: flag, shape.message)
    }
}
