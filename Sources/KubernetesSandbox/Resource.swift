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
