/// The limits that every request obeys, in one place.
package struct HTTPPolicy: Sendable {
    /// For name resolution, TCP and TLS of one try.
    package var connectTimeout: Duration = .seconds(10)
    /// For one try, from its start to the last byte of the response.
    package var tryTimeout: Duration = .seconds(30)
    /// For a whole batch, retries and waits included.
    package var deadline: Duration = .seconds(90)
    /// The largest response body in bytes.
    package var bodyLimit = 16 << 20
    /// How often an idempotent request is sent at most.
    package var tries = 5
    /// The longest wait before the first retry, doubled for each further one. The real wait is at least its half.
    package var backOff: Duration = .milliseconds(500)
    /// How many requests of a batch are under way at once; the others follow as answers arrive.
    package var concurrency = 64

    package init() {}

    /// For a caller that decides itself what is sent again, and reads answers of some pages at most.
    package static var singleTry: HTTPPolicy {
        var policy = HTTPPolicy()
        policy.tries = 1
        policy.bodyLimit = 4 << 20
        return policy
    }

    /// The statuses that promise something else for a later try (RFC 9110 §15.5.9, §15.6; RFC 6585 §4). OpenRouter
    /// sends 529 for an overloaded provider.
    static let retriedStatuses: Set<Int> = [408, 429, 502, 503, 504, 529]

    /// How long to wait after the given number of failed tries.
    func wait(afterTries count: Int) -> Duration {
        backOff * (Double(1 << min(count - 1, 10)) * Double.random(in: 0.5...1))
    }
}
