import FoundationEssentials
import Synchronization

/// Until when a service wants to be left alone. Who goes on asking meanwhile is shut out for longer (GitHub's
/// documentation on rate limits), so all threads keep to it.
final class Pause: Sendable {
    private let moment = Mutex<Date?>(nil)

    var end: Date? { moment.withLock { $0 } }

    func extend(to end: Date) {
        moment.withLock { $0 = max($0 ?? end, end) }
    }
}
