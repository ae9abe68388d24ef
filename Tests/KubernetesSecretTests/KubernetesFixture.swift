import FoundationEssentials
import HTTP
import JSON
import KubernetesSandbox
import PublisherKit
import Secrets
import TestSupport

@testable import ork_publisher_kubernetes_secret

extension KubernetesSandbox: ServiceSandbox {}

/// A cluster whose namespace `prod` has a Deployment, a StatefulSet and a DaemonSet of two pods each.
typealias KubernetesFixture = ServiceFixture<KubernetesSandbox>

extension ServiceFixture<KubernetesSandbox> {
    static var root: String { "https://cluster.example/kubernetes" }

    convenience init() {
        var sandbox = KubernetesSandbox()
        sandbox.addNamespace("prod")
        for resource in [Resource.deployments, .statefulsets, .daemonsets] {
            sandbox.addWorkload(resource, "web", in: "prod")
        }
        self.init(sandbox)
    }

    /// Looks at the sandbox, or changes it by another hand.
    @discardableResult
    func cluster<Value: Sendable>(_ body: @Sendable (inout KubernetesSandbox) throws -> Value) rethrows -> Value {
        try withService { sandbox, _ in try body(&sandbox) }
    }

    /// What was asked since the last time, as `GET secrets/app`: the path below the namespace.
    func takeAsked() -> [String] {
        takeRequests().map { request in
            let path = request.url.description.split(separator: "/namespaces/").last.map(String.init) ?? ""
            return "\(request.method.rawValue) \(path.hasPrefix("prod/") ? String(path.dropFirst(5)) : path)"
        }
    }

    /// A publisher with a token; without one it is the sandbox's own, which may do everything.
    func publisher(_ token: Secret? = nil) -> KubernetesSecretPublisher {
        let token = token ?? cluster { $0.token }
        let sources = ClusterSources(environment: ["KUBE_TOKEN": token.revealed() ?? ""])
        return KubernetesSecretPublisher(Clusters(sources, clock: self) { _ in self })
    }

    /// `with` for the key `KEY` of the secret `app` in `prod`.
    static func with(_ others: JSONObject = [:]) -> JSONObject {
        var with: JSONObject = ["url": .string(root), "namespace": "prod", "secret": "app", "key": "KEY"]
        for (name, value) in others.members { with[name] = value }
        return with
    }

    /// What a publisher answers, also by throwing, without what the Secret held.
    func ask(
        _ verb: Verb, _ others: JSONObject = [:], without names: [String] = [], token: Secret? = nil,
        of publisher: KubernetesSecretPublisher? = nil,
        expect: [Secret]? = [SampleKeys.predecessor, SampleKeys.successor], secret: Secret = SampleKeys.successor,
        rotation: String = "01JDB00000AAAAAAAAAAAAAAAA", target: String = "app", create: Bool = true,
        within seconds: TimeInterval = 120
    ) -> PublisherAnswer {
        var with = Self.with(others)
        for name in names { with[name] = nil }
        let request = PublisherRequest(
            verb, with, secret: secret, expect: expect, rotation: rotation, target: target, create: create,
            deadline: now.addingTimeInterval(seconds))
        return (publisher ?? self.publisher(token)).ask(verb, request).withoutHeld
    }

    /// Makes the secret `app` with this value and others beside it.
    func hold(_ value: Secret?, isImmutable: Bool? = nil, annotations: JSONObject = [:]) {
        let values = value.map { [("KEY", SampleKeys.text($0))] } ?? []
        let others: JSONObject = ["team": "a", "kubectl.kubernetes.io/last-applied-configuration": "{}"]
        cluster {
            $0.addSecret(
                "app", in: "prod", values + [("OTHER", "theirs")], isImmutable: isImmutable,
                annotations: others.merging(annotations),
                labels: ["tier": "web"])
        }
    }

    /// Who holds `KEY`, in a word.
    var held: String? { cluster { SampleKeys.name($0.value("KEY", of: "app", in: "prod")) } }

    /// How often each workload was restarted: Deployment, StatefulSet, DaemonSet.
    var restarts: [Int] {
        cluster { cluster in
            [Resource.deployments, .statefulsets, .daemonsets].map { cluster.restarts($0, "web", in: "prod") }
        }
    }
}

extension JSONObject {
    func merging(_ other: JSONObject) -> JSONObject {
        var result = self
        for (key, value) in other.members { result[key] = value }
        return result
    }
}
