import HTTP
import JSON
import Secrets
import StepCLI

/// What a project at GitLab has of a pipeline's variables and protected environments.
struct GitLabSetup {
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

    func findings(_ variables: [String]) -> [Finding] {
        guard let origin else { return [Finding(.unknown, "GitLab: no remote tells which project this is")] }
        guard let token = environment["GITLAB_TOKEN"] else {
            return [
                Finding(
                    .unknown,
                    "variables and protected environments of \(origin.path): GITLAB_TOKEN is not set; it needs "
                        + "read_api and the role Maintainer")
            ]
        }
        // Whoever made a clone's remote does not say where a token goes.
        let named = environment["GITLAB_HOST"].map { $0.split(separator: "/").last.map(String.init) ?? $0 }
        guard environment["CI_API_V4_URL"] != nil || ["gitlab.com", named].contains(origin.host) else {
            return [
                Finding(
                    .unknown,
                    "variables and protected environments of \(origin.path): nothing says that GITLAB_TOKEN is for "
                        + "\(origin.host); GITLAB_HOST=\(origin.host) ork-init --check")
            ]
        }
        let base = environment["CI_API_V4_URL"] ?? "https://\(origin.host)/api/v4"
        let project = origin.path.split(separator: "/").joined(separator: "%2F")
        let look = ServiceLook(transport, base: "\(base)/projects/\(project)", .field("PRIVATE-TOKEN", Secret(token)))
        return self.variables(variables, look) + (kind == .simple ? [] : gates(look))
    }

    private func variables(_ variables: [String], _ look: ServiceLook) -> [Finding] {
        let key = "OPENROUTER_MANAGEMENT_KEY"
        let all = [key] + variables + ["ORK_IDENTITY"]
        let wanted =
            kind == .simple
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
