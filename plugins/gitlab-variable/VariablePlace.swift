import PublisherKit

/// Whose variable it is, and for which environments.
enum VariablePlace: Hashable {
    /// Of a project, by number or path.
    case project(String, Reach)
    /// Of a group, by number or path; the projects in it inherit the variable.
    case group(String, Reach)
    /// Of the whole instance, which knows no environments.
    case instance(isMasked: Bool)

    /// What the variables of projects and groups have beyond those of the instance.
    struct Reach: Hashable {
        /// Which environments get it: a name, or a pattern with `*`.
        let environmentScope: String
        /// How well it is kept from sight where it is made.
        let visibility: Visibility
    }

    /// How well a value is kept from sight. Only a masked one can be hidden.
    enum Visibility: Hashable {
        case plain
        /// Logs of jobs show it masked.
        case masked
        /// And nobody can read it back.
        case hidden
    }

    /// The path of its variables below the address of the API.
    var path: [String] {
        switch self {
        case .project(let id, _): ["projects", id, "variables"]
        case .group(let id, _): ["groups", id, "variables"]
        case .instance: ["admin", "ci", "variables"]
        }
    }

    /// Which environments get it; `nil` for the instance.
    var environmentScope: String? {
        switch self {
        case .project(_, let reach), .group(_, let reach): reach.environmentScope
        case .instance: nil
        }
    }

    var visibility: Visibility {
        switch self {
        case .project(_, let reach), .group(_, let reach): reach.visibility
        case .instance(let isMasked): isMasked ? .masked : .plain
        }
    }

    /// For people: `project acme/web (environment production)`.
    var name: String {
        let environment = environmentScope.flatMap { $0 == "*" ? nil : " (environment \($0))" } ?? ""
        switch self {
        case .project(let id, _): return "project \(id)\(environment)"
        case .group(let id, _): return "group \(id)\(environment)"
        case .instance: return "the instance"
        }
    }

    /// The setting that names it.
    var field: String {
        switch self {
        case .project: "with.project"
        case .group: "with.group"
        case .instance: "with.instance"
        }
    }

    /// What a token needs for its variables (app/policies/project_policy.rb, group_policy.rb; lib/api/admin/ci).
    var permission: String {
        switch self {
        case .project: "the role Maintainer in the project and the scope api"
        case .group: "the role Owner in the group and the scope api"
        case .instance: "the scope api; only a personal token of an administrator will do"
        }
    }
}
