import FoundationEssentials
import HTTP
import PublisherPlugin
import Secrets
import ServiceClient

/// The token by which a CI system says which job this is (OpenID Connect).
enum IdentityToken {
    /// In a variable, as GitLab's `id_tokens` have it.
    case given(Secret, variable: String)
    /// Asked for at GitHub, with the permission `id-token: write`
    /// ("About security hardening with OpenID Connect").
    case gitHub(HTTPURL, token: Secret, audience: String?)

    /// The variable that GitLab's documentation uses for Vault.
    private static let standardVariable = "VAULT_ID_TOKEN"
    private static let gitHubVariables = (url: "ACTIONS_ID_TOKEN_REQUEST_URL", token: "ACTIONS_ID_TOKEN_REQUEST_TOKEN")

    init(_ settings: Settings, environment: [String: String]) throws(PublisherError) {
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let wish = try settings.text("id_token")
        let audience = try settings.text("audience")
        if let text = variable(wish ?? Self.standardVariable) {
            guard audience == nil else {
                throw Settings.error(
                    "audience", "the token in \(wish ?? Self.standardVariable) has its audience already",
                    hint: "leave 'audience' out, and write it where the job gets its token")
            }
            self = .given(Secret(text), variable: wish ?? Self.standardVariable)
            return
        }
        if let wish {
            throw PublisherError(
                .configuration, "the environment variable \(ForeignText.line(wish, limit: 60)) is empty",
                hint: "give the job an id_token of this name, and name it in the target's env", field: "with.id_token")
        }
        let (url, token) = (Self.gitHubVariables.url, Self.gitHubVariables.token)
        guard let address = variable(url), let bearer = variable(token) else {
            throw PublisherError(
                .configuration, "there is no token of the CI system to log in with",
                hint: "name in the target's env: at GitHub \(url) and \(token), which a job with the permission"
                    + " id-token: write has; at GitLab \(Self.standardVariable), from the job's id_tokens",
                field: "env.\(Self.standardVariable)")
        }
        do throws(HTTPURL.Mistake) {
            self = .gitHub(try HTTPURL(address), token: Secret(bearer), audience: audience)
        } catch {
            throw PublisherError(
                .configuration, "the variable \(url) cannot be dialled: \(error.rawValue)", field: "env.\(url)")
        }
    }

    /// What tells two of one process apart.
    var details: [String] {
        switch self {
        case .given(_, let variable): ["given", variable]
        case .gitHub(_, _, let audience): ["github", audience ?? ""]
        }
    }

    /// The token; `transport` is for GitHub, whose certificates are not Vault's.
    func fetch(
        _ transport: any HTTPTransport, clock: any ServiceClock, until deadline: Date
    ) throws(ServiceError) -> Secret {
        switch self {
        case .given(let token, _): return token
        case .gitHub(let address, let token, let audience):
            let client = ServiceClient(
                GitHubIdentity(), at: address, credentials: StaticToken(token), transport: transport, clock: clock)
            let query = audience.map { [("audience", $0)] } ?? []
            let answer = try client.send(
                ServiceCall(
                    .get, [], query: query, to: "give the job a token",
                    field: "env.\(Self.gitHubVariables.url)", permission: "the permission id-token: write"),
                until: deadline)
            return Secret(try answer.object().text("value"))
        }
    }
}

/// What gives the jobs of GitHub Actions their tokens.
private struct GitHubIdentity: Service {
    let name = "GitHub's token service"
    let credential = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
    let addressVariable = "ACTIONS_ID_TOKEN_REQUEST_URL"
    let standardAddress = "https://pipelines.actions.githubusercontent.com"
    let headers: [(name: String, value: String)] = []
}
