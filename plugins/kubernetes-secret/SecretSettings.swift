import PublisherPlugin

/// A target's `with`, checked.
struct SecretSettings {
    let namespace: String
    let name: String
    let key: String
    /// Whether a secret that is missing is made.
    let creates: Bool
    /// What is restarted after a write.
    let workloads: [Workload]

    static let names = PublisherInformation.Names(
        required: ["secret", "key"],
        optional: [
            "namespace", "create", "restart", "kubeconfig", "context", "url", "certificate_authority", "writes",
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
        creates = try settings.flag("create") ?? false
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
