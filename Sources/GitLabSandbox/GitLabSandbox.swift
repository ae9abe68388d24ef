import FoundationEssentials
package import SandboxWire
package import Secrets
import Sodium

/// The part of GitLab's API that holds the variables of pipelines, as a value: copying it copies the world.
/// It answers as GitLab 18 does (lib/api/ci/variables.rb, group_variables.rb, admin/ci/variables.rb and what they
/// call).
package struct GitLabSandbox: Sendable {
    /// An administrator's token with the scope `api`.
    package let token: Secret
    /// How many requests a token may send in a minute; `nil` for as many as it likes.
    package var requestLimit: Int?
    /// Whether the groups have a Premium subscription. Without it GitLab drops the environment scope of a group's
    /// variable without a word (ee/lib/ee/api/helpers/variables_helpers.rb).
    package var premium = true
    /// GitLab's version; hidden variables exist since 17.4.
    package var version = "18.5.1"
    /// How many variables one place may hold (application limits of a project, a group and the instance).
    package var variableLimits = (project: 8000, group: 30000, instance: 25)
    /// How many requests held a value or a token in their address, where it ends in logs.
    package internal(set) var leaks = (values: 0, tokens: 0)

    // The first is the instance itself.
    var containers: [Container]
    var tokens: [Digest: Token] = [:]
    var windows: [String: (start: Int, count: Int)] = [:]
    var random: Randomness
    private var lastID = 0

    /// A world with an administrator and nothing else.
    package init(_ randomness: Randomness = .seeded(0)) {
        random = randomness
        containers = [Container(id: 0, kind: .instance, path: "", createdAt: .distantPast)]
        token = Secret("glpat-" + random.hex(20))
        let id = nextID()
        tokens[Digest(of: token)] = Token(
            id: id, kind: .personal, scopes: ["api"], roles: [:], isAdministrator: true, createdAt: Self.start)
    }

    mutating func nextID() -> Int {
        lastID += 1
        return lastID
    }

    /// When things were made that were there before the first request.
    static let start = Date(timeIntervalSince1970: 1_767_225_600)
}
