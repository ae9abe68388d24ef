import PublisherKit
import Secrets

/// Where deployments get a variable.
enum VercelEnvironment: Hashable {
    case production, preview, development
    /// Previews of one branch.
    case branch(String)
    /// An environment of the project's own: its id, or in a target's settings its name.
    case custom(String)

    /// Reads `production`, `preview`, `development`, `preview/BRANCH`, or the name or id of the project's own.
    init?(_ text: String) {
        switch text {
        case "production": self = .production
        case "preview": self = .preview
        case "development": self = .development
        default:
            let branch = text.split(separator: "/", maxSplits: 1)
            if branch.count == 2, branch[0] == "preview" {
                self = .branch(String(branch[1]))
            } else {
                guard let id = ServiceID(text) else { return nil }
                self = .custom(id.description)
            }
        }
    }

    /// What people look at first comes first.
    var rank: Int {
        switch self {
        case .production: 0
        case .preview: 1
        case .branch: 2
        case .custom: 3
        case .development: 4
        }
    }

    /// As in `target` of the API; `nil` for one of the project's own.
    var target: String? {
        switch self {
        case .production: "production"
        case .preview, .branch: "preview"
        case .development: "development"
        case .custom: nil
        }
    }
}

extension VercelEnvironment: CustomStringConvertible {
    /// As in a target's settings.
    var description: String {
        switch self {
        case .branch(let branch): "preview/\(DisplayText.line(branch, limit: 80))"
        case .custom(let name): DisplayText.line(name, limit: 80)
        default: target ?? ""
        }
    }
}

extension [VercelEnvironment] {
    /// For people: `production, preview`.
    var names: String { map(\.description).joined(separator: ", ") }
}
