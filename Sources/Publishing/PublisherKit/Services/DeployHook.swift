package import FoundationEssentials
package import HTTP
import JSON
package import Secrets
package import Timestamps

/// An address that deploys whenever somebody posts to it. It is a credential: no message has it, nor a long part of it.
package struct DeployHook: Sendable {
    private let variable: String
    private let address: HTTPURL

    /// Takes it from the variable. `service` is whose hook it is, for people.
    package init(
        in variable: String, of service: String, environment: [String: String]
    ) throws(PublisherError) {
        guard let text = environment[variable], let address = try? HTTPURL(text) else {
            throw PublisherError(
                .configuration, "the variable \(variable) has no https address",
                hint:
                    "put the URL of the deploy hook of \(service) into it, and name it in the target's env: [\(variable)]",
                field: "env.\(variable)")
        }
        self.variable = variable
        self.address = address
    }

    /// Posts to it, without the service's own credentials. `secret` is what else no message may repeat.
    package func call(
        at service: any Service, hiding secret: Secret?, over transport: any HTTPTransport, clock: any WallClock,
        until deadline: Date
    ) throws(ServiceError) {
        let client = ServiceClient(
            service, at: address, credentials: NoCredentials(secrets: secrets + [secret].compactMap(\.self)),
            transport: transport, clock: clock)
        var call = ServiceCall(
            .post, [], statuses: Set(200...299), to: "call the deploy hook", field: "env.\(variable)")
        call.body = [:]
        _ = try client.send(call, until: deadline)
    }

    /// Any part of a hook's address may be what lets people in, and an answer may repeat it alone.
    private var secrets: [Secret] {
        let parts = address.description.split { "/?&=".contains($0) }.dropFirst(2).map(String.init)
        return ([address.description] + parts.filter { $0.utf8.count >= 8 }).map { Secret($0) }
    }
}
