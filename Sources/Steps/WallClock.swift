package import FoundationEssentials

/// The time as this machine has it, and waiting.
package protocol WallClock: Sendable {
    var now: Date { get }
    /// Returns at `date` or at once if it is over.
    func sleep(until date: Date)
}
