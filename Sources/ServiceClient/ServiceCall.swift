package import HTTP
package import JSON
package import Secrets

/// One call of a service's API.
package struct ServiceCall: Sendable {
    package var method: HTTPRequest.Method
    /// The segments of the path below the service's address, not yet encoded.
    package var path: [String]
    package var query: [(String, String)]
    package var body: JSONValue?
    /// Fields besides those that every request to the service has.
    package var headers: [(name: String, value: String)] = []
    /// What of the body no message may repeat.
    package var secret: Secret?
    /// The statuses that the caller understands; every other one is a refusal.
    package var statuses: Set<Int>
    /// What the call does, as `read the public key of acme/web`: for messages.
    package var purpose: String
    /// The setting to look at if there is nothing at this path, as `with.repository`.
    package var field: String?
    /// What the token must be allowed for it, in the service's own words: for the hint of a refusal.
    package var permission: String?
    /// Whether doing it twice is doing it once. Others are sent once, and a lost answer is for the caller to settle.
    package var isIdempotent: Bool

    /// Idempotent unless it is a POST.
    package init(
        _ method: HTTPRequest.Method, _ path: [String], query: [(String, String)] = [], body: JSONValue? = nil,
        statuses: Set<Int> = [200], to purpose: String, field: String? = nil, permission: String? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.statuses = statuses
        self.purpose = purpose
        self.field = field
        self.permission = permission
        isIdempotent = method != .post
    }

    /// Whether it can change anything.
    package var isWrite: Bool { method != .get }
}
