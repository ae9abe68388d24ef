import HTTP
import Secrets
import StepCLI

/// Where a pipeline is set up, for `ork-init --check`: the repository, and what a forge is asked with.
struct Forge {
    let origin: GitRemote?
    let environment: StepEnvironment
    let transport: any HTTPTransport
    let kind: PipelineKind

    init(
        _ origin: GitRemote?, _ environment: StepEnvironment, _ transport: any HTTPTransport,
        _ kind: PipelineKind = .staged
    ) {
        self.origin = origin
        self.environment = environment
        self.transport = transport
        self.kind = kind
    }

    /// What a pipeline's environments hold beside what their targets need.
    static let managementKey = "OPENROUTER_MANAGEMENT_KEY"

    /// How a forge is asked about a host: where its API is, which variables may hold the token for it, and if none does, what
    /// is lacking and what to do.
    ///
    /// Whoever made a clone's remote does not say where a token goes, so something else has to name a host that is not the
    /// forge's own.
    struct Access {
        let base: String
        let tokens: [String]
        let lacking: String
        let remedy: String
    }

    /// Asks about the repository with the first token that is set; answers why nobody can be asked where there is none.
    func ask(
        _ name: String, about what: String, of repository: String, by access: (_ host: String) -> Access,
        _ look: (_ base: String, _ path: String, Secret) -> [Finding]
    ) -> [Finding] {
        guard let origin else { return [Finding(.unknown, "\(name): no remote tells which \(repository) this is")] }
        let access = access(origin.host)
        guard let token = access.tokens.lazy.compactMap({ environment[$0] }).first else {
            return [Finding(.unknown, "\(what) of \(origin.path): \(access.lacking); \(access.remedy)")]
        }
        return look(access.base, origin.path, Secret(token))
    }
}
