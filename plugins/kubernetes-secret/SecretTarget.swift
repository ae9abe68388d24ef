import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Sodium
import Timestamps

/// One key of a Secret in a cluster, and the time that there is for it.
struct SecretTarget: ServiceTarget {
    let settings: SecretSettings
    let client: ServiceClient
    let clock: any WallClock
    let deadline: Date
    /// What no message may repeat: an answer to reading may have it, too.
    let secret: Secret?

    /// A rollout that one key waits for is none of another key's.
    var place: String { "\(secretPlace) \(settings.key)" }

    var claims: [(field: String, thing: String)] { [("with.key", place)] }

    /// Keys of one Secret have one version, so that writing two at once would make one of them try again.
    func aloneAtSecret<Value>(_ body: () throws(ServiceError) -> Value) throws(ServiceError) -> Value {
        try client.alone(at: secretPlace) { () -> Result<Value, ServiceError> in
            do throws(ServiceError) { return .success(try body()) } catch { return .failure(error) }
        }.get()
    }

    private var secretPlace: String { "\(settings.namespace)/\(settings.name)" }

    /// What became of a write.
    enum Writing {
        case done(HeldSecret)
        /// Somebody else has written, made or removed the Secret meanwhile; or an earlier try of ours has.
        case overtaken
    }

    /// Reads the Secret, `nil` if there is none.
    func read() throws(ServiceError) -> HeldSecret? {
        let call = call(
            .get, secretPath, statuses: [200, 404], to: "read \(settings.secret)", right: "get", settings.name)
        let answer = try client.send(call, until: deadline)
        guard answer.status == 200 else {
            guard KubernetesStatus(answer)?.kind == "secrets" else { throw client.refusal(answer, to: call) }
            return nil
        }
        return try HeldSecret(answer.object(), key: settings.key)
    }

    /// Makes the Secret with our key and nothing else; with `isTrial` the cluster only says whether it would.
    func create(_ value: Secret?, _ marker: Marker, isTrial: Bool = false) throws(ServiceError) -> Writing {
        var data: JSONObject = [:]
        if let value { data[settings.key] = .string(Self.encode(value)) }
        let body: JSONObject = [
            "apiVersion": "v1", "kind": "Secret",
            "metadata": [
                "name": .string(settings.name), "namespace": .string(settings.namespace),
                "annotations": .object([Marker.written(settings.key): .string(marker.text)]),
            ],
            "type": "Opaque", "data": .object(data),
        ]
        var call = call(
            .post, Array(secretPath.dropLast()), body: body, statuses: [201, 409], to: "make \(settings.secret)",
            right: "create", nil)
        if isTrial { call.query.append(("dryRun", "All")) }
        let answer = try client.send(call, until: deadline)
        guard answer.status == 201 else {
            guard KubernetesStatus(answer)?.reason == "AlreadyExists" else {
                throw client.refusal(answer, to: call).doubted(answer.isRepetition)
            }
            return .overtaken
        }
        return .done(try written(answer, value))
    }

    /// Puts our key into the Secret that was read, and leaves everything else as it is. Without a value the cluster only
    /// says whether it would.
    func update(_ held: HeldSecret, _ value: Secret?, _ marker: Marker?) throws(ServiceError) -> Writing {
        var metadata: JSONObject = ["resourceVersion": .string(held.version)]
        if let marker { metadata["annotations"] = .object([Marker.written(settings.key): .string(marker.text)]) }
        var body: JSONObject = ["metadata": .object(metadata)]
        if let value { body["data"] = .object([settings.key: .string(Self.encode(value))]) }
        var call = call(
            .patch, secretPath, body: body, statuses: [200, 404, 409], to: "write \(settings.entry)", right: "patch",
            settings.name)
        if value == nil { call.query.append(("dryRun", "All")) }
        let answer = try client.send(call, until: deadline)
        switch (answer.status, KubernetesStatus(answer)) {
        case (200, _): return .done(try written(answer, value))
        case (409, let status?) where status.reason == "Conflict", (404, let status?) where status.kind == "secrets":
            return .overtaken
        default: throw client.refusal(answer, to: call).doubted(answer.isRepetition)
        }
    }

    /// The Secret in the answer to a write, if it holds what was written.
    private func written(_ answer: ServiceAnswer, _ value: Secret?) throws(ServiceError) -> HeldSecret {
        let held: HeldSecret
        do throws(ServiceError) { held = try HeldSecret(answer.object(), key: settings.key) } catch {
            throw error.doubted(value != nil)
        }
        guard value == nil || held.digest == value.map({ Digest(of: $0) }) else {
            throw ServiceError(
                PublisherError(
                    .unavailable, "Kubernetes took the key for \(settings.entry) and shows another value",
                    hint: "look for an admission webhook that changes it, and run the step again, which compares anew"),
                mayHaveTakenEffect: true)
        }
        return held
    }

    /// What is wrong with the namespace of a Secret that is not there, where that can be seen.
    func namespaceProblem() -> PublisherError? {
        let call = ServiceCall(
            .get, ["api", "v1", "namespaces", settings.namespace], statuses: [200, 404], to: "look at the namespace",
            field: "with.namespace")
        // Few may read namespaces, and nothing depends on it.
        guard let answer = try? client.send(call, until: deadline) else { return nil }
        if answer.status == 404 {
            return KubernetesStatus(answer)?.kind == "namespaces" ? client.refusal(answer, to: call).error : nil
        }
        let isTerminating = (try? answer.object())?["status"]?["phase"] == "Terminating"
        return isTerminating ? Kubernetes.terminating("use \(settings.secret)") : nil
    }

    private var secretPath: [String] {
        ["api", "v1", "namespaces", settings.namespace, "secrets", settings.name]
    }

    private static func encode(_ value: Secret) -> String { Data(value.copyBytes()).base64EncodedString() }

    /// A call about secrets. `name` is whose a rule may be restricted to.
    private func call(
        _ method: HTTPRequest.Method, _ path: [String], body: JSONObject? = nil, statuses: Set<Int>, to purpose: String,
        right verb: String, _ name: String?
    ) -> ServiceCall {
        let names = name.map { " and resourceNames [\($0)]" } ?? ""
        var call = ServiceCall(
            method, path, query: method == .get ? [] : [("fieldManager", "ork")], body: body.map(JSONValue.object),
            statuses: statuses, to: purpose, field: "with.secret",
            permission: "the verb \(verb) on secrets\(names) in namespace \(settings.namespace)")
        if method == .patch { call.headers = [("Content-Type", "application/merge-patch+json")] }
        call.secret = secret
        return call
    }
}
