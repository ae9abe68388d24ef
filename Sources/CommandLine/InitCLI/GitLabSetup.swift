import HTTP
import JSON
import Secrets
import StepCLI

/// What a project at GitLab has of a pipeline's variables and protected environments.
struct GitLabSetup {
    private let forge: Forge

    init(_ forge: Forge) { self.forge = forge }

    func findings(_ variables: [String]) -> [Finding] {
        forge.ask(
            "GitLab", about: "variables and protected environments", of: "project", by: access
        ) { base, path, token in
            let project = path.split(separator: "/").joined(separator: "%2F")
            let look = ServiceLook(forge.transport, base: "\(base)/projects/\(project)", .field("PRIVATE-TOKEN", token))
            return self.variables(variables, look) + (forge.kind == .simple ? [] : gates(look))
        }
    }

    private func access(to host: String) -> Forge.Access {
        let named = forge.environment["GITLAB_HOST"].map { $0.split(separator: "/").last.map(String.init) ?? $0 }
        let base = forge.environment["CI_API_V4_URL"]
        guard base != nil || ["gitlab.com", named].contains(host) else {
            return Forge.Access(
                base: "", tokens: [], lacking: "nothing says that GITLAB_TOKEN is for \(host)",
                remedy: "GITLAB_HOST=\(host) ork-init --check")
        }
        return Forge.Access(
            base: base ?? "https://\(host)/api/v4", tokens: ["GITLAB_TOKEN"], lacking: "GITLAB_TOKEN is not set",
            remedy: "it needs read_api and the role Maintainer")
    }

    private func variables(_ variables: [String], _ look: ServiceLook) -> [Finding] {
        let key = Forge.managementKey
        let all = [key] + variables + ["ORK_IDENTITY"]
        let wanted =
            forge.kind == .simple
            ? [("ork/rotate", all + ["ORK_HANDOFF_TOKEN"])]
            : [
                ("ork/manage", [key, "ORK_IDENTITY"]), ("ork/publish", variables + ["ORK_IDENTITY"]),
                ("ork/approve-publish", ["ORK_IDENTITY"]), ("ork/approve-retire", ["ORK_IDENTITY"]),
                ("ork/rollback", all), ("*", ["ORK_HANDOFF_TOKEN"]),
            ]
        switch look.get("/variables?per_page=100") {
        case .absent: return [Finding(.unknown, "variables: there is no such project, or the token does not see it")]
        case .unclear(let why): return [Finding(.unknown, "variables: \(why)")]
        case .found(let json):
            let there = (json.array ?? []).map { ($0["key"]?.string, $0["environment_scope"]?.string) }
            return wanted.map { scope, names in
                let missing = names.filter { name in !there.contains { $0 == (name, scope) } }
                guard !missing.isEmpty else { return Finding(.there, "variables of \(scope)") }
                // A page is full: what is missing here may be on the next.
                let verdict: Finding.Verdict = there.count < 100 ? .missing : .unknown
                return Finding(verdict, "variables of \(scope): \(missing.joined(separator: ", "))")
            }
        }
    }

    private func gates(_ look: ServiceLook) -> [Finding] {
        switch look.get("/protected_environments?per_page=100") {
        case .absent, .unclear:
            return [Finding(.unknown, "protected environments: GitLab Premium has them, and shows them to maintainers")]
        case .found(let json):
            let there = Set((json.array ?? []).compactMap { $0["name"]?.string })
            return ["ork/approve-publish", "ork/approve-retire", "ork/rollback"].map { name in
                Finding(there.contains(name) ? .there : .missing, "protected environment \(name)")
            }
        }
    }
}
