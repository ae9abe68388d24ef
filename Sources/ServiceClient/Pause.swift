import FoundationEssentials
import Synchronization

/// Until when a service wants to be left alone. Who goes on asking meanwhile is shut out for longer (GitHub's
/// documentation on rate limits), so all threads keep to it.
final class Pause: Sendable {
    private let moment = Mutex<Date?>(nil)

    var end: Date? { moment.withLock { $0 } }

    /// Whether the pause became longer by more than it takes many threads to hear of the same one.
    func extend(to end: Date) -> Bool {
        moment.withLock { moment in
            let before = moment ?? .distantPast
            moment = max(before, end)
            return end > before.addingTimeInterval(5)
        }
    }
}
