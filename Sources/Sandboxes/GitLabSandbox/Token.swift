import FoundationEssentials
import JSON
import Timestamps

/// Who asks.
package struct Token: Sendable {
    /// What a token was made for, by which its bearer is named.
    package enum Kind: String, Sendable {
        /// A person's, `glpat-…`.
        case personal
        /// A project's own, `glpat-…`.
        case project
        /// A group's own, `glpat-…`.
        case group
        /// That of a running job, `CI_JOB_TOKEN`, `glcbt-…`.
        case job

        var prefix: String { self == .job ? "glcbt-64_" : "glpat-" }
    }

    /// What a member may do (lib/gitlab/access.rb).
    package enum Role: Int, Sendable, Comparable {
        /// Sees that it exists.
        case guest = 10
        /// Reads code.
        case reporter = 20
        /// Writes code.
        case developer = 30
        /// Administers a project, its variables included.
        case maintainer = 40
        /// Administers a group, its variables included.
        case owner = 50

        package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    let id: Int
    let kind: Kind
    let scopes: [String]
    /// What its bearer may do, by the path of a project or group; what lies below inherits it.
    let roles: [String: Role]
    let isAdministrator: Bool
    let createdAt: Date
    var expiresAt: Date?
    var isRevoked = false

    /// The role in a container, `nil` for a stranger.
    func role(in container: Container) -> Role? {
        if isAdministrator { return .owner }
        return roles.filter { Self.isBelow(container.path, $0.key) }.map(\.value).max()
    }

    /// Whether its bearer knows that the container exists: every group above a membership can be seen.
    func sees(_ container: Container) -> Bool {
        role(in: container) != nil
            || (container.kind == .group && roles.keys.contains { Self.isBelow($0, container.path) })
    }

    func isExpired(at now: Date) -> Bool { expiresAt.map { $0 <= now } ?? false }

    private static func isBelow(_ path: String, _ top: String) -> Bool {
        (path.lowercased() + "/").hasPrefix(top.lowercased() + "/")
    }
}

extension Token {
    var username: String {
        switch kind {
        case .personal, .job: isAdministrator ? "root" : "user\(id)"
        case .project, .group: "\(kind.rawValue)_\(id)_bot_\(id)"
        }
    }

    /// Its own description (lib/api/entities/personal_access_token.rb).
    func json(at now: Date) -> JSONValue {
        let day = expiresAt.map { JSONValue.string(String($0.rfc3339.prefix(10))) } ?? .null
        return [
            "id": .number(JSONNumber(id)), "name": .string(kind.rawValue), "revoked": .bool(isRevoked),
            "created_at": .string(createdAt.gitLabTime), "description": nil,
            "scopes": .array(scopes.map(JSONValue.string)), "user_id": .number(JSONNumber(id)),
            "last_used_at": .string(now.gitLabTime), "active": .bool(!isRevoked && !isExpired(at: now)),
            "expires_at": day,
        ]
    }
}

extension Date {
    /// With milliseconds, as GitLab writes times.
    var gitLabTime: String {
        Date(timeIntervalSince1970: timeIntervalSince1970.rounded(.down)).rfc3339.dropLast() + ".000Z"
    }
}
