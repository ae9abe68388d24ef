import HTTP
import JSON
import Secrets
import Synchronization
import Testing

/// What a server is expected to be asked, and what it answers.
struct Stub: Sendable {
    let method: HTTPRequest.Method
    /// Path and query below the base address.
    let path: String
    var body: JSONValue?
    var bearer = Secret(Sample.managementKey)
    let result: Result<HTTPResponse, TransportError>

    init(
        _ method: HTTPRequest.Method, _ path: String, body: JSONValue? = nil, bearer: String = Sample.managementKey,
        status: Int = 200, headers: [(name: String, value: String)] = [], _ answer: JSONValue
    ) {
        self.method = method
        self.path = path
        self.body = body
        self.bearer = Secret(bearer)
        result = .success(HTTPResponse(status: status, headers: headers, body: answer.bytes(), date: Sample.now))
    }

    init(_ method: HTTPRequest.Method, _ path: String, body: JSONValue? = nil, _ error: TransportError) {
        self.method = method
        self.path = path
        self.body = body
        result = .failure(error)
    }
}

/// Answers the requests that it expects, in their order, and reports every other one. The answers of a batch come in
/// reverse, as a network may bring them.
final class FakeTransport: HTTPTransport {
    private struct State {
        var stubs: [Stub]
        var batches: [[HTTPRequest]] = []
    }

    private let state: Mutex<State>

    init(_ stubs: [Stub]) {
        state = Mutex(State(stubs: stubs))
    }

    /// The requests so far, by batch.
    var batches: [[HTTPRequest]] { state.withLock { $0.batches } }

    func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {
        let stubs = state.withLock { state in
            state.batches.append(requests)
            defer { state.stubs.removeFirst(min(requests.count, state.stubs.count)) }
            return Array(state.stubs.prefix(requests.count))
        }
        for (index, request) in requests.enumerated().reversed() {
            guard index < stubs.count else {
                Issue.record("nobody expected \(request.method.rawValue) \(request.url)")
                continue
            }
            expect(request, stubs[index])
            each(index, stubs[index].result)
        }
    }

    /// Reports stubs that nobody asked for.
    func expectAllUsed(sourceLocation: SourceLocation = #_sourceLocation) {
        let rest = state.withLock { $0.stubs.map { "\($0.method.rawValue) \($0.path)" } }
        #expect(rest.isEmpty, sourceLocation: sourceLocation)
    }

    private func expect(_ request: HTTPRequest, _ stub: Stub) {
        #expect(request.method == stub.method)
        #expect(request.url.description == Sample.base + stub.path)
        #expect(request.bearer == stub.bearer)
        #expect(request.body.flatMap { try? JSONValue(parsing: $0) } == stub.body)
        #expect(request.headers.contains { $0 == ("accept", "application/json") })
        #expect(request.headers.contains { $0 == ("content-type", "application/json") } == (stub.body != nil))
    }
}
