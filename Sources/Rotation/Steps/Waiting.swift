import FoundationEssentials
package import Timestamps

/// `--wait`: tries a step again until it goes through or the time is over.
package struct Waiting {
    private let interval: Interval
    private let clock: any WallClock
    private let isStopping: () -> Bool
    private let tell: (Announcement) -> Void

    /// The shortest and the longest pause between two tries, in seconds.
    private static let pauses: ClosedRange<TimeInterval> = 1...60

    /// Where `isStopping`, the last error is thrown instead of another try.
    package init(
        upTo interval: Interval, clock: any WallClock, isStopping: @escaping () -> Bool = { false },
        tell: @escaping (Announcement) -> Void
    ) {
        self.interval = interval
        self.clock = clock
        self.isStopping = isStopping
        self.tell = tell
    }

    /// Runs `step`; an error that time may resolve is thrown only when the time is over.
    package func run<Result>(_ step: () throws(StepError) -> Result) throws(StepError) -> Result {
        let deadline = clock.now.addingTimeInterval(TimeInterval(interval.seconds))
        var pause = Self.pauses.lowerBound
        while true {
            do { return try step() } catch {
                let now = clock.now
                guard error.isRetryable, now < deadline, !isStopping() else { throw error }
                // A moment that is known is waited for; where none is, the pauses grow.
                // It is by another clock, which may be behind: then the pauses keep the tries apart, too.
                let next = max(error.retryAt ?? now, now.addingTimeInterval(pause))
                guard error.retryAt == nil || next <= deadline else { throw error }
                let moment = min(next, deadline)
                tell(
                    .doing(
                        "waiting: \(error.message); the next try is at \(moment.rfc3339), the last at \(deadline.rfc3339)"
                    ))
                tell(.waiting(for: "the next try: \(error.message)", until: moment))
                clock.sleep(until: moment)
                tell(.waited)
                guard !isStopping() else { throw error }
                pause = min(pause * 1.5, Self.pauses.upperBound)
            }
        }
    }
}
