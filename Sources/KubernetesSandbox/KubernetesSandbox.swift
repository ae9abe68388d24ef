package import FoundationEssentials
import JSON
package import SandboxWire
package import Secrets
import Sodium

/// The part of Kubernetes' API that holds secrets and the workloads which use them, as a value: copying it copies the
/// world. It answers as kube-apiserver 1.37 does; managed fields, JSON patches and apply it has not, and of protocol
/// buffers it knows as little as of custom resources.
package struct KubernetesSandbox: Sendable {
    /// May do everything.
    package let token: Secret
    /// How many requests it takes at one moment of its clock, a second long; `nil` for as many as come.
    package var requestLimit: Int?
    /// How long a workload takes for each step of its rollout, in seconds.
    package var pace = 0.2
    /// Says why a write is refused, as an admission webhook does; `nil` to let it pass.
    package var admission: (@Sendable (_ verb: String, _ name: String) -> String?)?
    /// How many requests held a secret's value or a token in their address, where it ends in logs.
    package internal(set) var leaks = 0

    var objects: [ObjectKey: JSONObject] = [:]
    var rollouts: [ObjectKey: Rollout] = [:]
    /// What was taken away, with the version of that moment.
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
