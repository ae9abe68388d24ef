import Dispatch
import Synchronization

/// Lets a number of writes in at once.
final class WriteGate: Sendable {
    private let places: DispatchSemaphore
    private let limit: Mutex<Int>

    init(_ limit: Int) {
        // One that begins with places must end with all of them (libdispatch).
        places = DispatchSemaphore(value: 0)
        for _ in 0..<limit { places.signal() }
        self.limit = Mutex(limit)
    }

    /// Returns when there is room.
    func enter() { places.wait() }

    func leave() { places.signal() }

    /// Takes places away for good, as they become free.
    func lower(to smaller: Int) {
        let count = limit.withLock { limit in
            defer { limit = min(limit, smaller) }
            return limit - smaller
        }
        for _ in 0..<max(0, count) { places.wait() }
    }
}
