package import HTTP
import Timestamps

/// Why OpenRouter did not do what it was asked. It never quotes an answer, which may hold a key.
package struct OpenRouterError: Error, Sendable, Hashable {
    package enum Code: String, Sendable, CaseIterable {
        /// 401: no key, or one that is dead or expired.
        case unauthorized
        /// 403: the key is not allowed to do this, or not from here; an exhausted limit may show as this too.
        case forbidden
        /// 404, 410.
        case notFound
        /// 409: somebody else is changing the same thing.
        case conflict
        /// 400, 413, 422: the request is not acceptable as it is.
        case invalid
        /// 402: no credit left, or the key's limit is used up.
        case exhausted
        /// 429.
        case rateLimited
        /// 408 and 500 to 599: the service cannot answer now.
        case unavailable
        /// No answer at all.
        case unreachable
        /// An answer that is not as documented.
        case unexpected
    }

    package let code: Code
    /// Lower case, no full stop.
    package let message: String
    /// What to do next, in the same form.
    package let hint: String?
    /// The answer's status; `nil` if there was none.
    package let status: Int?
    /// `false` only when it is certain that the request has changed nothing: it was never sent, or sent once and
    /// refused.
    package let mayHaveArrived: Bool

    package init(
        _ code: Code, _ message: String, hint: String? = nil, status: Int? = nil, mayHaveArrived: Bool
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.status = status
        self.mayHaveArrived = mayHaveArrived
    }
}

extension OpenRouterError {
    /// Whether it says nothing of what was asked about: there was no answer, or OpenRouter could not give one just now.
    package var isTransient: Bool { [.unreachable, .unavailable, .rateLimited].contains(code) }
}

extension OpenRouterError: CustomStringConvertible {
    /// The message alone.
    package var description: String { message }
}

extension OpenRouterError {
    /// The failure of the transport, with its own message.
    package init(_ error: TransportError) {
        self.init(.unreachable, Self.message(error), hint: Self.hint(error), mayHaveArrived: error.mayHaveArrived)
    }

    /// The refusal in a response to `request`.
    init(_ response: HTTPResponse, to request: HTTPRequest, _ audience: Audience) {
        let code = Code(status: response.status)
        // An idempotent request may have been sent more than once, and an earlier one may have had its effect.
        let isRefusal = !request.isIdempotent && ![.unavailable, .unexpected].contains(code)
        self.init(
            code, Self.message(code, response.status, audience),
            hint: Self.hint(code, audience, after: response.retryAfter),
            status: response.status,
            mayHaveArrived: !isRefusal)
    }
}

extension OpenRouterError.Code {
    fileprivate init(status: Int) {
        self =
            switch status {
            case 400, 413, 422: .invalid
            case 401: .unauthorized
            case 402: .exhausted
            case 403: .forbidden
            case 404, 410: .notFound
            case 409: .conflict
            case 429: .rateLimited
            case 408, 500...599: .unavailable
            default: .unexpected
            }
    }
}

extension OpenRouterError {
    /// Whose key a call carries, because the same status asks for different things of the reader.
    enum Audience: Sendable {
        case management
        case inference
    }

    static func message(_ code: Code, _ status: Int, _ audience: Audience) -> String {
        let key = audience == .management ? "management key" : "key"
        return switch code {
        case .unauthorized: "OpenRouter does not accept the \(key) (401)"
        case .forbidden: "OpenRouter refuses the \(key) (403)"
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

    static func hint(_ code: Code, _ audience: Audience, after pause: Duration? = nil) -> String? {
        switch (code, audience) {
        case (.unauthorized, .management):
            "it is wrong, deleted or expired; create another at openrouter.ai/settings/management-keys and export that"
        case (.unauthorized, .inference): "the key is wrong, disabled, deleted or expired"
        case (.forbidden, .management):
            "it is probably an API key: create a management key at openrouter.ai/settings/management-keys and export that; "
                + "otherwise an IP allowlist excludes this machine"
        case (.forbidden, .inference):
            "check for an IP allowlist without this machine, an exhausted limit, or a guardrail; where it binds keys to a region, "
                + "name the region's host: openrouter: {inference_url: https://eu.openrouter.ai/api/v1}"
        case (.notFound, .management): "check the address of the API, and which account the management key belongs to"
        case (.notFound, .inference): "check the address of the API, and the name of the model"
        case (.conflict, _), (.rateLimited, _), (.unavailable, _): "try again \(Self.time(pause))"
        case (.invalid, .management): "check the workspace and the settings of the key in the plan"
        case (.invalid, .inference): "check the name of the model"
        case (.exhausted, _): "add credit, or raise the key's limit"
        case (.unexpected, _): "check the address of the API, and for a proxy on the way"
        case (.unreachable, _): nil
        }
    }

    /// When to try again, as the answer wishes it. A wish for days is a mistake of somebody on the way.
    private static func time(_ pause: Duration?) -> String {
        let seconds = pause?.components.seconds ?? 0
        return (1...86_400).contains(seconds) ? "in \(Interval(seconds: Int(seconds)))" : "later"
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
            hint: "its API may have changed; check for a newer version of ork", status: status, mayHaveArrived: true)
    }
}
