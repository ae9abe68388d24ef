import HTTP

extension OpenRouterError {
    /// Whose key a call carries, because the same status asks for different things of the reader.
    enum Audience: Sendable {
        case management
        case inference
    }

    static func message(_ code: Code, _ status: Int) -> String {
        switch code {
        case .unauthorized: "OpenRouter does not accept the key (401)"
        case .forbidden: "OpenRouter does not allow this to the key (403)"
        case .notFound: "OpenRouter does not know what was asked for (\(status))"
        case .conflict: "OpenRouter is busy with another change of the same thing (409)"
        case .invalid: "OpenRouter does not accept the request (\(status))"
        case .exhausted: "OpenRouter reports that the credit or the key's limit is used up (402)"
        case .rateLimited: "OpenRouter asks for fewer requests (429)"
        case .unavailable: "OpenRouter cannot answer now (\(status))"
        case .unreachable: "no answer from OpenRouter"
        case .unexpected: "OpenRouter answers with a status that is not documented (\(status))"
        }
    }

    static func hint(_ code: Code, _ audience: Audience) -> String? {
        switch (code, audience) {
        case (.unauthorized, .management):
            "the management key is wrong, deleted or expired; make one at openrouter.ai/settings/management-keys"
        case (.unauthorized, .inference): "the key is wrong, disabled, deleted or expired"
        case (.forbidden, .management):
            "this is not a management key, or an IP allowlist does not have this machine"
        case (.forbidden, .inference):
            "look for an IP allowlist that does not have this machine, a used up limit, or a guardrail"
        case (.notFound, .management): "check the address of the API"
        case (.notFound, .inference): "check the address of the API, and the name of the model"
        case (.conflict, _), (.rateLimited, _), (.unavailable, _): "try again later"
        case (.invalid, .management): "check the workspace and the settings of the key in the plan"
        case (.invalid, .inference): "check the name of the model"
        case (.exhausted, _): "add credit, or raise the key's limit"
        case (.unexpected, _): "check the address of the API, and for a proxy on the way"
        case (.unreachable, _): nil
        }
    }

    static func message(_ error: TransportError) -> String {
        "no answer from OpenRouter: \(error.message)"
    }

    static func hint(_ error: TransportError) -> String? {
        switch error.code {
        case .unreachable: "check the network, the proxy and the address of the API"
        case .untrusted: "check the machine's clock and its CA certificates (CURL_CA_BUNDLE, SSL_CERT_FILE)"
        case .timeout, .interrupted: "try again"
        case .tooLarge, .invalid: nil
        }
    }

    /// The answer has the documented status, and no JSON in it.
    static func notJSON(_ status: Int) -> OpenRouterError {
        OpenRouterError(
            .unexpected, "OpenRouter's answer is not JSON", hint: hint(.unexpected, .management), status: status,
            mayHaveArrived: true)
    }

    /// The answer lacks a field, or has something else there than documented. `field` is our own word for it.
    static func field(_ field: String, _ status: Int) -> OpenRouterError {
        OpenRouterError(
            .unexpected, "OpenRouter's answer has no usable field \(field)",
            hint: "its API may have changed; look for a newer version of ork", status: status, mayHaveArrived: true)
    }

    static func keyForm(_ mistake: String) -> OpenRouterError {
        OpenRouterError(
            .invalid, "the key \(mistake)", hint: "a key is one word of printable ASCII, such as sk-or-v1-…",
            mayHaveArrived: false)
    }
}
