import Synchronization

/// Says yes once.
final class Once: Sendable {
    private let isLeft = Mutex(true)

    func take() -> Bool {
        isLeft.withLock { isLeft in
            defer { isLeft = false }
            return isLeft
        }
    }
}
