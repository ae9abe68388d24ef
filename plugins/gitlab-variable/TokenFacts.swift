import FoundationEssentials
import HTTP
import JSON
import ServiceClient

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

/// The facts of this process's token, at each address.
typealias TokenReader = FetchedOnce<HTTPURL, TokenFacts>

extension TokenReader {
    func facts(_ client: ServiceClient, until deadline: Date) throws(ServiceError) -> TokenFacts {
        try value(of: client.address) { () throws(ServiceError) in
            TokenFacts(
                try client.send(
                    ServiceCall(
                        .get, ["personal_access_tokens", "self"], statuses: [200, 400, 401, 403, 404],
                        to: "read the scopes of the token"), until: deadline))
        }
    }
}
