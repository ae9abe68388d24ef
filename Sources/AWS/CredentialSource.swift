package import FoundationEssentials
package import PublisherPlugin
package import Secrets
package import ServiceClient

/// Where credentials come from.
package protocol CredentialSource: Sendable {
    /// Gets them. Nothing at the target has been asked for yet.
    func fetch(until deadline: Date) throws(ServiceError) -> AWSCredentials
    /// Whether fetching again can bring other ones.
    var isRenewable: Bool { get }
    /// What fetching sends and no message may repeat.
    var secrets: [Secret] { get }
}

/// Those that the stage was given as they are.
package struct GivenCredentials: CredentialSource {
    private let credentials: AWSCredentials

    /// Reads the variables that all of AWS's tools know; `nil` if there is no access key.
    package init?(_ environment: [String: String]) throws(PublisherError) {
        guard let id = environment.value("AWS_ACCESS_KEY_ID") else { return nil }
        guard let key = environment.value("AWS_SECRET_ACCESS_KEY") else {
            throw PublisherError(
                .configuration, "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not",
                hint: "name both in the target's env, and AWS_SESSION_TOKEN if the key is a temporary one",
                field: "env.AWS_SECRET_ACCESS_KEY")
        }
        credentials = AWSCredentials(
            accessKeyID: id, secretAccessKey: Secret(key),
            sessionToken: environment.value("AWS_SESSION_TOKEN").map { Secret($0) })
    }

    package func fetch(until deadline: Date) -> AWSCredentials { credentials }

    package var isRenewable: Bool { false }

    package var secrets: [Secret] { credentials.secrets }
}

extension [String: String] {
    /// The variable, if it is there and not empty.
    func value(_ name: String) -> String? { self[name].flatMap { $0.isEmpty ? nil : $0 } }
}
