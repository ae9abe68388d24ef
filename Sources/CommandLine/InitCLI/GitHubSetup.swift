import HTTP
import JSON
import Secrets
import StepCLI

/// What a repository at GitHub has of a pipeline's environments and secrets.
struct GitHubSetup {
    private let origin: GitRemote?
    private let environment: StepEnvironment
    private let transport: any HTTPTransport
    private let kind: PipelineKind

    init(
        _ origin: GitRemote?, _ environment: StepEnvironment, _ transport: any HTTPTransport,
        _ kind: PipelineKind = .staged
    ) {
        self.kind = kind
        self.origin = origin
        self.environment = environment
        self.transport = transport
    }

    /// The environments of the workflows: what each needs, and whether somebody has to let its jobs run.
    static func environments(
        _ variables: [String], _ kind: PipelineKind = .staged
    ) -> [(name: String, secrets: [String], hasReviewers: Bool)] {
        let key = "OPENROUTER_MANAGEMENT_KEY"
        guard kind == .staged else { return [("ork", [key] + variables + ["ORK_IDENTITY"], false)] }
        return [
            ("ork-manage", [key, "ORK_IDENTITY"], false), ("ork-publish", variables + ["ORK_IDENTITY"], false),
            ("ork-approve-publish", ["ORK_IDENTITY"], true), ("ork-approve-retire", ["ORK_IDENTITY"], true),
            ("ork-rollback", [key] + variables + ["ORK_IDENTITY"], true),
        ]
    }

    func findings(_ variables: [String]) -> [Finding] {
        guard let origin else { return [Finding(.unknown, "GitHub: no remote tells which repository this is")] }
        let (base, names, way) = access(to: origin.host)
        guard let token = names.lazy.compactMap({ environment[$0] }).first else {
            return [
                Finding(
                    .unknown,
                    "environments, reviewers and secrets of \(origin.path): "
                        + (names.first.map { "\($0) is not set" } ?? "GH_HOST is not \(origin.host)")
                        + "; \(way) ork-init --check")
            ]
        }
        let look = ServiceLook(transport, base: "\(base)/repos/\(origin.path)", .bearer(Secret(token)))
        return Self.environments(variables, kind).flatMap { name, secrets, hasReviewers in
            environment(name, hasReviewers, look) + self.secrets(secrets, of: name, look)
        }
    }

    /// The API of a host, the variables that may hold the token for it, and how to set the first. As with gh, GH_TOKEN is for
    /// GitHub's own hosts. Whoever made a clone's remote does not say where a token goes: the host stands in GH_HOST as well.
    private func access(to host: String) -> (base: String, tokens: [String], way: String) {
        let tokens = ["GH_TOKEN", "GITHUB_TOKEN"]
        let way = "GH_TOKEN=$(gh auth token)"
        if let base = environment["GITHUB_API_URL"] { return (base, tokens, way) }
        if host == "github.com" || host.hasSuffix(".ghe.com") { return ("https://api.\(host)", tokens, way) }
        return (
            "https://\(host)/api/v3",
            environment["GH_HOST"] == host ? ["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"] : [],
            "GH_HOST=\(host) GH_ENTERPRISE_TOKEN=$(gh auth token --hostname \(host))"
        )
    }

    private func environment(_ name: String, _ hasReviewers: Bool, _ look: ServiceLook) -> [Finding] {
        switch look.get("/environments/\(name)") {
        case .absent: return [Finding(.missing, "environment \(name)")]
        case .unclear(let why): return [Finding(.unknown, "environment \(name): \(why)")]
        case .found(let json):
            let rules = json["protection_rules"]?.array ?? []
            let reviewers = rules.first { $0["type"] == "required_reviewers" }?["reviewers"]?.array ?? []
            var findings: [Finding] = []
            if hasReviewers, reviewers.isEmpty { findings.append(Finding(.missing, "environment \(name): reviewers")) }
            if json["deployment_branch_policy"]?.object == nil {
                findings.append(Finding(.missing, "environment \(name): the main branch only"))
            }
            return findings.isEmpty ? [Finding(.there, "environment \(name)")] : findings
        }
    }

    private func secrets(_ wanted: [String], of name: String, _ look: ServiceLook) -> [Finding] {
        switch look.get("/environments/\(name)/secrets?per_page=100") {
        // The environment is missing, which was said.
        case .absent: return []
        case .unclear(let why): return [Finding(.unknown, "secrets of \(name): \(why)")]
        case .found(let json):
            let there = Set((json["secrets"]?.array ?? []).compactMap { $0["name"]?.string })
            let missing = wanted.filter { !there.contains($0) }
            guard !missing.isEmpty else { return [Finding(.there, "secrets of \(name)")] }
            return [Finding(.missing, "secrets of \(name): \(missing.joined(separator: ", "))")]
        }
    }
}
