import FoundationEssentials
import HTTP
import JSON
import ServiceClient
import Synchronization

/// What GitLab says of the token itself: a personal, project or group access token may always ask (lib/api/
/// personal_access_tokens/self_information.rb), whatever its scopes.
struct TokenFacts {
    /// `nil` where the scopes do not tell, as for OAuth's tokens and those with permissions of their own.
    let mayWrite: Bool?
    /// The day on which it ends, as `2027-01-31`.
    let expiresAt: String?

    init(_ answer: ServiceAnswer) {
        let object = answer.status == 200 ? try? answer.object() : nil
        let scopes = object?["scopes"]?.array?.compactMap(\.string) ?? []
        mayWrite = scopes.contains("api") ? true : scopes.contains("read_api") ? false : nil
        expiresAt = object?["expires_at"]?.string.map { ForeignText.line($0, limit: 30) }
    }
}

/// The facts of this process's token, asked for once at each address.
final class TokenReader: Sendable {
    private let known = Mutex<[HTTPURL: TokenFacts]>([:])

    func facts(_ client: ServiceClient, until deadline: Date) throws(ServiceError) -> TokenFacts {
        if let facts = known.withLock({ $0[client.address] }) { return facts }
        let facts = TokenFacts(
            try client.send(
                ServiceCall(
                    .get, ["personal_access_tokens", "self"], statuses: [200, 400, 401, 403, 404],
                    to: "read the scopes of the token"), until: deadline))
        known.withLock { $0[client.address] = facts }
        return facts
    }
}
