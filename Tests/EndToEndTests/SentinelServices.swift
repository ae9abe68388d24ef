import HTTP
import JSON
import Secrets
import Sodium
import TestSupport

/// The targets of a rotation at services of the web, and what may be seen of them.
struct SentinelServices {
    /// Flags of `ork-create`: a secret with a companion, and a variable.
    static let flags = [
        "--to", "hub=github-secret@1:repository=acme/web,name=OPENROUTER_API_KEY,companion=OPENROUTER_API_KEY_OF",
        "--target-env", "hub:GITHUB_TOKEN",
        "--to", "lab=gitlab-variable@2:project=acme/web,key=OPENROUTER_API_KEY", "--target-env", "lab:GITLAB_TOKEN",
        "--to", "bao=vault-kv@2:path=acme/web,field=OPENROUTER_API_KEY", "--target-env", "bao:VAULT_TOKEN",
    ]

    let services: [SentinelRules.Service]
    /// What a step is given: tokens, and where the services are.
    let variables: [String: String]
    /// Fails if a service does not hold the successor.
    let requireHeld: @Sendable (_ successor: Secret) throws -> Void

    init(_ world: World) throws {
        let vault = try OpenBaoServer()
        let token = try vault.token("full")
        let (github, gitlab) = (world.sandbox.github, world.sandbox.gitlab)
        services = [
            SentinelRules.Service(
                program: "ork-publisher-github-secret", variable: "GITHUB_TOKEN",
                token: Sentinel("GitHub token", github.token), port: Self.port(github.url), wrapping: nil),
            SentinelRules.Service(
                program: "ork-publisher-gitlab-variable", variable: "GITLAB_TOKEN",
                token: Sentinel("GitLab token", gitlab.token), port: Self.port(gitlab.url),
                wrapping: (#""value":""#, #"""#)),
            SentinelRules.Service(
                program: "ork-publisher-vault-kv", variable: "VAULT_TOKEN", token: Sentinel("Vault token", token),
                port: vault.port, wrapping: (#""OPENROUTER_API_KEY":""#, #"""#)),
        ]
        variables = [
            "GITHUB_TOKEN": github.token.revealed() ?? "", "GITHUB_API_URL": github.url,
            "GITLAB_TOKEN": gitlab.token.revealed() ?? "", "CI_API_V4_URL": gitlab.url,
            "VAULT_TOKEN": token.revealed() ?? "", "VAULT_ADDR": vault.url,
        ]
        let sandbox = world.sandbox
        requireHeld = { successor in
            let digest = JSONValue.string(Digest(of: successor).description)
            for list in ["github/secrets", "gitlab/variables"] {
                let held = try sandbox.control(.get, list).array ?? []
                guard held.contains(where: { $0["digest"] == digest }) else {
                    throw Complaint("\(list): \(held.count)")
                }
            }
            let secret = try vault.ask(.get, "secret/data/acme/web").body?["data"]?["data"]
            guard secret?["OPENROUTER_API_KEY"]?.string.map({ Secret($0) }) == successor else {
                throw Complaint("Vault")
            }
        }
    }

    private static func port(_ url: String) -> Int {
        Int(url.dropFirst("http://127.0.0.1:".count).prefix { $0 != "/" }) ?? 0
    }
}
