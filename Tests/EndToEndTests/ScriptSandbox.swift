import FoundationEssentials
import HTTP
import JSON
import Secrets
import TestSupport
import Timestamps

extension ScriptRun {
    /// What a script does to its OpenRouter. KEY is `successor`, `predecessor`, or a hash.
    ///
    /// ```
    /// sandbox-start OPTION…       another one, which knows nothing of the first
    /// sandbox-use FILE [MODEL]    an application asks a model with the key found in FILE; with ! it is refused
    /// sandbox-disable KEY   sandbox-enable KEY   sandbox-limit KEY USD|null   sandbox-expire KEY LENGTH-OF-TIME
    /// sandbox-delete KEY
    /// sandbox-key NAME VARIABLE   another hand makes a key of this name; VARIABLE holds it, and VARIABLE_HASH its hash
    /// sandbox-keys                prints each key there ever was: NAME enabled|disabled|deleted LIMIT CALLS
    /// sandbox-log                 prints what was asked since the last time: METHOD PATH STATUS
    /// sandbox-openrouter METHOD PATH JSON [NAME]   another hand manages the account; prints the answer, and keeps the ID of
    ///                             what it made in the variable NAME
    /// sandbox-policy ID TOKEN     a federation policy that acts as the management key, and a job's identity token for it: both
    ///                             go into variables of these names
    /// sandbox-behaviour JSON      how OpenRouter behaves from now on, as `ork-sandbox --help` has it
    /// sandbox-account NAME        another account; its management key goes into the variable NAME
    /// sandbox-github PATH JSON    another hand at GitHub, or with sandbox-gitlab, sandbox-kubernetes and sandbox-vercel
    ///                             there; prints the answer
    /// sandbox-secrets             prints GitHub's secrets: STORE SCOPE NAME HOLDER [VISIBILITY]
    /// sandbox-variables           prints GitLab's variables: SCOPE ENVIRONMENT KEY HOLDER FLAG…
    /// sandbox-cluster             prints Kubernetes' secrets, NAMESPACE SECRET KEY HOLDER, and workloads, NAME RESTARTS
    /// sandbox-project             prints Vercel's variables, ENVIRONMENTS KEY HOLDER, and deployments, ID STATE HOLDER OF
    ///                             KEY [serves]
    /// ```
    func performSandbox(_ name: String, _ arguments: [String]) throws {
        switch name {
        case "sandbox-start":
            sandbox = try SandboxProcess(arguments)
            nameSandbox()
        case "sandbox-disable": try sandbox.change(try hash(one(arguments)), ["disabled": true])
        case "sandbox-enable": try sandbox.change(try hash(one(arguments)), ["disabled": false])
        case "sandbox-limit":
            let (key, limit) = try two(arguments)
            let value = JSONNumber(limit).map { JSONValue.number($0) } ?? .null
            try sandbox.change(try hash(key), ["limit": value])
        case "sandbox-expire":
            let (key, length) = try two(arguments)
            guard let interval = Interval(length) else { throw ScriptFailure("\(length) is no length of time") }
            let end = Date.now.addingTimeInterval(Double(interval.seconds))
            try sandbox.change(try hash(key), ["expires_at": .string(end.rfc3339)])
        case "sandbox-delete":
            let answer = try sandbox.send(.delete, "/keys/" + (try hash(one(arguments))), as: sandbox.managementKey)
            guard answer.status == 200 else { throw ScriptFailure("the sandbox answers \(answer.status)") }
        case "sandbox-key":
            let (name, variable) = try two(arguments)
            let answer = try sandbox.send(.post, "/keys", as: sandbox.managementKey, ["name": .string(name)])
            let body = try JSONValue(parsing: answer.body)
            variables[variable] = body["key"]?.string
            variables["\(variable)_HASH"] = body["data"]?["hash"]?.string
        case "sandbox-keys":
            output = try sandbox.keys().filter { $0["management"] == false }.map(Self.line).joined()
        case "sandbox-log":
            let log = try sandbox.log()
            output = log.dropFirst(logPosition).map { entry in
                let words = [entry["method"], entry["path"]].map { $0?.string ?? "?" }
                return "\(words.joined(separator: " ")) \(entry["status"]?.number?.text ?? "?")\n"
            }.joined()
            logPosition = log.count
        case "sandbox-openrouter":
            guard arguments.count >= 3, let method = HTTPRequest.Method(rawValue: arguments[0]) else {
                throw ScriptFailure("sandbox-openrouter METHOD PATH JSON [NAME]")
            }
            let body = method == .get ? nil : try JSONValue(parsing: Array(arguments[2].utf8))
            let answer = try sandbox.send(method, "/" + arguments[1], as: sandbox.managementKey, body)
            let json = try JSONValue(parsing: answer.body)
            guard (200...299).contains(answer.status) else { throw ScriptFailure(json.text()) }
            output = json.text() + "\n"
            if arguments.count > 3 { variables[arguments[3]] = json["data"]?["id"]?.string }
        case "sandbox-policy":
            let (policy, token) = try two(arguments)
            let id = try sandbox.control(.post, "policies", ["subject": "repo:acme/web"])["id"] ?? .null
            variables[policy] = id.string
            variables[token] = try sandbox.control(.post, "subject-tokens", ["policy": id])["token"]?.string
        case "sandbox-behaviour":
            _ = try sandbox.control(.post, "behaviour", JSONValue(parsing: Array(one(arguments).utf8)))
        case "sandbox-account":
            variables[try one(arguments)] = try sandbox.addAccount().revealed()
        case "sandbox-github", "sandbox-gitlab", "sandbox-kubernetes", "sandbox-vercel":
            let (path, body) = try two(arguments)
            let service = name.dropFirst("sandbox-".count)
            output =
                try sandbox.control(.post, "\(service)/\(path)", JSONValue(parsing: Array(body.utf8))).text() + "\n"
        case "sandbox-secrets":
            output = try held("github/secrets", ["store", "scope", "name"]) {
                [$0["visibility"]?.string].compactMap { $0 }
            }
        case "sandbox-variables":
            output = try held("gitlab/variables", ["scope", "environment_scope", "key"]) { variable in
                ["masked", "raw", "protected", "hidden"].filter { variable[$0] == true }
            }
        case "sandbox-cluster":
            output = try held("kubernetes/secrets", ["namespace", "secret", "key"]) { _ in [] }
            for workload in try sandbox.control(.get, "kubernetes/workloads").array ?? [] {
                output += "\(workload["name"]?.string ?? "?") \(workload["restarts"]?.number?.text ?? "?")\n"
            }
        case "sandbox-project":
            output = try held("vercel/variables", ["target", "key"]) { _ in [] }
            output += try held("vercel/deployments", ["id", "state"], of: { $0["digests"]?["KEY"] }) { deployment in
                deployment["serves"] == true ? ["serves"] : []
            }
        default: throw ScriptFailure("there is no command \(name)")
        }
    }

    /// An application that asks a model with the key that stands in a file.
    func use(_ arguments: [String], fails: Bool) throws {
        guard let name = arguments.first else { throw ScriptFailure("sandbox-use FILE [MODEL]") }
        guard let key = try content(name).firstMatch(of: /sk-or-v1-[0-9a-f]{64}/) else {
            throw ScriptFailure("\(name) holds no key")
        }
        let model = arguments.count > 1 ? arguments[1] : "example/model"
        let answer = try sandbox.send(
            .post, "/chat/completions", as: Secret(String(key.output)),
            ["model": .string(model), "messages": [["role": "user", "content": "How are you?"]]])
        guard (answer.status != 200) == fails else { throw ScriptFailure("the application's call: \(answer.status)") }
    }

    private func hash(_ key: String) throws -> String {
        switch key {
        case "predecessor": return sandbox.predecessor.hash
        case "successor":
            let successor = try sandbox.keys().last { key in
                key["deleted_at"] == .null && key["name"]?.string?.contains(" ork:") == true
            }
            guard let hash = successor?["hash"]?.string else { throw ScriptFailure("there is no successor") }
            return hash
        default: return key
        }
    }

    /// Lists what a service holds: some fields, whose key it is, and more words.
    private func held(
        _ list: String, _ fields: [String], of digest: (JSONValue) -> JSONValue? = { $0["digest"] },
        _ more: (JSONValue) -> [String]
    ) throws -> String {
        let keys = try sandbox.keys()
        return try (sandbox.control(.get, list).array ?? []).map { entry in
            let digest = digest(entry)?.string?.dropFirst("sha256:".count)
            let key = keys.first { $0["hash"]?.string == digest.map(String.init) }
            let holder =
                digest == nil
                ? "unreadable"
                : key == nil ? "other" : key?["name"]?.string?.contains(" ork:") == true ? "successor" : "predecessor"
            let words = fields.map { entry[$0]?.string ?? "-" } + [holder] + more(entry)
            return words.joined(separator: " ") + "\n"
        }.joined()
    }

    private static func line(_ key: JSONValue) -> String {
        let state = key["deleted_at"] != .null ? "deleted" : key["disabled"] == true ? "disabled" : "enabled"
        let limit = key["limit"]?.number?.text ?? "unlimited"
        return "\(key["name"]?.string ?? "?") \(state) \(limit) \(key["calls"]?.number?.text ?? "?")\n"
    }
}
