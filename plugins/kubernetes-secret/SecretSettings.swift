import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import Sodium
import Timestamps

/// A target's `with`, checked.
struct SecretSettings {
    let namespace: String
    let name: String
    let key: String
    /// What is restarted after a write.
    let workloads: [Workload]

    static let names = PublisherInformation.Names(
        required: ["secret", "key"],
        optional: [
            "namespace", Settings.create, "restart", "kubeconfig", "context", "url", "certificate_authority", "writes",
        ])

    /// Errors are of code `configuration` and name the field. `namespace` is for a target that names none.
    init(_ settings: Settings, namespace standard: String?) throws(PublisherError) {
        name = try settings.required("secret", hint: "name the Secret")
        guard KubernetesName.isSubdomain(name) else {
            throw Settings.error(
                "secret", "'secret' is no name of a Secret", hint: "take lower-case letters, digits, - and .")
        }
        key = try settings.required("key", hint: "name the key in the Secret's data, as OPENROUTER_API_KEY")
        guard key.utf8.count <= 253, key != ".", key != "..",
            key.utf8.allSatisfy({ KubernetesName.isAlphanumeric($0) || "-_.".utf8.contains($0) })
        else {
            throw Settings.error("key", "'key' is no key of a Secret", hint: "take letters, digits and -_.")
        }
        guard let namespace = try settings.text("namespace") ?? standard else {
            throw Settings.error(
                "namespace", "'namespace' is missing", hint: "with 'url' there is no other place for it")
        }
        guard KubernetesName.isLabel(namespace) else {
            throw Settings.error(
                "namespace", "'namespace' is no name of a namespace", hint: "take lower-case letters, digits and -")
        }
        self.namespace = namespace
        var workloads: [Workload] = []
        for text in try settings.texts("restart") ?? [] {
            let workload = try Workload(text)
            if !workloads.contains(workload) { workloads.append(workload) }
        }
        self.workloads = workloads
    }

    /// For people: `KEY of secret openrouter in namespace prod`.
    var entry: String { "\(key) of \(secret)" }
    var secret: String { "secret \(name) in namespace \(namespace)" }
}

/// What an annotation says of a write: `ROTATION/DIGEST/TIME`. It stands at the Secret, and at the pods' template of
/// what was restarted for that write, so that one restart belongs to one write.
struct Marker: Equatable {
    let text: String

    init(_ text: String) { self.text = text }

    /// Of a write at this moment.
    init(_ request: PublisherRequest, at now: Date) { text = "\(Self.operation(request))/\(now.rfc3339)" }

    /// Of a key that somebody else has written, so that nobody knows when.
    init(foreign request: PublisherRequest) { text = Self.operation(request) }

    /// The rotation that wrote.
    var rotation: String { String(text.prefix { $0 != "/" }) }

    /// Whether it is of a write of this request's key by its rotation.
    func isOf(_ request: PublisherRequest) -> Bool {
        text == Self.operation(request) || text.hasPrefix(Self.operation(request) + "/")
    }

    private static func operation(_ request: PublisherRequest) -> String {
        "\(request.rotation)/\(request.digest.hex.prefix(16))"
    }

    /// The annotation at a Secret for one of its keys.
    static func written(_ key: String) -> String { name("written", key) }

    /// The annotation at a template of pods for one key of a Secret.
    static func restarted(_ secret: String, _ key: String) -> String { name("restarted", "\(secret).\(key)") }

    /// `ork/WHAT.THING`; what is too long for it, or ends in a sign that a name may not end in, is hashed.
    private static func name(_ what: String, _ thing: String) -> String {
        let name = "\(what).\(thing)"
        return "ork/" + (KubernetesName.isAnnotation(name) ? name : "\(what).\(SHA256.hex(thing.utf8).prefix(32))")
    }
}

/// A Secret as it was read, as far as one of its keys is concerned.
struct HeldSecret {
    /// For comparing and swapping.
    let version: String
    /// What is at the key; `nil` if there is nothing.
    let value: Secret?
    let marker: Marker?
    let isImmutable: Bool
    /// What else writes it, as `ExternalSecret openrouter`; `nil` if nobody says so.
    let controller: String?

    init(_ object: AnswerObject, key: String) throws(ServiceError) {
        let metadata = object["metadata"]
        version = metadata?["resourceVersion"]?.string ?? ""
        let bytes = object["data"]?[key]?.string.flatMap { Data(base64Encoded: $0) }
        // A key that is there and empty is nothing that anybody could use.
        value = bytes.flatMap { $0.isEmpty ? nil : Secret($0) }
        marker = metadata?["annotations"]?[Marker.written(key)]?.string.map { Marker($0) }
        isImmutable = object["immutable"] == true
        let owner = metadata?["ownerReferences"]?.array?.first { $0["controller"] == true }
        controller = owner.map {
            DisplayText.line("\($0["kind"]?.string ?? "") \($0["name"]?.string ?? "")", limit: 80)
        }
        guard !version.isEmpty, object["kind"] == "Secret" || object["kind"] == nil else {
            // No cluster answers so, and without a version there is no comparing and swapping.
            throw ServiceError(
                .init(.unavailable, "the answer of Kubernetes is no Secret", hint: ServiceAnswer.surpriseHint))
        }
    }

    var digest: Digest? { value.map { Digest(of: $0) } }
}
