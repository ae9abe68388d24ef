import HTTP
import JSON
import Secrets
import Sodium
import TestSupport

/// The targets of a rotation at services of the web, and what may be seen of them.
struct SentinelServices {
    /// Flags of `ork-create`: a secret with a companion, a variable, and a cluster's secret with what uses it.
    static let flags = [
        "--to",
        "hub=github-secret@1:repository=acme/web,name=OPENROUTER_API_KEY,companion=OPENROUTER_API_KEY_OF,create=true",
        "--target-env", "hub:GITHUB_TOKEN",
        "--to", "lab=gitlab-variable@2:project=acme/web,key=OPENROUTER_API_KEY,create=true", "--target-env",
        "lab:GITLAB_TOKEN",
        "--to", "kube=kubernetes-secret@2:secret=app,key=KEY,create:=true,restart=deployment/web",
        "--target-env", "kube:KUBECONFIG",
    ]
    /// And a field of a Vault.
    static let vaultFlags = [
        "--to", "bao=vault-kv@2:path=acme/web,field=OPENROUTER_API_KEY,create=true", "--target-env", "bao:VAULT_TOKEN",
    ]

    let services: [SentinelRules.Service]
    /// What a step is given: tokens, and where the services are.
    let variables: [String: String]
    /// Fails if a service does not hold the successor.
    let requireHeld: @Sendable (_ successor: Secret) throws -> Void

    /// `vault`, `shelf`, `project`, `safe`, `app` and `cloud` are there where the flags name them.
    init(
        _ fixture: RotationRunFixture, vault: OpenBaoServer? = nil, shelf: SentinelShelf? = nil,
        project: SentinelProject? = nil, safe: SentinelKeyVault? = nil, app: SentinelApp? = nil,
        cloud: SentinelCloud? = nil
    ) throws {
        let sandbox = fixture.sandbox
        let (github, gitlab, kubernetes) = (sandbox.github, sandbox.gitlab, sandbox.kubernetes)
        var services = [
            SentinelRules.Service(
                program: "ork-publisher-github-secret", variable: "GITHUB_TOKEN",
                token: Sentinel("GitHub token", github.token), port: Self.port(github.url), wrapping: nil),
            SentinelRules.Service(
                program: "ork-publisher-gitlab-variable", variable: "GITLAB_TOKEN",
                token: Sentinel("GitLab token", gitlab.token), port: Self.port(gitlab.url),
                wrapping: (#""value":""#, #"""#)),
            SentinelRules.Service(
                program: "ork-publisher-kubernetes-secret", variable: "KUBE_TOKEN",
                token: Sentinel("Kubernetes token", kubernetes.token), port: Self.port(kubernetes.url),
                wrapping: (#""KEY":""#, #"""#), isBase64: true),
        ]
        let folder = try TemporaryDirectory()
        let workload: JSONValue = ["resource": "deployments", "name": "web"]
        _ = try sandbox.control(.post, "kubernetes/workloads", workload)
        _ = try sandbox.control(.post, "kubernetes/settings", ["pace": 0])
        var variables = [
            "GITHUB_TOKEN": github.token.revealed() ?? "", "GITHUB_API_URL": github.url,
            "GITLAB_TOKEN": gitlab.token.revealed() ?? "", "CI_API_V4_URL": gitlab.url,
            "KUBECONFIG": try Self.kubeconfig(in: folder, kubernetes.token, port: Self.port(kubernetes.url)),
        ]
        if let vault {
            let token = try vault.token("full")
            services.append(
                SentinelRules.Service(
                    program: "ork-publisher-vault-kv", variable: "VAULT_TOKEN", token: Sentinel("Vault token", token),
                    port: vault.port, wrapping: (#""OPENROUTER_API_KEY":""#, #"""#)))
            variables["VAULT_TOKEN"] = token.revealed() ?? ""
            variables["VAULT_ADDR"] = vault.url
        }
        for service in [shelf?.service, project?.service, safe?.service, app?.service, cloud?.service] {
            guard let service else { continue }
            services.append(service)
            variables[service.variable] = service.token.secret.revealed() ?? ""
        }
        self.services = services
        self.variables = variables
        requireHeld = { successor in
            let digest = JSONValue.string(Digest(of: successor).description)
            for list in ["github/secrets", "gitlab/variables", "kubernetes/secrets"] {
                let held = try sandbox.control(.get, list).array ?? []
                guard held.contains(where: { $0["digest"] == digest }) else {
                    throw Complaint("\(list): \(held.count)")
                }
            }
            if let vault {
                let secret = try vault.ask(.get, "secret/data/acme/web").body?["data"]?["data"]
                guard secret?["OPENROUTER_API_KEY"]?.string.map({ Secret($0) }) == successor else {
                    throw Complaint("Vault")
                }
            }
            if let shelf, shelf.held != successor { throw Complaint("the described service") }
            if let safe, safe.held != successor { throw Complaint("the vault of Azure's") }
            if let app, app.held != successor || app.served != successor { throw Complaint("the app") }
            if let cloud, cloud.held != successor || cloud.served != successor { throw Complaint("the cloud") }
            if let project, project.held != successor || !project.isDeployed { throw Complaint("the project") }
            let restarts = try sandbox.control(.get, "kubernetes/workloads").array?.map { $0["restarts"] } ?? []
            guard restarts == [1] else { throw Complaint("restarts: \(restarts)") }
            // The kubeconfig has to last until here.
            withExtendedLifetime(folder) {}
        }
    }

    /// A kubeconfig for the sandbox's cluster behind a port.
    static func kubeconfig(in folder: TemporaryDirectory, _ token: Secret, port: Int) throws -> String {
        try folder.write(
            """
            current-context: main
            contexts: [{name: main, context: {cluster: here, user: ork}}]
            clusters: [{name: here, cluster: {server: 'http://127.0.0.1:\(port)/kubernetes'}}]
            users: [{name: ork, user: {token: '\(token.revealed() ?? "")'}}]
            """, to: "kubeconfig-\(port)")
    }

    static func port(_ url: String) -> Int {
        Int(url.dropFirst("http://127.0.0.1:".count).prefix { $0 != "/" }) ?? 0
    }
}
