import FoundationEssentials
import HTTP
package import JSON
import SandboxWire
import Timestamps

extension KubernetesSandbox {
    func get(_ question: Question, _ key: ObjectKey) throws(StatusError) -> JSONObject {
        try question.identity.check("get", key)
        guard let object = objects[key] else { throw .notFound(key.resource, key.name) }
        return object
    }

    /// The objects of one kind in a namespace, by name.
    func list(_ question: Question, _ key: ObjectKey) throws(StatusError) -> JSONValue {
        try question.identity.check("list", key)
        let items = try selected(question, key).map { JSONValue.object($0.object) }
        return [
            "kind": .string(key.resource.kind + "List"), "apiVersion": .string(key.resource.apiVersion),
            "metadata": ["resourceVersion": .string(String(version))], "items": .array(items),
        ]
    }

    /// What a list or a watch is about. Of the selectors only that by name is known.
    func selected(
        _ question: Question, _ key: ObjectKey
    ) throws(StatusError) -> [(key: ObjectKey, object: JSONObject)] {
        let selector = question.target.value("fieldSelector")
        guard question.target.value("labelSelector") == nil, selector?.hasPrefix("metadata.name=") ?? true else {
            throw .badRequest("this sandbox knows no other selector than metadata.name=NAME")
        }
        let name = selector.map { String($0.dropFirst("metadata.name=".count)) }
        return objects.filter { entry in
            entry.key.resource == key.resource && entry.key.namespace == key.namespace
                && (name ?? entry.key.name) == entry.key.name
        }.sorted { $0.key.name < $1.key.name }.map { ($0.key, $0.value) }
    }

    mutating func create(_ question: Question, _ list: ObjectKey) throws(StatusError) -> JSONObject {
        // The name stands in the body, so that a rule with names never allows this.
        try question.identity.check("create", list)
        guard question.request.mediaType == "application/json" else {
            throw .mediaType(["application/json"])
        }
        let wish = try Self.body(question.request)
        guard let name = wish.at("metadata", "name")?.string, Self.isName(name) else {
            throw .invalid(
                list.resource, "", field: "metadata.name", "Required value: name or generateName is required")
        }
        let key = ObjectKey(resource: list.resource, namespace: list.namespace, name: name)
        guard (wish.at("metadata", "namespace")?.string ?? key.namespace) == key.namespace else {
            throw .badRequest(
                "the namespace of the provided object does not match the namespace sent on the request")
        }
        try admit(question, "CREATE", key)
        guard objects[key] == nil else { throw .exists(key.resource, key.name) }
        var object = wish
        object["kind"] = .string(key.resource.kind)
        object["apiVersion"] = .string(key.resource.apiVersion)
        if key.resource == .secrets { object = try Self.validated(secret: object, name: name, over: nil) }
        var metadata = object[object: "metadata"]
        if key.resource.isNamespaced { metadata["namespace"] = .string(key.namespace) }
        metadata["uid"] = .string(random.uuid())
        metadata["resourceVersion"] = .string(nextVersion())
        metadata["creationTimestamp"] = .string(question.now.rfc3339)
        if key.resource.isWorkload { metadata["generation"] = 1 }
        object[object: "metadata"] = metadata
        guard !question.isDryRun else { return object }
        objects[key] = object
        if key.resource.isWorkload {
            rollouts[key] = Rollout(beganAt: question.now, pods: object.count("spec", "replicas") ?? 1)
            settle(key, at: question.now)
        }
        return objects[key] ?? object
    }

    mutating func replace(_ question: Question, _ key: ObjectKey) throws(StatusError) -> JSONObject {
        try question.identity.check("update", key)
        guard question.request.mediaType == "application/json" else { throw .mediaType(["application/json"]) }
        let wish = try Self.body(question.request)
        return try write(question, key, "UPDATE") { _ in wish }
    }

    mutating func patch(_ question: Question, _ key: ObjectKey) throws(StatusError) -> JSONObject {
        try question.identity.check("patch", key)
        // Of what kubectl sends, lists that are merged by a key are the only difference between the two.
        let types = ["application/merge-patch+json", "application/strategic-merge-patch+json"]
        guard types.contains(question.request.mediaType) else { throw .mediaType(types) }
        let patch = JSONValue.object(try Self.body(question.request))
        return try write(question, key, "UPDATE") { JSONValue.object($0).merged(with: patch).object ?? [:] }
    }

    mutating func delete(_ question: Question, _ key: ObjectKey) throws(StatusError) -> JSONValue {
        try question.identity.check("delete", key)
        guard let object = objects[key] else { throw .notFound(key.resource, key.name) }
        if !question.isDryRun { remove(key.resource, key.name, in: key.namespace) }
        return [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success",
            "details": [
                "name": .string(key.name), "kind": .string(key.resource.rawValue),
                "uid": object.at("metadata", "uid") ?? .null,
            ],
        ]
    }

    private mutating func write(
        _ question: Question, _ key: ObjectKey, _ verb: String, _ change: (JSONObject) -> JSONObject
    ) throws(StatusError) -> JSONObject {
        guard let old = objects[key] else { throw .notFound(key.resource, key.name) }
        var new = change(old)
        if let expected = new.at("metadata", "resourceVersion"), expected != old.at("metadata", "resourceVersion") {
            throw .conflict(key.resource, key.name)
        }
        if let uid = new.at("metadata", "uid"), uid != old.at("metadata", "uid") {
            throw .conflict(key.resource, key.name)
        }
        guard new.at("metadata", "name") == old.at("metadata", "name") else {
            throw .badRequest("the name of the object does not match the name on the URL")
        }
        for member in ["uid", "resourceVersion", "creationTimestamp", "namespace", "generation"] {
            new[object: "metadata"][member] = old.at("metadata", member)
        }
        new["status"] = old["status"]
        try Self.validate(new, key)
        if key.resource == .secrets { new = try Self.validated(secret: new, name: key.name, over: old) }
        try admit(question, verb, key)
        guard new != old else { return old }
        if new["spec"] != old["spec"], key.resource.isWorkload {
            new[object: "metadata"]["generation"] = .number(JSONNumber((old.count("metadata", "generation") ?? 0) + 1))
        }
        if question.isDryRun { return new }
        new[object: "metadata"]["resourceVersion"] = .string(nextVersion())
        objects[key] = new
        if new.at("spec", "template") != old.at("spec", "template"), key.resource.isWorkload {
            rollouts[key]?.beganAt = question.now
            rollouts[key]?.number += 1
        }
        return new
    }

    /// What admission says: the namespace's life cycle, and a webhook.
    private func admit(_ question: Question, _ verb: String, _ key: ObjectKey) throws(StatusError) {
        if verb == "CREATE", key.resource.isNamespaced {
            let namespace = objects[ObjectKey(resource: .namespaces, namespace: "", name: key.namespace)]
            guard let namespace else { throw .notFound(.namespaces, key.namespace) }
            guard namespace.at("status", "phase") != "Terminating" else {
                throw .forbidden(
                    key.resource, key.name,
                    "unable to create new content in namespace \(key.namespace) because it is being terminated",
                    cause: [
                        "reason": "NamespaceTerminating",
                        "message": .string("namespace \(key.namespace) is being terminated"),
                        "field": "metadata.namespace",
                    ])
            }
        }
        guard let problem = admission?(verb, key.name) else { return }
        throw StatusError(
            code: 403, reason: "Forbidden",
            message: "admission webhook \"policy.example\" denied the request: \(problem)")
    }

    private static func body(_ request: HTTPRequest) throws(StatusError) -> JSONObject {
        guard let object = request.body.flatMap({ try? JSONValue(parsing: $0) })?.object else {
            throw .badRequest("the object provided is unrecognized (must be of type Object)")
        }
        return object
    }
}

extension JSONValue {
    /// This value with a patch applied: an object's members replace, and `null` removes (RFC 7396 §2).
    func merged(with patch: JSONValue) -> JSONValue {
        guard let changes = patch.object else { return patch }
        var result = object ?? [:]
        for (key, value) in changes.members {
            if value.isNull { result[key] = nil } else { result[key] = (result[key] ?? .null).merged(with: value) }
        }
        return .object(result)
    }
}

extension JSONObject {
    /// The value at the end of a path of members.
    func at(_ path: String...) -> JSONValue? {
        path.dropFirst().reduce(self[path[0]]) { $0?[$1] }
    }

    /// These members and those, which win.
    func merging(_ other: JSONObject) -> JSONObject {
        var result = self
        for (key, value) in other.members { result[key] = value }
        return result
    }

    /// A member that is an object, made where it is missing.
    package subscript(object key: String) -> JSONObject {
        get { self[key]?.object ?? [:] }
        set { self[key] = .object(newValue) }
    }

    func count(_ path: String...) -> Int? { path.dropFirst().reduce(self[path[0]]) { $0?[$1] }?.integer }
}
