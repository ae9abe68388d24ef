import FoundationEssentials
import GitHubSandbox
import HTTP
import JSON
import PublisherKit
import Secrets
import Sodium
import Synchronization

@testable import ork_publisher_github_secret

/// A GitHub, a clock that only waiting and asking moves, and the network between, which can be told to fail.
final class GitHubFixture: HTTPTransport, ServiceClock {
    /// What becomes of a request.
    enum Fault {
        /// It does not arrive.
        case lostRequest
        /// It has its effect, and the answer is lost.
        case lostReply
        /// It has its effect, and what comes back is no answer.
        case failed(TransportError)
        /// Something else answers.
        case answer(Int, headers: [(name: String, value: String)] = [], body: String = "")
        /// GitHub answers, and then this happens there, which may take time.
        case then(@Sendable (inout GitHubSandbox, inout Date) -> Void)
        /// The answer is what `change` makes of it.
        case changed(@Sendable (inout HTTPResponse) -> Void)
    }

    private struct State {
        var sandbox: GitHubSandbox
        var now: Date
        var asked: [String] = []
        var faults: [(method: HTTPRequest.Method, part: String, fault: Fault)] = []
        var slept: TimeInterval = 0
        var frontAhead: TimeInterval = 0
    }

    static let beginning = Date(timeIntervalSince1970: 1_795_500_000)

    private let state: Mutex<State>
    /// Of the repositories.
    let ids: [String: Int]
    /// Called outside of all locks for each request, before it is answered.
    let gate: @Sendable (HTTPRequest) -> Void

    /// The organization `acme` with `web`, which has the environment `production eu/1`, and `api` and `lib`.
    init(gate: @escaping @Sendable (HTTPRequest) -> Void = { _ in }) {
        var sandbox = GitHubSandbox()
        let environments = ["acme/web": ["production eu/1"]]
        var ids: [String: Int] = [:]
        for name in ["acme/web", "acme/api", "acme/lib"] {
            ids[name] = sandbox.addRepository(name, environments: environments[name] ?? [], at: Self.beginning)
        }
        self.ids = ids
        state = Mutex(State(sandbox: sandbox, now: Self.beginning))
        self.gate = gate
    }

    /// Looks at the sandbox, or changes it by another hand.
    func github<Value: Sendable>(_ body: @Sendable (inout GitHubSandbox, Date) throws -> Value) rethrows -> Value {
        try state.withLock { try body(&$0.sandbox, $0.now) }
    }

    var now: Date { state.withLock { $0.now } }

    /// How long anybody waited.
    var slept: TimeInterval { state.withLock { $0.slept } }

    /// What was asked since the last time, as `GET /repos/acme/web`.
    func takeAsked() -> [String] {
        state.withLock { state in
            defer { state.asked = [] }
            return state.asked
        }
    }

    /// Lets the next request of this method, with `part` in its address, meet a fault; several wait in line.
    func fail(_ method: HTTPRequest.Method, _ part: String, times: Int = 1, _ fault: Fault) {
        state.withLock { $0.faults += Array(repeating: (method, part, fault), count: times) }
    }

    /// Asks GitHub as another hand.
    func change(_ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil) throws {
        let url = try HTTPURL("\(Self.root)/\(path)")
        let status = github { sandbox, now in
            let request = HTTPRequest(
                method, url, headers: [("user-agent", "another")], bearer: sandbox.token, body: body?.bytes())
            return sandbox.answer(request, at: now).status
        }
        guard status == 204 else { throw TransportError(.invalid, "\(status)", mayHaveArrived: true) }
    }

    /// The same, in the middle of a fault.
    static func write(_ secret: Secret, to path: String, in sandbox: inout GitHubSandbox, at now: Date) throws {
        func ask(_ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil) throws -> HTTPResponse {
            let request = HTTPRequest(
                method, try HTTPURL("\(root)/\(path)"), headers: [("user-agent", "another")], bearer: sandbox.token,
                body: body?.bytes())
            return sandbox.answer(request, at: now)
        }
        let key = try JSONValue(parsing: ask(.get, path.replacing(#/[^/]+$/#, with: "public-key")).body)
        let bytes = Array(Data(base64Encoded: key["key"]?.string ?? "") ?? Data())
        let box = Data(try BoxKeyPair.seal(secret, to: bytes)).base64EncodedString()
        let answer = try ask(.put, path, ["encrypted_value": .string(box), "key_id": key["key_id"] ?? nil])
        guard answer.status == 204 else { throw TransportError(.invalid, "\(answer.status)", mayHaveArrived: true) }
    }

    /// Sets how much the clock of what answers is ahead of the one of what keeps the secrets.
    func setFront(ahead seconds: TimeInterval) { state.withLock { $0.frontAhead = seconds } }

    func pass(_ seconds: TimeInterval) { state.withLock { $0.now += seconds } }

    func sleep(until moment: Date) {
        state.withLock { state in
            state.slept += max(0, moment.timeIntervalSince(state.now))
            state.now = max(state.now, moment)
        }
    }

    func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {
        for (index, request) in requests.enumerated() {
            gate(request)
            let ahead = state.withLock { $0.frontAhead }
            each(
                index,
                answer(request).map { response in
                    var response = response
                    response.date?.addTimeInterval(ahead)
                    return response
                })
        }
    }

    private func answer(_ request: HTTPRequest) -> Result<HTTPResponse, TransportError> {
        var request = request
        request.headers.append(("user-agent", "ork"))
        return state.withLock { state in
            state.now += 0.05
            state.asked.append("\(request.method.rawValue) \(request.url.description.dropFirst(Self.root.count))")
            let index = state.faults.firstIndex {
                $0.method == request.method && request.url.description.contains($0.part)
            }
            switch index.map({ state.faults.remove(at: $0).fault }) {
            case nil: return .success(state.sandbox.answer(request, at: state.now))
            case .lostRequest:
                return .failure(TransportError(.unreachable, "no connection", mayHaveArrived: false))
            case .lostReply:
                _ = state.sandbox.answer(request, at: state.now)
                return .failure(TransportError(.interrupted, "the connection ended", mayHaveArrived: true))
            case .failed(let error):
                _ = state.sandbox.answer(request, at: state.now)
                return .failure(error)
            case .answer(let status, let headers, let body):
                let type = headers.contains { $0.name == "content-type" } ? [] : [("content-type", "application/json")]
                return .success(
                    HTTPResponse(status: status, headers: type + headers, body: Array(body.utf8), date: state.now))
            case .then(let effect):
                let response = state.sandbox.answer(request, at: state.now)
                effect(&state.sandbox, &state.now)
                return .success(response)
            case .changed(let change):
                var response = state.sandbox.answer(request, at: state.now)
                change(&response)
                return .success(response)
            }
        }
    }

    static let root = "http://github.localhost/github"

    /// A publisher with a token; without one it is the sandbox's own, which may do everything.
    func publisher(_ token: Secret? = nil) -> GitHubSecretPublisher {
        let token = token ?? github { sandbox, _ in sandbox.token }
        return GitHubSecretPublisher(
            ServiceClients(
                GitHub(), environment: ["GITHUB_TOKEN": token.revealed() ?? "", "GITHUB_API_URL": Self.root],
                transport: self, clock: self))
    }

    /// A request of the rotation, by default one that began now.
    func request(
        _ with: JSONObject, _ secret: Secret = Keys.successor, expect: [Secret]? = nil, rotation: String? = nil,
        receipt: JSONObject? = nil, within seconds: TimeInterval = 120
    ) -> PublisherRequest {
        PublisherRequest(
            id: "1", operation: "op", rotation: rotation ?? Keys.rotation(at: now),
            deadline: now.addingTimeInterval(seconds), target: "web", with: with,
            expect: expect?.map { Digest(of: $0) }, digest: Digest(of: secret), secret: secret, receipt: receipt)
    }
}

/// Made-up keys and rotations.
enum Keys {
    static let predecessor = Secret("sk-or-v1-" + String(repeating: "1", count: 64))
    static let successor = Secret("sk-or-v1-" + String(repeating: "2", count: 64))
    static let foreign = Secret("sk-or-v1-" + String(repeating: "3", count: 64))

    /// The id of a rotation that began then.
    static func rotation(at moment: Date) -> String {
        let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        var milliseconds = Int(moment.timeIntervalSince1970 * 1000)
        var digits: [Character] = []
        for _ in 0..<10 {
            digits.append(alphabet[milliseconds & 31])
            milliseconds >>= 5
        }
        return String(digits.reversed()) + String(repeating: "0", count: 16)
    }
}
