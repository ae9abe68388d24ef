package import FoundationEssentials
package import HTTP
import JSON
import SandboxWire
import Secrets
import Sodium

extension KubernetesSandbox {
    /// Another administrator's hand: what is asked for under `/sandbox/kubernetes`, without authentication. Below it
    /// stands the whole API as well, for kubectl, which sends no credentials without TLS.
    package mutating func control(_ request: HTTPRequest, at now: Date) -> HTTPResponse {
        let target = RequestTarget(request, dropping: 2)
        let wish = (request.body.flatMap { try? JSONValue(parsing: $0) })?.object ?? [:]
        let namespace = wish["namespace"]?.string ?? "default"
        switch (request.method, target.segments.joined(separator: "/")) {
        case (.get, "secrets"): return HTTPResponse(200, .array(allSecrets), at: now)
        case (.get, "workloads"): return HTTPResponse(200, .array(allWorkloads(at: now)), at: now)
        case (.get, "leaks"): return HTTPResponse(200, .number(JSONNumber(leaks)), at: now)
        case (.post, "namespaces"):
            addNamespace(namespace)
            if wish["terminating"] == true { terminate(namespace: namespace) }
        case (.post, "values"):
            guard let name = wish["secret"]?.string, let key = wish["key"]?.string else {
                return refusal("secret and key are missing", at: now)
            }
            if object(.secrets, name, in: namespace) == nil { addSecret(name, in: namespace, []) }
            setValue(wish["value"]?.string, of: key, in: name, namespace)
        case (.post, "workloads"):
            guard let name = wish["name"]?.string, let resource = wish["resource"]?.string.flatMap(Resource.init) else {
                return refusal("resource and name are missing", at: now)
            }
            if object(resource, name, in: namespace) == nil {
                addWorkload(resource, name, in: namespace, replicas: wish["replicas"]?.integer ?? 2)
            }
            let fails = wish["fails"]?.bool ?? false
            hold(resource, name, in: namespace, at: wish["step"]?.integer ?? (fails ? 1 : nil))
            setFailing(resource, name, in: namespace, fails)
        case (.post, "tokens"): return makeToken(wish, at: now)
        case (.post, "settings"):
            for (name, value) in wish.members {
                switch (name, value) {
                case ("request_limit", .null): requestLimit = nil
                case ("request_limit", .number(let limit)): requestLimit = limit.integer
                case ("pace", .number(let pace)): self.pace = pace.double
                default: return refusal("only request_limit and pace can be set", at: now)
                }
            }
        default: return answer(trusting: request, target, at: now)
        }
        return HTTPResponse(200, [:], at: now)
    }

    private func refusal(_ problem: String, at now: Date) -> HTTPResponse {
        HTTPResponse(400, ["message": .string(problem)], at: now)
    }

    private mutating func makeToken(_ wish: JSONObject, at now: Date) -> HTTPResponse {
        var rules: [Identity.Rule] = []
        for rule in wish["rules"]?.array ?? [] {
            guard let resource = rule["resource"]?.string.flatMap(Resource.init) else {
                return refusal("a rule has a resource and verbs", at: now)
            }
            rules.append(
                Identity.Rule(
                    Set(rule["verbs"]?.array?.compactMap(\.string) ?? []), resource,
                    names: rule["names"]?.array.map { Set($0.compactMap(\.string)) },
                    namespace: rule["namespace"]?.string))
        }
        let identity = Identity(
            user: wish["user"]?.string ?? "somebody", rules: wish["rules"] == nil ? nil : rules,
            expiresAt: wish["seconds"]?.integer.map { now.addingTimeInterval(Double($0)) })
        if wish["certificate"] == true {
            addUser(identity)
            return HTTPResponse(200, [:], at: now)
        }
        return HTTPResponse(200, ["token": .string(addToken(of: identity).revealed() ?? "")], at: now)
    }

    /// Every key of every secret, its value as a digest.
    private var allSecrets: [JSONValue] {
        objects.filter { $0.key.resource == .secrets }
            .sorted { ($0.key.namespace, $0.key.name) < ($1.key.namespace, $1.key.name) }
            .flatMap { key, object in
                object[object: "data"].members.map { name, value in
                    let bytes = value.string.flatMap { Data(base64Encoded: $0) } ?? Data()
                    return [
                        "namespace": .string(key.namespace), "secret": .string(key.name), "key": .string(name),
                        "digest": .string("\(Digest(of: Secret(bytes)))"),
                    ] as JSONValue
                }
            }
    }

    private mutating func allWorkloads(at now: Date) -> [JSONValue] {
        advance(to: now)
        return rollouts.sorted { ($0.key.namespace, $0.key.name) < ($1.key.namespace, $1.key.name) }
            .map { key, rollout in
                [
                    "namespace": .string(key.namespace), "resource": .string(key.resource.rawValue),
                    "name": .string(key.name), "restarts": .number(JSONNumber(rollout.number)),
                    "status": objects[key]?["status"] ?? .null,
                ]
            }
    }
}
