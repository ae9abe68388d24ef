public import FoundationEssentials
import Glibc

/// The time of day, and waiting for it. Tests hand in a clock of their own.
public protocol WallClock: Sendable {
    /// The time now.
    var now: Date { get }
    /// Returns at `date`, or at once if it has passed.
    func sleep(until date: Date)
}

/// This machine's clock.
public struct SystemClock: WallClock {
    /// Every instance tells the same time.
    public init() {}

    /// The time now, by this machine.
    public var now: Date { Date.now }

    /// Returns at `date`. A clock that is set meanwhile is noticed within a second.
    public func sleep(until date: Date) {
        while case let rest = date.timeIntervalSinceNow, rest > 0 {
            usleep(UInt32(min(rest, 1) * 1_000_000) + 1)
        }
    }
}

extension Duration {
    /// In seconds, as `Date` counts them.
    public var seconds: TimeInterval { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
