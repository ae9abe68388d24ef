package import FoundationEssentials
import JSON
package import SandboxWire
package import Secrets
import Sodium

/// The part of Kubernetes' API that holds secrets and the workloads which use them, as a value: copying it copies the
/// world. It answers as kube-apiserver 1.37 does; it has no managed fields, JSON patches, server-side apply, protocol
/// buffers or custom resources.
package struct KubernetesSandbox: Sendable {
    /// May do everything.
    package let token: Secret
    /// How many requests it takes in one second of its clock; `nil` for no limit.
    package var requestLimit: Int?
    /// How long a workload takes for each step of its rollout, in seconds.
    package var pace = 0.2
    /// Says why a write is refused, as an admission webhook does; `nil` to let it pass.
    package var admission: (@Sendable (_ verb: String, _ name: String) -> String?)?
    /// How many requests held a secret's value or a token in their address, where it ends in logs.
    package internal(set) var leaks = 0

    var objects: [ObjectKey: JSONObject] = [:]
    var rollouts: [ObjectKey: Rollout] = [:]
    /// What was deleted, with the version of that moment.
    var removed: [(version: Int, key: ObjectKey, object: JSONObject)] = []
    var identities: [Digest: Identity] = [:]
    /// Who a front proxy may say that asks, by name.
    var users: [String: Identity] = [:]
    var window = (second: 0, count: 0)
    var random: Randomness
    var version = 1000

    /// A cluster with the namespace `default` and an administrator.
    package init(_ randomness: Randomness = .seeded(0)) {
        random = randomness
        token = Secret("ork-sandbox-" + random.hex(40))
        identities[Digest(of: token)] = Identity(user: "kubernetes-admin")
        addNamespace("default")
    }

    mutating func nextVersion() -> String {
        version += 1
        return String(version)
    }

    /// When things were made that were there before the first request.
    package static let start = Date(timeIntervalSince1970: 1_767_225_600)
}

/// Who asks, and what role-based access control lets them do.
package struct Identity: Sendable {
    /// As Kubernetes calls them: `system:serviceaccount:ci:ork`.
    package var user: String
    /// `nil`: everything.
    package var rules: [Rule]?
    /// When the credential ends.
    package var expiresAt: Date?

    /// One rule of a Role or ClusterRole, with the namespace of its binding.
    package struct Rule: Sendable {
        package var verbs: Set<String>
        package var resource: Resource
        /// `nil`: every one.
        package var names: Set<String>?
        /// `nil`: everywhere.
        package var namespace: String?

        package init(_ verbs: Set<String>, _ resource: Resource, names: Set<String>? = nil, namespace: String? = nil) {
            self.verbs = verbs
            self.resource = resource
            self.names = names
            self.namespace = namespace
        }
    }

    package init(user: String, rules: [Rule]? = nil, expiresAt: Date? = nil) {
        self.user = user
        self.rules = rules
        self.expiresAt = expiresAt
    }

    func may(_ verb: String, _ key: ObjectKey) -> Bool {
        guard let rules else { return true }
        return rules.contains { rule in
            rule.verbs.contains(verb) && rule.resource == key.resource
                && (rule.namespace ?? key.namespace) == key.namespace && (rule.names?.contains(key.name) ?? true)
        }
    }

    /// Refuses what no rule allows (apiserver/pkg/endpoints/handlers/responsewriters/errors.go).
    func check(_ verb: String, _ key: ObjectKey) throws(StatusError) {
        guard !may(verb, key) else { return }
        let place = key.resource.isNamespaced ? "in the namespace \"\(key.namespace)\"" : "at the cluster scope"
        throw .forbidden(
            key.resource, key.name,
            "User \"\(user)\" cannot \(verb) resource \"\(key.resource.rawValue)\" in API group"
                + " \"\(key.resource.group)\" \(place)")
    }
}

/// The kinds of object that the sandbox has, by the names that addresses have for them.
package enum Resource: String, Sendable, CaseIterable {
    case namespaces, secrets, deployments, statefulsets, daemonsets

    /// `""` is the core group.
    var group: String {
        switch self {
        case .namespaces, .secrets: ""
        case .deployments, .statefulsets, .daemonsets: "apps"
        }
    }

    var apiVersion: String { group.isEmpty ? "v1" : "\(group)/v1" }
    var isNamespaced: Bool { self != .namespaces }
    /// Whether a controller keeps its status.
    var isWorkload: Bool { group == "apps" }

    var kind: String {
        switch self {
        case .namespaces: "Namespace"
        case .secrets: "Secret"
        case .deployments: "Deployment"
        case .statefulsets: "StatefulSet"
        case .daemonsets: "DaemonSet"
        }
    }

    var shortName: String? {
        switch self {
        case .namespaces: "ns"
        case .secrets: nil
        case .deployments: "deploy"
        case .statefulsets: "sts"
        case .daemonsets: "ds"
        }
    }

    /// As refusals name it: `deployments.apps`.
    var qualified: String { group.isEmpty ? rawValue : "\(rawValue).\(group)" }

    /// The resource of an address's group and word.
    init?(group: String, _ word: String) {
        guard let resource = Resource(rawValue: word), resource.group == group else { return nil }
        self = resource
    }
}

/// The address of one object.
struct ObjectKey: Hashable {
    let resource: Resource
    /// `""` for what lies in no namespace.
    let namespace: String
    let name: String
}
