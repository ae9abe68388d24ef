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

/// Where a publisher's lines for people go: the host passes them on.
package enum StandardError {
    /// Writes one line. A closed stream is no reason to stop.
    package static func tell(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
