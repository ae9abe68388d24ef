package import FoundationEssentials
package import HTTP
package import Secrets
package import Timestamps

/// The token with which a CI system or a cluster says whose job this is, and where it comes from (OpenID Connect).
package enum FederatedToken: Sendable {
    /// A file that a variable names, read each time: whoever put it there renews it.
    case file(String, variable: String)
    /// A variable, as GitLab's `id_tokens` sets it.
    case variable(Secret)
    case gitHub(GitHubIdentity, audience: String)

    /// What the environment has, in this order; `nil` if it has none. `audience` is for GitHub, which makes one by wish.
    package init?(
        file: String, variable: String, audience: String, in environment: [String: String]
    ) throws(PublisherError) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let path = value(file) {
            self = .file(path, variable: file)
        } else if let token = value(variable) {
            self = .variable(Secret(token))
        } else if let identity = try GitHubIdentity(environment) {
            self = .gitHub(identity, audience: audience)
        } else {
            return nil
        }
    }

    /// The token.
    package func get(
        _ transport: any HTTPTransport, clock: any WallClock, until deadline: Date
    ) throws(ServiceError) -> Secret {
        switch self {
        case .file(let path, let variable): return try TokenFile.read(path, named: variable)
        case .variable(let token): return token
        case .gitHub(let identity, let audience):
            return try identity.token(for: audience, transport, clock: clock, until: deadline)
        }
    }

    /// What is known before asking for it.
    package var secrets: [Secret] {
        switch self {
        case .file: []
        case .variable(let token): [token]
        case .gitHub(let identity, _): [identity.bearer]
        }
    }
}
