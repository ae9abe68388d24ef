package import HTTP
package import Timestamps

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
    /// How long the service asks to be left alone (`Retry-After`).
    package let retryAfter: Interval?

    package init(
        _ code: Code, _ message: String, hint: String? = nil, status: Int? = nil, mayHaveArrived: Bool,
        retryAfter: Interval? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.status = status
        self.mayHaveArrived = mayHaveArrived
        self.retryAfter = retryAfter
    }
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
            code, Self.message(code, response.status), hint: Self.hint(code, audience), status: response.status,
            mayHaveArrived: !isRefusal, retryAfter: response.retryAfter)
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

extension HTTPResponse {
    /// `Retry-After` in seconds (RFC 9110 §10.2.3); `nil` for its other form, a date.
    fileprivate var retryAfter: Interval? {
        self[header: "retry-after"].flatMap { Int($0) }.map { Interval(seconds: $0) }
    }
}
