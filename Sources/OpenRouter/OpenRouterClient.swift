package import HTTP

/// Carries calls to OpenRouter and brings their answers back. It knows no key: each call has its own.
package struct OpenRouterClient: Sendable {
    private let transport: any HTTPTransport

    package init(transport: any HTTPTransport) {
        self.transport = transport
    }

    /// Sends one call and waits for its answer.
    package func send<Answer>(_ call: APICall<Answer>) throws(OpenRouterError) -> Dated<Answer> {
        try call.answer(exchange([call.request])[0]).get()
    }

    /// One batch: all at once, one round trip. A call that fails does not stop the others.
    package func send<each Answer>(
        _ calls: repeat APICall<each Answer>
    ) -> (repeat Result<Dated<each Answer>, OpenRouterError>) {
        var requests: [HTTPRequest] = []
        for request in repeat (each calls).request { requests.append(request) }
        var results = exchange(requests)[...]
        return (repeat (each calls).answer(results.removeFirst()))
    }

    /// One batch of calls of one kind; the answers stand in the order of the calls.
    package func send<Answer>(all calls: [APICall<Answer>]) -> [Result<Dated<Answer>, OpenRouterError>] {
        zip(calls, exchange(calls.map(\.request))).map { $0.answer($1) }
    }

    private func exchange(_ requests: [HTTPRequest]) -> [Result<HTTPResponse, TransportError>] {
        let silence = TransportError(.interrupted, "no answer", mayHaveArrived: true)
        var results = [Result<HTTPResponse, TransportError>](repeating: .failure(silence), count: requests.count)
        guard !requests.isEmpty else { return results }
        transport.send(requests) { index, result in results[index] = result }
        return results
    }
}
