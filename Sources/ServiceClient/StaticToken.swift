package import FoundationEssentials
package import HTTP
package import PublisherPlugin
package import Secrets

/// One token for the whole process, sent as a bearer.
package struct StaticToken: ServiceCredentials {
    private let token: Secret

    package init(_ token: Secret) { self.token = token }

    /// Takes it from the service's variable, unless its form tells that it is of no use.
    package init(for service: any Service, in environment: [String: String]) throws(PublisherError) {
        guard let text = environment[service.credential], !text.isEmpty else {
            throw PublisherError(
                .configuration, "the environment variable \(service.credential) is empty",
                hint: "give this stage a token for \(service.name), and name the variable in the target's env",
                field: "env.\(service.credential)")
        }
        token = Secret(text)
        if let objection = service.objection(to: token) { throw objection }
    }

    package var secrets: [Secret] { [token] }

    package func authorization(until deadline: Date) -> HTTPAuthorization? { .bearer(token) }
}
