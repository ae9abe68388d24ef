/// Who is told that a server keeps a batch of requests waiting, and asked whether to go on.
public struct TransferObserver: Sendable {
    /// Gets what is waited for and until when: lower case, no full stop.
    public let tell: @Sendable (String) -> Void
    /// Whether nothing more is to be sent; what is under way is waited for.
    public let isStopping: @Sendable () -> Bool

    /// Tells nobody and never stops, unless told otherwise.
    public init(
        tell: @escaping @Sendable (String) -> Void = { _ in }, isStopping: @escaping @Sendable () -> Bool = { false }
    ) {
        self.tell = tell
        self.isStopping = isStopping
    }
}
