import ChildProcesses
package import FoundationEssentials
import Timestamps

/// This machine's clock for a step, which does not sleep on when somebody asks the process to stop.
package struct StepClock: WallClock {
    package init() {}

    package var now: Date { SystemClock().now }

    /// A clock that is set meanwhile is noticed within a second.
    package func sleep(until date: Date) {
        while StopSignal.received == nil, case let rest = date.timeIntervalSinceNow, rest > 0 {
            StopSignal.sleep(.seconds(min(rest, 1)))
        }
    }
}
