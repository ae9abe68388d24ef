package import FoundationEssentials
import HTTP
import JSON
package import Secrets

/// An address that deploys whenever somebody posts to it. It is a credential: no message has it, nor a long part of it.
package struct DeployHook: Sendable {
    private let variable: String
    private let address: HTTPURL

    /// Takes it from the variable. `service` is whose hook it is, for people.
    package init(
        in variable: String, of service: String, environment: [String: String]
    ) throws(ServiceError) {
        guard let text = environment[variable], let address = try? HTTPURL(text) else {
            throw ServiceError(
                PublisherError(
                    .configuration, "the variable \(variable) has no https address",
                    hint:
                        "put the URL of the deploy hook of \(service) into it, and name it in the target's env: [\(variable)]",
                    field: "env.\(variable)"))
        }
        self.variable = variable
        self.address = address
    }

    /// Posts to it, as `client` asks its service, without the credentials. `secret` is what else no message may repeat.
    package func call(by client: ServiceClient, hiding secret: Secret?, until deadline: Date) throws(ServiceError) {
        let client = client.elsewhere(address, NoCredentials(secrets: address.asSecrets + [secret].compactMap(\.self)))
        var call = ServiceCall(
            .post, [], statuses: Set(200...299), to: "call the deploy hook", field: "env.\(variable)")
        call.body = [:]
        _ = try client.send(call, until: deadline)
    }
}

extension Redeploy {
    /// The hook, if a hook is what deploys; refuses one that cannot be called. `service` is whose it is, for people.
    package func hook(of service: String, environment: [String: String]) throws(ServiceError) -> DeployHook? {
        guard case .hook(let variable) = self else { return nil }
        return try DeployHook(in: variable, of: service, environment: environment)
    }
}
