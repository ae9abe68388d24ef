import Configuration
package import HTTP
import Rotation
package import Steps

/// Where a step connects to, and with what.
extension Session {
    /// Where OpenRouter is. A step never connects to an address that only the handoff names.
    package func service() throws(StepError) -> HTTPURL {
        let own = try HTTPURL(openRouter: options.openRouterURL, configuration, environment)
        if let plan = journal.handoff?.header.plan { try own.requirePlanned(plan) }
        return own
    }

    /// Where applications call OpenRouter, by this stage's own `ork.yaml`, and new keys are tried.
    package func inferenceService() throws(StepError) -> HTTPURL {
        guard let text = configuration?.plan.service.inferenceURL else { return try service() }
        do throws(HTTPURL.Mistake) { return try HTTPURL(text) } catch {
            throw StepError(.unacceptable, "openrouter.inference_url: \(error.rawValue)", isRetryable: false)
        }
    }

    /// The account that this stage manages.
    package func account(_ transport: any HTTPTransport) throws(StepError) -> ManagedAccount {
        // A policy of the handoff's would be that of whoever signed it: only this stage's own file names one.
        var named = configuration?.plan.service ?? Plan.Service()
        named.managementKey = named.managementKey ?? journal.handoff?.header.plan.service.managementKey
        return try ManagementAccess(environment, over: transport, tell: console.show).account(at: service(), named)
    }
}
