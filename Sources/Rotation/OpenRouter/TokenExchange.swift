package import HTTP
import JSON
package import Secrets

/// The exchange of a CI system's identity token for one that manages keys for some minutes (RFC 8693; OpenRouter's guide
/// "Workload identity federation"): nothing has to be stored that could leak.
package struct TokenExchange: Sendable {
    private let baseURL: HTTPURL
    private let policy: String

    /// `policy` is the ID of the federation policy, a UUID; policies are made on openrouter.ai alone.
    package init(baseURL: HTTPURL, policy: String) {
        self.baseURL = baseURL
        self.policy = policy
    }

    /// The longest identity token that the service takes, in bytes.
    private static let limit = 16 << 10
    private static let form =
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange"
        + "&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt"
    /// What a policy must let its tokens do.
    private static let scope = "management"

    /// A token for the calls of a management key: it lives for 15 minutes at most, and not longer than `identity`.
    ///
    /// `nil` where `identity` cannot be a JSON web token (RFC 7519), which then is sent nowhere.
    package func managementToken(for identity: Secret) -> APICall<Secret>? {
        guard Self.isToken(identity) else { return nil }
        // Neither a policy's ID nor a token has a character that a form escapes.
        let body = "\(Self.form)&federation_policy_id=\(policy)&scope=\(Self.scope)&subject_token="
        let request = HTTPRequest(
            .post, baseURL.appending("/oauth/token"),
            headers: [("accept", "application/json"), ("content-type", "application/x-www-form-urlencoded")],
            body: Array(body.utf8) + identity.copyBytes(), isIdempotent: true)
        return APICall(request: request) { response throws(OpenRouterError) in
            guard response.status == 200 else { throw Self.refusal(response, to: request) }
            let fields = try AnswerFields(response)
            guard try fields.optionalString("scope")?.split(separator: " ").contains(Substring(Self.scope)) ?? false
            else { throw Self.wrongScope }
            let token = try fields.string("access_token")
            guard !token.isEmpty else { throw fields.error("access_token") }
            return Secret(token)
        }
    }

    private static func isToken(_ identity: Secret) -> Bool {
        let bytes = identity.copyBytes()
        let isPlain = bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        return isPlain && bytes.count <= limit && bytes.count(where: { $0 == UInt8(ascii: ".") }) == 2
    }

    /// The documented errors are told by their codes; their texts may quote the token.
    private static func refusal(_ response: HTTPResponse, to request: HTTPRequest) -> OpenRouterError {
        let code = (try? JSONValue(parsing: response.body))?["error"]?.string
        return switch (response.status, code) {
        case (400, "invalid_scope"?): wrongScope
        case (400, "invalid_grant"?):
            OpenRouterError(
                .unauthorized, "OpenRouter does not accept this job's identity token for the federation policy",
                hint:
                    "at openrouter.ai under Workload identity: is the policy there and active, and does it name this job's "
                    + "issuer, audience and subject", status: 400, mayHaveArrived: false)
        case (400, _), (413, _):
            OpenRouterError(
                .invalid, "OpenRouter does not accept the exchange of an identity token (\(response.status))",
                hint: "check federation_policy, and whether the account has workload identity federation",
                status: response.status, mayHaveArrived: false)
        default: OpenRouterError(response, to: request, .management)
        }
    }

    private static let wrongScope = OpenRouterError(
        .forbidden, "the federation policy acts as an API key and cannot manage keys",
        hint: "let a policy act as a management key, if openrouter.ai offers that, or do without federation_policy",
        status: nil, mayHaveArrived: false)
}
