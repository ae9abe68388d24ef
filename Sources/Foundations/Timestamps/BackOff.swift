/// Waits between tries, each twice as long as the one before.
public struct BackOff: Sendable {
    private let first: Duration
    private let longest: Duration

    /// From `first`, after one try, up to `longest`.
    public init(from first: Duration, upTo longest: Duration) {
        self.first = first
        self.longest = longest
    }

    /// The wait after so many tries.
    public func wait(after tries: Int) -> Duration { min(first * (1 << min(max(tries, 1) - 1, 20)), longest) }

    /// At least half of that wait, and never the same for two: who failed together does not come back together.
    public func spreadWait(after tries: Int) -> Duration { wait(after: tries) * Double.random(in: 0.5...1) }
}
