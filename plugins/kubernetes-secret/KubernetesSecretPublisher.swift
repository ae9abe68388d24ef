import CurlHTTP
import FoundationEssentials
import PublisherKit

/// Writes one key of a Kubernetes Secret, and restarts the workloads that use it.
@main
struct KubernetesSecretPublisher: ServicePublisher {
    private let clusters: Clusters

    init() {
        // Whether a call is sent again is for `ServiceClient` to say.
        self.init(
            Clusters(ClusterSources(environment: ProcessInfo.processInfo.environment)) { tls in
                CurlTransport(policy: .singleTry, tls: tls)
            })
    }

    init(_ clusters: Clusters) { self.clusters = clusters }

    var information: PublisherInformation {
        PublisherInformation(
            with: SecretSettings.names, paths: ["kubeconfig", "certificate_authority"],
            environment: .init(
                optional: ["KUBECONFIG", "KUBE_TOKEN"],
                inherited: ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"]),
            readback: .value, rollback: .value, batch: true)
    }

    /// Most of them wait for pods; `ServiceClient` bounds the writes.
    var concurrency: Int { 32 }

    func target(_ request: PublisherRequest) throws(PublisherError) -> SecretTarget {
        let settings = Settings(request.with)
        let cluster = try clusters.cluster(for: settings)
        return SecretTarget(
            settings: try SecretSettings(settings, namespace: cluster.namespace), client: cluster.client,
            clock: clusters.clock, deadline: request.deadline, secret: request.secret)
    }

    func finish() { clusters.end() }
}
