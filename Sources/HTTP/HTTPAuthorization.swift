package import Secrets

/// How a request says whose it is.
package enum HTTPAuthorization: Sendable, Equatable {
    /// `Authorization: Bearer …` (RFC 6750 §2.1).
    case bearer(Secret)
}
