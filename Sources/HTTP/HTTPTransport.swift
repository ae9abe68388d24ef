/// What carries requests to a server and brings the answers back.
package protocol HTTPTransport: Sendable {
    /// Sends all requests at once and hands over each answer as it arrives, with the index of its request.
    /// Returns when every request has its answer; `each` runs on the caller's thread.
    func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void)
}

extension HTTPTransport {
    /// Sends one request and waits for its answer.
    package func send(_ request: HTTPRequest) throws(TransportError) -> HTTPResponse {
        var answer: Result<HTTPResponse, TransportError>?
        send([request]) { _, result in answer = result }
        guard let answer else { throw TransportError(.interrupted, "no answer", mayHaveArrived: true) }
        return try answer.get()
    }
}
