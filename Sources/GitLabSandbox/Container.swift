import FoundationEssentials
import Secrets

/// What holds variables: the instance, a group or a project.
struct Container: Sendable {
    enum Kind: Sendable { case instance, group, project }

    let id: Int
    let kind: Kind
    /// `acme/platform/web`
    var path: String
    let createdAt: Date
    /// Where it was before, newest last.
    var formerPaths: [String] = []
    var variables: [Variable] = []

    /// The last segment of the path.
    var slug: String { String(path.split(separator: "/").last ?? "") }
    /// The path of the group that it lies in, empty for a group at the top.
    var parent: String { path.split(separator: "/").dropLast().joined(separator: "/") }

    /// Whether this is the path, which GitLab compares without regard to case.
    func isAt(_ path: String) -> Bool { self.path.lowercased() == path.lowercased() }

    /// What GitLab calls a variable of it in its messages.
    var nounOfVariable: String {
        switch kind {
        case .instance: "InstanceVariable"
        case .group: "GroupVariable"
        case .project: "Variable"
        }
    }
}

/// Whose variables are meant.
package enum VariableOwner: Hashable, Sendable {
    /// The project at a path.
    case project(String)
    /// The group at a path.
    case group(String)
    /// The whole instance.
    case instance
}
