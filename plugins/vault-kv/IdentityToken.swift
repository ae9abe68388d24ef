import FoundationEssentials
import HTTP
import PublisherKit
import Secrets
import Timestamps

/// The token by which a CI system says which job this is (OpenID Connect).
enum IdentityToken {
    /// In a variable, as GitLab's `id_tokens` have it.
    case given(Secret, variable: String)
    case gitHub(GitHubIdentity, audience: String?)

    /// The variable that GitLab's documentation uses for Vault.
    private static let standardVariable = "VAULT_ID_TOKEN"

    init(_ settings: Settings, environment: [String: String]) throws(PublisherError) {
        let wish = try settings.text("id_token")
        let audience = try settings.text("audience")
        let name = wish ?? Self.standardVariable
        if let text = environment[name], !text.isEmpty {
            guard audience == nil else {
                throw Settings.error(
                    "audience", "the token in \(name) has its audience already",
                    hint: "leave 'audience' out, and write it where the job gets its token")
            }
            self = .given(Secret(text), variable: name)
            return
        }
        if let wish {
            throw PublisherError(
                .configuration, "the environment variable \(DisplayText.line(wish, limit: 60)) is empty",
                hint: "give the job an id_token of this name, and name it in the target's env", field: "with.id_token")
        }
        guard let identity = try GitHubIdentity(environment) else {
            let (url, token) = GitHubIdentity.variables
            throw PublisherError(
                .configuration, "there is no token of the CI system to log in with",
                hint: "name in the target's env: at GitHub \(url) and \(token), which a job with the permission"
                    + " id-token: write has; at GitLab \(Self.standardVariable), from the job's id_tokens",
                field: "env.\(Self.standardVariable)")
        }
        self = .gitHub(identity, audience: audience)
    }

    /// What tells two of one process apart.
    var details: [String] {
        switch self {
        case .given(_, let variable): ["given", variable]
        case .gitHub(_, let audience): ["github", audience ?? ""]
        }
    }

    /// The token; `transport` is for GitHub, whose certificates are not Vault's.
    func fetch(
        _ transport: any HTTPTransport, clock: any WallClock, until deadline: Date
    ) throws(ServiceError) -> Secret {
        switch self {
        case .given(let token, _): return token
        case .gitHub(let identity, let audience):
            return try identity.token(for: audience, transport, clock: clock, until: deadline)
        }
    }
}
