package import Configuration
package import HTTP
import Rotation
package import Steps

extension HTTPURL {
    /// Where OpenRouter is to this stage: `flag`, else what `ork.yaml` names, else `OPENROUTER_BASE_URL`, else openrouter.ai.
    ///
    /// The management key goes there. An earlier job of a pipeline may set variables of this one, so beside an `ork.yaml`
    /// the variable says nothing that the file does not, but for addresses of this machine.
    package init(
        openRouter flag: String?, _ configuration: RotationConfiguration?, _ environment: StepEnvironment
    ) throws(StepError) {
        let variable = environment["OPENROUTER_BASE_URL"]
        let named = configuration?.serviceURL
        let (text, place) =
            flag.map { ($0, "--openrouter-url") } ?? named.map {
                ($0, "openrouter.url in \(configuration?.file ?? "")")
            }
            ?? (variable ?? Plan.Service.defaultURL, "OPENROUTER_BASE_URL")
        try self.init(openRouter: text, from: place)
        guard flag == nil, let variable, let configuration else { return }
        if let named, named != variable {
            throw StepError(
                .unacceptable, "OPENROUTER_BASE_URL is \(variable), but \(configuration.file) names \(named)",
                hint: "unset the variable, or say which one counts with --openrouter-url", isRetryable: false)
        }
        let standard = try Self(openRouter: Plan.Service.defaultURL, from: "the default")
        guard named != nil || isLoopback || host == standard.host else {
            throw StepError(
                .unacceptable, "OPENROUTER_BASE_URL is \(variable), which \(configuration.file) does not name",
                hint: "add it there if you trust that address, openrouter: {url: …}, or unset the variable",
                isRetryable: false)
        }
    }

    /// Refuses a handoff that was made for another address: nothing is sent to where only a handoff says.
    func requirePlanned(_ plan: Plan) throws(StepError) {
        guard plan.service.url != description else { return }
        throw StepError(
            .unacceptable, "the handoff was made with \(plan.service.url), and this stage goes to \(self)",
            hint: "correct what names this stage's address: --openrouter-url, openrouter.url in ork.yaml or "
                + "OPENROUTER_BASE_URL; name the handoff's only if you trust it")
    }

    /// Reads the address of OpenRouter's API, which stands in `place`. It is not quoted: it may hold a password.
    private init(openRouter text: String, from place: String) throws(StepError) {
        do { try self.init(text) } catch {
            throw StepError(
                place.hasPrefix("--") ? .usage : .unacceptable, "\(place): \(error.rawValue)",
                hint: "write the whole address of the API, such as \(Plan.Service.defaultURL)", isRetryable: false)
        }
    }
}
