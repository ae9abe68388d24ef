import FoundationEssentials
import GitLabSandbox
import HTTP
import JSON
import PublisherKit
import Secrets
import Sodium
import Synchronization
import Testing

@testable import ork_publisher_gitlab_variable

/// A GitLab, a clock that only waiting and asking moves, and the network between, which can be told to fail.
///
/// Every request that it passes on and every answer of a publisher is searched for the keys.
final class GitLabFixture: HTTPTransport, ServiceClock {
    /// What becomes of a request.
    enum Fault: Sendable {
        /// It does not arrive.
        case lostRequest
        /// It has its effect, and the answer is lost.
        case lostReply
        /// Something else answers, and GitLab sees nothing of it.
        case answer(
            Int, String = "", type: String = "application/json", headers: [String: String] = [:], date: Date? = nil)
        /// Somebody else is faster, and then it arrives.
        case before(@Sendable (inout GitLabSandbox) -> Void)
        /// It arrives, and this happens then.
        case after(@Sendable (inout GitLabSandbox) -> Void)
        /// It has its effect, and the answer becomes this one.
        case garbled(Int, String, type: String = "application/json")
        /// It has its effect, and the answer is beyond the limit.
        case huge
        /// A change to the request on its way.
        case changed(@Sendable (inout HTTPRequest) -> Void)
    }

    private struct State {
        var sandbox: GitLabSandbox
        var now: Date
        var asked: [HTTPRequest] = []
        var faults: [(method: HTTPRequest.Method, fault: Fault)] = []
        var slept: TimeInterval = 0
    }

    static let beginning = Date(timeIntervalSince1970: 1_795_500_000)
    static let root = "https://gitlab.example/gitlab/api/v4"

    private let state: Mutex<State>
    /// Of `acme/web` and of the group `acme/tools`.
    let ids: (project: Int, group: Int)

    /// The groups `acme` and `acme/tools`, the projects `acme/web` and `acme/tools/bot`.
    init() {
        var sandbox = GitLabSandbox()
        sandbox.addProject("acme/tools/bot")
        ids = (sandbox.addProject("acme/web"), sandbox.addGroup("acme/tools"))
        state = Mutex(State(sandbox: sandbox, now: Self.beginning))
    }

    /// Looks at the sandbox, or changes it by another hand.
    @discardableResult
    func gitlab<Value: Sendable>(_ body: @Sendable (inout GitLabSandbox) throws -> Value) rethrows -> Value {
        try state.withLock { try body(&$0.sandbox) }
    }

    private func take() -> [HTTPRequest] {
        state.withLock { state in
            defer { state.asked = [] }
            return state.asked
        }
    }

    /// What was asked since the last time, as `GET /projects/acme%2Fweb/variables/KEY`.
    func takeAsked() -> [String] {
        take().map { "\($0.method.rawValue) \($0.url.description.dropFirst(Self.root.count))" }
    }

    /// The addresses that were asked since the last time.
    func takeURLs() -> [String] { take().map(\.url.description) }

    /// The bodies that were sent since the last time.
    func takeBodies() -> [[UInt8]] { take().compactMap(\.body) }

    /// How long anybody waited.
    var slept: TimeInterval { state.withLock(\.slept) }

    /// Lets the next requests of this method meet a fault; several wait in line.
    func fail(_ method: HTTPRequest.Method, times: Int = 1, _ fault: Fault) {
        state.withLock { $0.faults += Array(repeating: (method, fault), count: times) }
    }

    var now: Date { state.withLock(\.now) }

    func sleep(until moment: Date) {
        state.withLock { state in
            state.slept += max(0, moment.timeIntervalSince(state.now))
            state.now = max(state.now, moment)
        }
    }

    func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {
        for (index, request) in requests.enumerated() {
            #expect(!Keys.search.contains(request.url.description.utf8), "a key in an address")
            #expect(!request.headers.contains { Keys.search.contains($0.value.utf8) }, "a key in a field")
            if request.method == .get || request.method == .delete { #expect(request.body == nil) }
            var request = request
            // As CurlTransport does.
            if request.body != nil { request.headers.append(("Content-Type", "application/json")) }
            each(index, state.withLock { Self.answer(request, &$0) })
        }
    }

    private static func answer(
        _ request: HTTPRequest, _ state: inout State
    ) -> Result<HTTPResponse, TransportError> {
        state.now += 0.05
        state.asked.append(request)
        guard let index = state.faults.firstIndex(where: { $0.method == request.method }) else {
            return .success(state.sandbox.answer(request, at: state.now))
        }
        switch state.faults.remove(at: index).fault {
        case .lostRequest: return .failure(TransportError(.unreachable, "no connection", mayHaveArrived: false))
        case .lostReply:
            _ = state.sandbox.answer(request, at: state.now)
            return .failure(TransportError(.interrupted, "the connection ended", mayHaveArrived: true))
        case .answer(let status, let body, let type, let headers, let date):
            return .success(response(status, body, type, headers, date))
        case .before(let effect):
            effect(&state.sandbox)
            return .success(state.sandbox.answer(request, at: state.now))
        case .after(let effect):
            let response = state.sandbox.answer(request, at: state.now)
            effect(&state.sandbox)
            return .success(response)
        case .garbled(let status, let body, let type):
            _ = state.sandbox.answer(request, at: state.now)
            return .success(response(status, body, type))
        case .huge:
            _ = state.sandbox.answer(request, at: state.now)
            return .failure(TransportError(.tooLarge, "the answer is too large", mayHaveArrived: true))
        case .changed(let change):
            var request = request
            change(&request)
            return .success(state.sandbox.answer(request, at: state.now))
        }
    }

    private static func response(
        _ status: Int, _ body: String, _ type: String, _ headers: [String: String] = [:],
        _ date: Date? = nil
    ) -> HTTPResponse {
        let fields = headers.merging(["content-type": type]) { own, _ in own }
        return HTTPResponse(
            status: status, headers: fields.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) },
            body: Array(body.utf8), date: date)
    }
}

extension GitLabFixture {
    /// A publisher with a token; without one it is the sandbox's own, which may do everything.
    func publisher(_ token: Secret? = nil) -> GitLabVariablePublisher {
        let token = token ?? gitlab { $0.token }
        return GitLabVariablePublisher(
            ServiceClients(
                GitLab(), environment: ["GITLAB_TOKEN": token.revealed() ?? "", "CI_API_V4_URL": Self.root],
                transport: self, clock: self))
    }

    /// What a publisher answers, also by throwing.
    func ask(
        _ verb: Verb, _ with: JSONObject, token: Secret? = nil, expect: [Secret]? = [Keys.predecessor, Keys.successor],
        secret: Secret = Keys.successor, within seconds: TimeInterval = 120
    ) -> PublisherAnswer {
        ask(verb, with, of: publisher(token), expect: expect, secret: secret, within: seconds)
    }

    func ask(
        _ verb: Verb, _ with: JSONObject, of publisher: GitLabVariablePublisher,
        expect: [Secret]? = [Keys.predecessor, Keys.successor], secret: Secret = Keys.successor,
        within seconds: TimeInterval = 120
    ) -> PublisherAnswer {
        let request = PublisherRequest(
            id: "1", operation: "op", rotation: "01JDB", deadline: now.addingTimeInterval(seconds), target: "ci",
            with: with, expect: expect?.map { Digest(of: $0) }, digest: Digest(of: secret),
            secret: verb == .publish ? secret : nil)
        let answer = publisher.answer(verb, request)
        #expect(!Keys.search.contains(String(describing: answer).utf8), "a key in an answer")
        return answer
    }
}

/// Made-up keys.
enum Keys {
    static let predecessor = Secret("sk-or-v1-" + String(repeating: "1a", count: 32))
    static let successor = Secret("sk-or-v1-" + String(repeating: "2b", count: 32))
    static let foreign = Secret("sk-or-v1-" + String(repeating: "3c", count: 32))
    static let search = Redactor([predecessor, successor, foreign])

    static func text(_ secret: Secret) -> String { secret.revealed() ?? "" }
}

extension GitLabFixture {
    /// The address of a path in the sandbox.
    static func url(_ path: String) -> HTTPURL {
        guard let url = try? HTTPURL(root + path) else { preconditionFailure("no address: \(path)") }
        return url
    }
}

extension HTTPRequest {
    /// The same without what stands behind the question mark: what a GitLab sees that knows no filter.
    var withoutQuery: HTTPRequest {
        var request = self
        if let url = try? HTTPURL(url.withoutQuery) { request.url = url }
        return request
    }
}
