import PublisherPlugin

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
