import FoundationEssentials
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

    /// Begins to take a namespace away; what is in it stays for now, as with a finalizer that nobody removes.
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

    /// Gives one key of a secret a value; `nil` takes it away.
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

    /// Keeps a workload's next rollouts from going on beyond this many steps; `nil` lets them go on.
    package mutating func hold(_ resource: Resource, _ name: String, in namespace: String = "default", at step: Int?) {
        rollouts[ObjectKey(resource: resource, namespace: namespace, name: name)]?.limit = step
    }

    /// Lets a Deployment's next rollouts run into their deadline.
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
