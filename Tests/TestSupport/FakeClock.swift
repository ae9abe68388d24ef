package import FoundationEssentials
import PublisherKit
import Synchronization
import Timestamps

/// The time, which only waiting moves: a busy machine changes nothing.
package final class FakeClock: WallClock {
    private let beginning: Date
    private let offset = Mutex<TimeInterval>(0)

    package init(_ beginning: Date = Date()) { self.beginning = beginning }

    package var now: Date { beginning.addingTimeInterval(slept) }

    /// How long anybody waited, or was moved on.
    package var slept: TimeInterval { offset.withLock(\.self) }

    package func sleep(until moment: Date) { offset.withLock { $0 = max($0, moment.timeIntervalSince(beginning)) } }

    package func pass(_ seconds: TimeInterval) { offset.withLock { $0 += seconds } }
}
