import HTTP
import JSON
import Secrets
import StepCLI

/// What a repository at GitHub has of a pipeline's environments and secrets.
struct GitHubSetup {
    private let forge: Forge

    init(_ forge: Forge) { self.forge = forge }

    /// The environments of the workflows: what each needs, and whether somebody has to let its jobs run.
    static func environments(
        _ variables: [String], _ kind: PipelineKind = .staged
    ) -> [(name: String, secrets: [String], hasReviewers: Bool)] {
        let key = Forge.managementKey
        guard kind == .staged else { return [("ork", [key] + variables + ["ORK_IDENTITY"], false)] }
        return [
            ("ork-manage", [key, "ORK_IDENTITY"], false), ("ork-publish", variables + ["ORK_IDENTITY"], false),
            ("ork-approve-publish", ["ORK_IDENTITY"], true), ("ork-approve-retire", ["ORK_IDENTITY"], true),
            ("ork-rollback", [key] + variables + ["ORK_IDENTITY"], true),
        ]
    }

    func findings(_ variables: [String]) -> [Finding] {
        forge.ask(
            "GitHub", about: "environments, reviewers and secrets", of: "repository", by: access
        ) { base, path, token in
            let look = ServiceLook(forge.transport, base: "\(base)/repos/\(path)", .bearer(token))
            return Self.environments(variables, forge.kind).flatMap { name, secrets, hasReviewers in
                environment(name, hasReviewers, look) + self.secrets(secrets, of: name, look)
            }
        }
    }

    /// As with gh, GH_TOKEN is for GitHub's own hosts, and any other stands in GH_HOST.
    private func access(to host: String) -> Forge.Access {
        let tokens = ["GH_TOKEN", "GITHUB_TOKEN"]
        let base = host == "github.com" || host.hasSuffix(".ghe.com") ? "https://api.\(host)" : nil
        if let base = forge.environment["GITHUB_API_URL"] ?? base {
            return Forge.Access(
                base: base, tokens: tokens, lacking: "\(tokens[0]) is not set",
                remedy: "GH_TOKEN=$(gh auth token) ork-init --check")
        }
        let isNamed = forge.environment["GH_HOST"] == host
        return Forge.Access(
            base: "https://\(host)/api/v3", tokens: isNamed ? ["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"] : [],
            lacking: isNamed ? "GH_ENTERPRISE_TOKEN is not set" : "GH_HOST is not \(host)",
            remedy: "GH_HOST=\(host) GH_ENTERPRISE_TOKEN=$(gh auth token --hostname \(host)) ork-init --check")
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
