/// What carries requests to a server and brings the answers back.
public protocol HTTPTransport: Sendable {
    /// Sends all requests at once and hands over each answer as it arrives, with the index of its request.
    /// Returns when every request has its answer; `each` runs on the caller's thread.
    func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void)

    /// The same for what nobody waits for long: seconds, few tries, small answers.
    var brief: any HTTPTransport { get }
}

extension HTTPTransport {
    /// One that has no limits of its own is the same.
    public var brief: any HTTPTransport { self }

    /// Sends one request and waits for its answer.
    public func send(_ request: HTTPRequest) throws(TransportError) -> HTTPResponse {
        var answer: Result<HTTPResponse, TransportError>?
        send([request]) { _, result in answer = result }
        guard let answer else { throw TransportError(.interrupted, "no answer", mayHaveArrived: true) }
        return try answer.get()
    }
}

/// Why there is no response. The message never quotes what was sent or received.
public struct TransportError: Error, Sendable, Hashable {
    /// The class of failure.
    public enum Code: String, Sendable {
        /// No connection: no such host, refused, no route, no TLS both sides speak.
        case unreachable
        /// The server's certificate was not accepted.
        case untrusted
        /// The time allowed for the request is over.
        case timeout
        /// The connection ended before the response did, or what came was no HTTP.
        case interrupted
        /// The response is larger than the limit.
        case tooLarge
        /// The request cannot be sent as it is.
        case invalid
    }

    /// The class of failure.
    public let code: Code
    /// Lower case, no full stop.
    public let message: String
    /// `false` only when it is certain that the server has not seen the request.
    public let mayHaveArrived: Bool

    /// An error of class `code`.
    public init(_ code: Code, _ message: String, mayHaveArrived: Bool) {
        self.code = code
        self.message = message
        self.mayHaveArrived = mayHaveArrived
    }
}
