/// Who is told that a server keeps a batch of requests waiting, and asked whether to go on.
public struct TransferObserver: Sendable {
    /// Gets what is waited for and until when: lower case, no full stop.
    public let tell: @Sendable (String) -> Void
    /// Whether nothing more is to be sent; what is under way is waited for, unless it is `brief`.
    public let isStopping: @Sendable () -> Bool
    /// Gets each try to send a request when it has ended.
    public let trace: @Sendable (TransferTrace) -> Void

    /// Tells nobody and never stops, unless told otherwise.
    public init(
        tell: @escaping @Sendable (String) -> Void = { _ in }, isStopping: @escaping @Sendable () -> Bool = { false },
        trace: @escaping @Sendable (TransferTrace) -> Void = { _ in }
    ) {
        self.tell = tell
        self.isStopping = isStopping
        self.trace = trace
    }
}

/// One try to send a request, without anything that was in it: no query, no field, no body.
public struct TransferTrace: Sendable {
    /// How it asked.
    public let method: HTTPRequest.Method
    /// Host and path, or what stands in their place where the address is a credential.
    public let address: String
    /// The answer's status, or why there is none.
    public let result: Result<Int, TransportError>
    /// From its start to its end.
    public let time: Duration
    /// Counted from 1.
    public let attempt: Int

    /// A try of this request.
    public init(
        of request: HTTPRequest, _ result: Result<HTTPResponse, TransportError>, time: Duration, attempt: Int
    ) {
        method = request.method
        address = request.alias ?? request.url.withoutQuery
        self.result = result.map(\.status)
        self.time = time
        self.attempt = attempt
    }
}
