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
        guard let token = environment["GH_TOKEN"] ?? environment["GITHUB_TOKEN"] else {
            return [
                Finding(
                    .unknown,
                    "environments, reviewers and secrets of \(origin.path): GH_TOKEN is not set; "
                        + "GH_TOKEN=$(gh auth token) ork-init --check")
            ]
        }
        let base =
            environment["GITHUB_API_URL"]
            ?? (origin.host == "github.com" ? "https://api.github.com" : "https://\(origin.host)/api/v3")
        let look = ServiceLook(transport, base: "\(base)/repos/\(origin.path)", .bearer(Secret(token)))
        return Self.environments(variables, kind).flatMap { name, secrets, hasReviewers in
            environment(name, hasReviewers, look) + self.secrets(secrets, of: name, look)
        }
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
