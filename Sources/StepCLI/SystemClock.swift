package import FoundationEssentials
import Glibc
import Steps

/// This machine's clock.
package struct SystemClock: WallClock {
    package init() {}

    package var now: Date { Date.now }

    package func sleep(until date: Date) {
        // A clock that is set while we sleep is noticed within a second.
        while true {
            let rest = date.timeIntervalSinceNow
            guard rest > 0 else { return }
            usleep(UInt32(min(rest, 1) * 1_000_000) + 1)
        }
    }
}
