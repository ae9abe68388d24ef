import JSON
import PublisherKit

/// A workload as it was read.
struct WorkloadState {
    let workload: Workload
    /// For comparing and swapping.
    let version: String
    /// What the template of its pods says of their last restart for a key.
    let marker: Marker?
    let restartedAt: String?
    private let spec: JSONValue
    private let status: JSONValue
    private let generation: Int

    /// The annotation that `kubectl rollout restart` sets (kubectl/pkg/polymorphichelpers/objectrestarter.go).
    static let restartedAt = "kubectl.kubernetes.io/restartedAt"

    init(_ workload: Workload, _ object: AnswerObject, marker name: String) throws(ServiceError) {
        self.workload = workload
        guard let version = object["metadata"]?["resourceVersion"]?.string,
            let generation = object["metadata"]?["generation"]?.integer, let spec = object["spec"]
        else {
            throw ServiceError(
                .init(.unavailable, "the answer of Kubernetes is no \(workload.kind)", hint: ServiceAnswer.surpriseHint)
            )
        }
        (self.version, self.generation, self.spec) = (version, generation, spec)
        status = object["status"] ?? [:]
        let annotations = spec["template"]?["metadata"]?["annotations"]
        marker = annotations?[name]?.string.map { Marker($0) }
        restartedAt = annotations?[Self.restartedAt]?.string
    }

    /// Why a restart would not reach its pods.
    var objection: PublisherError? {
        func error(_ what: String, hint: String) -> PublisherError {
            PublisherError(.configuration, "\(workload) \(what)", hint: hint, field: "with.restart")
        }
        if spec["paused"] == true {
            return error("is paused: its rollouts do not go on", hint: "kubectl rollout resume \(workload)")
        }
        if spec["updateStrategy"]?["type"] == "OnDelete" {
            return error(
                "is of strategy OnDelete: only deleting its pods replaces them",
                hint: "set its strategy to RollingUpdate, or leave it out and delete its pods after publishing")
        }
        if let partition = spec["updateStrategy"]?["rollingUpdate"]?["partition"]?.integer, partition > 0 {
            return error(
                "has a partition of \(partition): pods below it would keep the predecessor",
                hint: "set the partition to 0, or leave it out and restart it by hand")
        }
        return nil
    }

    /// What is to be known of a restart beforehand.
    var note: String? {
        spec["strategy"]?["type"] == "Recreate"
            ? "\(workload) is of strategy Recreate: it has no pod while it restarts" : nil
    }

    /// How far its rollout is, as `kubectl rollout status` judges (kubectl/pkg/polymorphichelpers/rollout_status.go).
    var rollout: Rollout {
        guard count("observedGeneration") >= generation else { return .underWay("nobody has seen the restart yet") }
        let updated: Int
        switch workload.kind {
        case .deployment:
            let progress = status["conditions"]?.array?.first { $0["type"] == "Progressing" }
            if progress?["reason"] == "ProgressDeadlineExceeded" {
                return .stuck("its rollout exceeded its progress deadline")
            }
            let wanted = spec["replicas"]?.integer ?? 1
            updated = count("updatedReplicas")
            if updated < wanted { return .underWay("\(updated) of \(wanted) pods are new") }
            let old = count("replicas") - updated
            if old > 0 { return .underWay("\(old) old pods are still there") }
            let available = count("availableReplicas")
            return available < updated ? .underWay("\(available) of \(updated) new pods are available") : .done
        case .statefulset:
            let wanted = spec["replicas"]?.integer ?? 1
            let ready = count("readyReplicas")
            if ready < wanted { return .underWay("\(ready) of \(wanted) pods are ready") }
            updated = count("updatedReplicas")
            let isDone = status["updateRevision"] == status["currentRevision"]
            return isDone ? .done : .underWay("\(updated) of \(wanted) pods are new")
        case .daemonset:
            let wanted = count("desiredNumberScheduled")
            updated = count("updatedNumberScheduled")
            if updated < wanted { return .underWay("\(updated) of \(wanted) pods are new") }
            let available = count("numberAvailable")
            return available < wanted ? .underWay("\(available) of \(wanted) pods are available") : .done
        }
    }

    private func count(_ name: String) -> Int { status[name]?.integer ?? 0 }
}

/// How far a restart is. What is said of it goes behind the workload's name.
enum Rollout: Equatable {
    case done
    case underWay(String)
    /// It will not end by itself.
    case stuck(String)
}

/// A workload that is restarted, as `deployment/web`.
struct Workload: Hashable, CustomStringConvertible {
    /// The kinds that a rollout replaces the pods of.
    enum Kind: String, CaseIterable {
        case deployment, statefulset, daemonset

        /// As addresses call it.
        var resource: String { rawValue + "s" }

        var shortName: String {
            switch self {
            case .deployment: "deploy"
            case .statefulset: "sts"
            case .daemonset: "ds"
            }
        }
    }

    let kind: Kind
    let name: String

    /// Reads it as kubectl does: `deployment/web`, `deploy/web`, `deployments.apps/web`.
    init(_ text: String) throws(PublisherError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let word = parts[0].hasSuffix(".apps") ? String(parts[0].dropLast(5)) : parts[0]
        let kind = Kind.allCases.first { [$0.rawValue, $0.resource, $0.shortName].contains(word) }
        guard parts.count == 2, let kind, KubernetesName.isSubdomain(parts[1]) else {
            throw Settings.error(
                "restart", "'restart' has something that is not KIND/NAME",
                hint: "write deployment/NAME, statefulset/NAME or daemonset/NAME")
        }
        self.kind = kind
        name = parts[1]
    }

    var description: String { "\(kind.rawValue)/\(name)" }
}
