import ArgumentParser

/// What runs the rotations.
package enum CISystem: String, ExpressibleByArgument, CaseIterable, Sendable {
    case github, gitlab, cron

    /// What the folder says of it, the surest first: its pipelines' files, then where it is pushed to.
    static func found(in folder: ProjectFolder) -> [CISystem] {
        var found: [CISystem] = []
        if folder.files.contains(where: { $0.hasPrefix(".github/workflows/") }) { found.append(.github) }
        if folder.files.contains(".gitlab-ci.yml") { found.append(.gitlab) }
        if found.isEmpty, let host = folder.origin?.host {
            if host == "github.com" || host.hasSuffix(".ghe.com") { found.append(.github) }
            if host.contains("gitlab") { found.append(.gitlab) }
        }
        return found.isEmpty ? [.cron] : found
    }

    /// Why a file on this machine is no target there.
    var reachesThisMachine: Bool { self == .cron }

    var title: String {
        switch self {
        case .github: "GitHub"
        case .gitlab: "GitLab"
        case .cron: "cron"
        }
    }
}
