package import FoundationEssentials
package import HTTP
package import PublisherPlugin
package import Secrets

/// A service of the web as publishers see it: what it is called, what each request carries, and how it says no.
package protocol Service: Sendable {
    /// Its name for people, as `GitHub`.
    var name: String { get }
    /// The environment variable with the credential.
    var credential: String { get }
    /// The environment variable in which a CI system names the address of its own API.
    var addressVariable: String { get }
    /// Where the API is if nothing else is said.
    var standardAddress: String { get }
    /// The fields of every request besides the credential.
    var headers: [(name: String, value: String)] { get }
    /// Why a credential can be of no use, by its form; `nil` if that does not tell.
    func objection(to token: Secret) -> PublisherError?
    /// How long to stay away, if this answer says that there were too many requests; `nil` if it says something else.
    ///
    /// `number` counts such answers to one call, from 1.
    func pause(_ response: HTTPResponse, number: Int, now: Date) -> Duration?
    /// What a refusal means where HTTP alone does not tell; `nil` for the general text.
    func explain(_ refusal: ServiceAnswer, to call: ServiceCall) -> PublisherError?
}

extension Service {
    package func objection(to token: Secret) -> PublisherError? { nil }

    /// 429, and `Retry-After` or else a minute, doubled each time (RFC 6585 §4).
    package func pause(_ response: HTTPResponse, number: Int, now: Date) -> Duration? {
        guard response.status == 429 else { return nil }
        return response.retryAfter ?? .seconds(60 << min(number - 1, 6))
    }

    package func explain(_ refusal: ServiceAnswer, to call: ServiceCall) -> PublisherError? { nil }
}
