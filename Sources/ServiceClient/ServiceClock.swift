package import FoundationEssentials
import Glibc

/// The time, and waiting for it.
package protocol ServiceClock: Sendable {
    var now: Date { get }
    /// Returns at `moment`.
    func sleep(until moment: Date)
}

/// The clock of this machine.
package struct SystemServiceClock: ServiceClock {
    package init() {}

    package var now: Date { Date() }

    package func sleep(until moment: Date) {
        while case let seconds = moment.timeIntervalSinceNow, seconds > 0 {
            usleep(UInt32(min(seconds, 60) * 1_000_000) + 1)
        }
    }
}
