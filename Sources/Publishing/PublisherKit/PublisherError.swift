/// Why a publisher did not do what it was asked for.
public struct PublisherError: Error, Hashable, Sendable {
    /// The class of failure, which programs act on.
    public enum Code: String, Sendable, CaseIterable {
        /// The target's settings are wrong; asking again is useless.
        case configuration
        /// The credentials do not allow it.
        case denied
        /// What should hold the secret does not exist.
        case notFound = "not_found"
        /// The target holds a value that this rotation does not know.
        case conflict
        /// Too many requests; `retryAfter` may say when to come back.
        case rateLimited = "rate_limited"
        /// The service does not answer.
        case unavailable
        /// Something else went wrong in the publisher.
        case `internal`
    }

    /// The class of failure.
    public var code: Code
    /// What happened: lower case, no full stop, without the secret.
    public var message: String
    /// What to do next.
    public var hint: String?
    /// The setting that is to blame, as `with.path`.
    public var field: String?
    /// Seconds to wait before asking again.
    public var retryAfter: Int?

    /// An error of class `code`.
    public init(_ code: Code, _ message: String, hint: String? = nil, field: String? = nil, retryAfter: Int? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.field = field
        self.retryAfter = retryAfter
    }
}
