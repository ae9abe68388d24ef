package import FoundationEssentials
package import HTTP
package import JSON
import SandboxWire
package import Secrets
import Sodium
import Timestamps

/// What a test, or somebody else who administers the cluster, does to the world without a request.
extension KubernetesSandbox {
    package mutating func addNamespace(_ name: String) {
        put(
            ObjectKey(resource: .namespaces, namespace: "", name: name),
            ["spec": ["finalizers": ["kubernetes"]], "status": ["phase": "Active"]])
    }

    /// Starts to delete a namespace; what is in it stays for now, as with a finalizer that nobody removes.
    package mutating func terminate(namespace name: String) {
        change(.namespaces, "", name) { object in
            object[object: "metadata"]["deletionTimestamp"] = .string(Self.start.rfc3339)
            object[object: "status"]["phase"] = "Terminating"
        }
    }

    /// Makes a secret, or puts these values in the place of all that it has.
    package mutating func addSecret(
        _ name: String, in namespace: String = "default", _ values: [(key: String, value: String)],
        type: String = "Opaque", isImmutable: Bool? = nil, annotations: JSONObject = [:], labels: JSONObject = [:],
        owner: JSONObject? = nil
    ) {
        var data: JSONObject = [:]
        for (key, value) in values { data[key] = .string(Data(value.utf8).base64EncodedString()) }
        var metadata: JSONObject = [:]
        if !annotations.isEmpty { metadata["annotations"] = .object(annotations) }
        if !labels.isEmpty { metadata["labels"] = .object(labels) }
        if let owner { metadata["ownerReferences"] = [.object(owner)] }
        var object: JSONObject = ["metadata": .object(metadata), "data": .object(data), "type": .string(type)]
        if let isImmutable { object["immutable"] = .bool(isImmutable) }
        put(ObjectKey(resource: .secrets, namespace: namespace, name: name), object)
    }

    /// Gives one key of a secret a value; `nil` removes it.
    package mutating func setValue(_ value: String?, of key: String, in secret: String, _ namespace: String = "default")
    {
        change(.secrets, namespace, secret) { object in
            object[object: "data"][key] = value.map { .string(Data($0.utf8).base64EncodedString()) }
        }
    }

    /// Makes a workload whose pods are all up to date.
    package mutating func addWorkload(
        _ resource: Resource, _ name: String, in namespace: String = "default", replicas: Int = 2,
        strategy: JSONObject? = nil
    ) {
        let labels: JSONValue = ["app": .string(name)]
        var spec: JSONObject = [
            "selector": ["matchLabels": labels],
            "template": [
                "metadata": ["labels": labels],
                "spec": ["containers": [["name": "main", "image": "registry.example/main:1"]]],
            ],
        ]
        if resource != .daemonsets { spec["replicas"] = .number(JSONNumber(replicas)) }
        if resource == .statefulsets { spec["serviceName"] = .string(name) }
        spec[resource == .deployments ? "strategy" : "updateStrategy"] = .object(strategy ?? ["type": "RollingUpdate"])
        let key = ObjectKey(resource: resource, namespace: namespace, name: name)
        put(key, ["metadata": ["generation": 1], "spec": .object(spec)])
        rollouts[key] = Rollout(beganAt: .distantPast, pods: replicas)
        settle(key, at: Self.start)
    }

    /// Stops a workload's next rollouts after this many steps; `nil` lets them finish.
    package mutating func hold(_ resource: Resource, _ name: String, in namespace: String = "default", at step: Int?) {
        rollouts[ObjectKey(resource: resource, namespace: namespace, name: name)]?.limit = step
    }

    /// Makes a Deployment's next rollouts exceed their deadline.
    package mutating func fail(_ name: String, in namespace: String = "default") {
        hold(.deployments, name, in: namespace, at: 1)
        setFailing(.deployments, name, in: namespace, true)
    }

    mutating func setFailing(_ resource: Resource, _ name: String, in namespace: String, _ fails: Bool) {
        rollouts[ObjectKey(resource: resource, namespace: namespace, name: name)]?.fails = fails
    }

    /// Changes an object past the API.
    package mutating func change(
        _ resource: Resource, _ namespace: String = "default", _ name: String, _ body: (inout JSONObject) -> Void
    ) {
        let key = ObjectKey(resource: resource, namespace: namespace, name: name)
        guard var object = objects[key] else { return }
        body(&object)
        object[object: "metadata"]["resourceVersion"] = .string(nextVersion())
        objects[key] = object
    }

    package mutating func remove(_ resource: Resource, _ name: String, in namespace: String = "default") {
        let key = ObjectKey(resource: resource, namespace: namespace, name: name)
        guard let object = objects.removeValue(forKey: key) else { return }
        rollouts[key] = nil
        version += 1
        removed.append((version, key, object))
    }

    package func object(_ resource: Resource, _ name: String, in namespace: String = "default") -> JSONObject? {
        objects[ObjectKey(resource: resource, namespace: namespace, name: name)]
    }

    /// How often a workload was restarted since it was made.
    package func restarts(_ resource: Resource, _ name: String, in namespace: String = "default") -> Int {
        rollouts[ObjectKey(resource: resource, namespace: namespace, name: name)]?.number ?? 0
    }

    /// The text at a key of a secret.
    package func value(_ key: String, of secret: String, in namespace: String = "default") -> String? {
        let encoded = object(.secrets, secret, in: namespace)?.at("data", key)?.string
        return encoded.flatMap { Data(base64Encoded: $0) }.map { String(decoding: $0, as: UTF8.self) }
    }

    /// Makes a token of somebody.
    package mutating func addToken(of identity: Identity) -> Secret {
        let secret = Secret("ork-sandbox-" + random.hex(40))
        identities[Digest(of: secret)] = identity
        return secret
    }

    package mutating func revoke(_ token: Secret) { identities[Digest(of: token)] = nil }

    /// Lets a front proxy say that this one asks: the field `X-Remote-User`, with which client certificates come here
    /// (Kubernetes' documentation, "Authenticating Proxy").
    package mutating func addUser(_ identity: Identity) { users[identity.user] = identity }

    private mutating func put(_ key: ObjectKey, _ content: JSONObject) {
        var metadata: JSONObject = ["name": .string(key.name)]
        if key.resource.isNamespaced { metadata["namespace"] = .string(key.namespace) }
        metadata["uid"] = .string(random.uuid())
        metadata["resourceVersion"] = .string(nextVersion())
        metadata["creationTimestamp"] = .string(Self.start.rfc3339)
        for (name, value) in content[object: "metadata"].members { metadata[name] = value }
        var object: JSONObject = ["kind": .string(key.resource.kind), "apiVersion": .string(key.resource.apiVersion)]
        object["metadata"] = .object(metadata)
        for (name, value) in content.members where name != "metadata" { object[name] = value }
        objects[key] = object
    }
}

extension KubernetesSandbox {
    /// Administration past the API: what is asked for under `/sandbox/kubernetes`, without authentication. Below it
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
