package import FoundationEssentials
package import HTTP
import PublisherKit
import Secrets
import Sodium
import Synchronization
import Testing
import Timestamps

/// A service as a value, which answers requests.
package protocol ServiceSandbox: Sendable {
    mutating func answer(_ request: HTTPRequest, at now: Date) -> HTTPResponse
}

/// A service, a clock that only waiting and asking moves, and the network between, which can be told to fail.
///
/// Every request that it passes on and every answer of a publisher is searched for the keys.
package final class ServiceFixture<Service: ServiceSandbox>: HTTPTransport, WallClock {
    /// What becomes of a request.
    package enum Fault: Sendable {
        /// It does not arrive.
        case lostRequest
        /// It has its effect, and the answer is lost.
        case lostReply
        /// It has its effect, and what comes back is no answer.
        case failed(TransportError)
        /// Something else answers, and the service sees nothing of it.
        case answer(
            Int, String = "", type: String = "application/json", headers: [String: String] = [:], date: Date? = nil)
        /// It has its effect, and the answer becomes this one.
        case garbled(Int, String, type: String = "application/json")
        /// Somebody else is faster, and then it arrives.
        case before(@Sendable (inout Service) -> Void)
        /// It arrives, and this happens then.
        case after(@Sendable (inout Service) -> Void)
        /// It arrives, and this happens then, which may take time.
        case later(@Sendable (inout Service, inout Date) -> Void)
        /// It is changed on its way.
        case changedRequest(@Sendable (inout HTTPRequest) -> Void)
        /// Its answer is changed on its way.
        case changedAnswer(@Sendable (inout HTTPResponse) -> Void)

        /// It has its effect, and the answer is beyond the limit.
        package static var huge: Self {
            .failed(TransportError(.tooLarge, "the answer is too large", mayHaveArrived: true))
        }
    }

    private struct State {
        var service: Service
        var now: Date
        var asked: [HTTPRequest] = []
        var exchanges: [(request: HTTPRequest, response: HTTPResponse)] = []
        var faults: [(method: HTTPRequest.Method, part: String, fault: Fault)] = []
        var slept: TimeInterval = 0
        /// How far the clock of what answers is ahead of the one of what keeps the secrets.
        var frontAhead: TimeInterval = 0
    }

    /// When every fixture begins.
    package static var beginning: Date { Date(timeIntervalSince1970: 1_795_500_000) }

    private let state: Mutex<State>
    /// Called outside of all locks for each request, before it is answered.
    private let gate: @Sendable (HTTPRequest) -> Void

    /// The numbers that the service gave to what the fixture began with, by name.
    package let ids: [String: Int]

    package init(
        _ service: Service, ids: [String: Int] = [:], gate: @escaping @Sendable (HTTPRequest) -> Void = { _ in }
    ) {
        self.ids = ids
        state = Mutex(State(service: service, now: Self.beginning))
        self.gate = gate
    }

    /// Looks at the service, or changes it by another hand.
    package func withService<Value: Sendable>(
        _ body: @Sendable (inout Service, Date) throws -> Value
    ) rethrows -> Value {
        try state.withLock { try body(&$0.service, $0.now) }
    }

    /// What was asked since the last time.
    package func takeRequests() -> [HTTPRequest] {
        state.withLock { state in
            defer { state.asked = [] }
            return state.asked
        }
    }

    /// Every request that arrived until now, and its answer.
    package var exchanges: [(request: HTTPRequest, response: HTTPResponse)] { state.withLock(\.exchanges) }

    /// Lets the next requests of this method, with this in their address, meet a fault; several wait in line.
    package func fail(_ method: HTTPRequest.Method, at part: String = "", times: Int = 1, _ fault: Fault) {
        state.withLock { $0.faults += Array(repeating: (method, part, fault), count: times) }
    }

    /// Sets how much the clock of what answers is ahead of the one of what keeps the secrets.
    package func setFront(ahead seconds: TimeInterval) { state.withLock { $0.frontAhead = seconds } }

    /// How long anybody waited.
    package var slept: TimeInterval { state.withLock(\.slept) }

    package func pass(_ seconds: TimeInterval) { state.withLock { $0.now += seconds } }

    package var now: Date { state.withLock(\.now) }

    package func sleep(until moment: Date) {
        state.withLock { state in
            state.slept += max(0, moment.timeIntervalSince(state.now))
            state.now = max(state.now, moment)
        }
    }

    package func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {
        for (index, request) in requests.enumerated() {
            gate(request)
            #expect(!SampleKeys.search.contains(request.url.description.utf8), "a key in an address")
            #expect(!request.headers.contains { SampleKeys.search.contains($0.value.utf8) }, "a key in a field")
            if request.method == .get || request.method == .delete { #expect(request.body == nil) }
            each(index, state.withLock { Self.answer(Self.dressed(request), &$0) })
        }
    }

    /// The request with the fields that `CurlTransport` adds.
    private static func dressed(_ request: HTTPRequest) -> HTTPRequest {
        var request = request
        request.headers.append(("user-agent", "ork"))
        if request.body != nil, !request.headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            request.headers.append(("content-type", "application/json"))
        }
        return request
    }

    private static func answer(
        _ request: HTTPRequest, _ state: inout State
    ) -> Result<HTTPResponse, TransportError> {
        state.now += 0.05
        state.asked.append(request)
        let index = state.faults.firstIndex {
            $0.method == request.method && ($0.part.isEmpty || request.url.description.contains($0.part))
        }
        guard let fault = index.map({ state.faults.remove(at: $0).fault }) else {
            return .success(arrive(request, &state))
        }
        switch fault {
        case .lostRequest: return .failure(TransportError(.unreachable, "no connection", mayHaveArrived: false))
        case .answer(let status, let body, let type, let headers, let date):
            return .success(response(status, body, type, headers, date ?? front(state)))
        case .before(let effect):
            effect(&state.service)
            return .success(arrive(request, &state))
        case .changedRequest(let change):
            var request = request
            change(&request)
            return .success(arrive(request, &state))
        case .lostReply, .failed, .garbled, .after, .later, .changedAnswer:
            return outcome(of: fault, after: arrive(request, &state), &state)
        }
    }

    /// What becomes of an answer that is under way.
    private static func outcome(
        of fault: Fault, after response: HTTPResponse, _ state: inout State
    ) -> Result<HTTPResponse, TransportError> {
        var response = response
        switch fault {
        case .lostReply:
            return .failure(TransportError(.interrupted, "the connection ended", mayHaveArrived: true))
        case .failed(let error): return .failure(error)
        case .garbled(let status, let body, let type): response = Self.response(status, body, type, [:], nil)
        case .after(let effect): effect(&state.service)
        case .later(let effect): effect(&state.service, &state.now)
        case .changedAnswer(let change): change(&response)
        case .lostRequest, .answer, .before, .changedRequest: break
        }
        return .success(response)
    }

    private static func arrive(_ request: HTTPRequest, _ state: inout State) -> HTTPResponse {
        var response = state.service.answer(request, at: state.now)
        response.date?.addTimeInterval(state.frontAhead)
        state.exchanges.append((request, response))
        return response
    }

    private static func front(_ state: State) -> Date { state.now.addingTimeInterval(state.frontAhead) }

    private static func response(
        _ status: Int, _ body: String, _ type: String, _ headers: [String: String], _ date: Date?
    ) -> HTTPResponse {
        let fields = headers.merging(["content-type": type]) { own, _ in own }
        return HTTPResponse(
            status: status, headers: fields.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) },
            body: Array(body.utf8), date: date)
    }
}
