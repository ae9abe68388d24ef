import FoundationEssentials
import Git
import Glibc

/// How long it is worth to go on: others may be faster for as long as there is time, but a server that stays silent, or
/// that does not move the branch although nobody else has moved it, is given up.
struct Patience {
    private let end: Date
    private var tries = 0
    private var failures = 0
    private var lastTip: ObjectID??

    private static let mostFailures = 5

    init(until end: Date) { self.end = end }

    /// Notes that a push came too late for a branch that was at `tip` before.
    mutating func note(movedFrom tip: ObjectID?) {
        failures = lastTip == .some(tip) ? failures + 1 : 0
        lastTip = .some(tip)
    }

    /// Notes that there was no answer.
    mutating func noteSilence() { failures += 1 }

    /// Waits a while, longer each time and never the same for two; `false` if it is time to give up.
    mutating func wait() -> Bool {
        tries += 1
        let longest = min(0.1 * Double(1 << min(tries, 6)), 3)
        let pause = Double.random(in: 0.05...longest)
        guard failures < Self.mostFailures, Date() + pause < end else { return false }
        usleep(UInt32(pause * 1_000_000))
        return true
    }
}
