import FoundationEssentials
import HTTP
import JSON
import KubernetesSandbox
import PublisherKit
import Secrets
import Sodium
import Synchronization
import Testing

@testable import ork_publisher_kubernetes_secret

/// A cluster, a clock that only waiting and asking moves, and the network between, which can be told to fail.
///
/// Every request that it passes on and every answer of a publisher is searched for the keys.
final class KubernetesFixture: HTTPTransport, ServiceClock {
    /// What becomes of a request.
    enum Fault: Sendable {
        /// It does not arrive.
        case lostRequest
        /// It has its effect, and the answer is lost.
        case lostReply
        /// Something else answers, and the cluster sees nothing of it.
        case answer(Int, String = "", type: String = "application/json", headers: [String: String] = [:])
        /// Somebody else is faster, and then it arrives.
        case before(@Sendable (inout KubernetesSandbox) -> Void)
        /// It arrives, and this happens then.
        case after(@Sendable (inout KubernetesSandbox) -> Void)
        /// It has its effect, and the answer becomes this one.
        case garbled(Int, String, type: String = "application/json")
    }

    /// One exchange, as `validate.py` reads it.
    struct Exchange: Sendable {
        let request: HTTPRequest
        let response: HTTPResponse
    }

    private struct State {
        var sandbox: KubernetesSandbox
        var now: Date
        var asked: [HTTPRequest] = []
        var exchanges: [Exchange] = []
        var faults: [(method: HTTPRequest.Method, path: String, fault: Fault)] = []
        var slept: TimeInterval = 0
    }

    static let beginning = Date(timeIntervalSince1970: 1_795_500_000)
    static let root = "https://cluster.example/kubernetes"

    private let state: Mutex<State>

    /// A namespace `prod` with a Deployment, a StatefulSet and a DaemonSet of two pods each.
    init() {
        var sandbox = KubernetesSandbox()
        sandbox.addNamespace("prod")
        for resource in [Resource.deployments, .statefulsets, .daemonsets] {
            sandbox.addWorkload(resource, "web", in: "prod")
        }
        state = Mutex(State(sandbox: sandbox, now: Self.beginning))
    }

    /// Looks at the sandbox, or changes it by another hand.
    @discardableResult
    func cluster<Value: Sendable>(_ body: @Sendable (inout KubernetesSandbox) throws -> Value) rethrows -> Value {
        try state.withLock { try body(&$0.sandbox) }
    }

    /// What was asked since the last time, as `GET secrets/app`: the path below the namespace.
    func takeAsked() -> [String] {
        state.withLock { state in
            defer { state.asked = [] }
            return state.asked.map { request in
                let path = request.url.description.split(separator: "/namespaces/").last.map(String.init) ?? ""
                return "\(request.method.rawValue) \(path.hasPrefix("prod/") ? String(path.dropFirst(5)) : path)"
            }
        }
    }

    /// Every exchange until now.
    var exchanges: [Exchange] { state.withLock(\.exchanges) }

    /// How long anybody waited.
    var slept: TimeInterval { state.withLock(\.slept) }

    /// Lets the next requests of this method, and with this in their path, meet a fault; several wait in line.
    func fail(_ method: HTTPRequest.Method, at path: String = "", times: Int = 1, _ fault: Fault) {
        state.withLock { $0.faults += Array(repeating: (method, path, fault), count: times) }
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
            if request.method == .get { #expect(request.body == nil) }
            var request = request
            // As CurlTransport does.
            if request.body != nil, !request.headers.contains(where: { $0.name.lowercased() == "content-type" }) {
                request.headers.append(("content-type", "application/json"))
            }
            each(index, state.withLock { Self.answer(request, &$0) })
        }
    }

    private static func answer(
        _ request: HTTPRequest, _ state: inout State
    ) -> Result<HTTPResponse, TransportError> {
        state.now += 0.05
        state.asked.append(request)
        let index = state.faults.firstIndex {
            $0.method == request.method && ($0.path.isEmpty || request.url.description.contains($0.path))
        }
        guard let index else { return .success(pass(request, &state)) }
        switch state.faults.remove(at: index).fault {
        case .lostRequest: return .failure(TransportError(.unreachable, "no connection", mayHaveArrived: false))
        case .lostReply:
            _ = pass(request, &state)
            return .failure(TransportError(.interrupted, "the connection ended", mayHaveArrived: true))
        case .answer(let status, let body, let type, let headers):
            return .success(response(status, body, type, headers))
        case .before(let effect):
            effect(&state.sandbox)
            return .success(pass(request, &state))
        case .after(let effect):
            let response = pass(request, &state)
            effect(&state.sandbox)
            return .success(response)
        case .garbled(let status, let body, let type):
            _ = pass(request, &state)
            return .success(response(status, body, type))
        }
    }

    private static func pass(_ request: HTTPRequest, _ state: inout State) -> HTTPResponse {
        let response = state.sandbox.answer(request, at: state.now)
        state.exchanges.append(Exchange(request: request, response: response))
        return response
    }

    private static func response(
        _ status: Int, _ body: String, _ type: String, _ headers: [String: String] = [:]
    ) -> HTTPResponse {
        let fields = headers.merging(["content-type": type]) { own, _ in own }
        return HTTPResponse(
            status: status, headers: fields.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) },
            body: Array(body.utf8))
    }
}

extension KubernetesFixture {
    /// A publisher with a token; without one it is the sandbox's own, which may do everything.
    func publisher(_ token: Secret? = nil) -> KubernetesSecretPublisher {
        let token = token ?? cluster { $0.token }
        let sources = ClusterSources(environment: ["KUBE_TOKEN": token.revealed() ?? ""])
        return KubernetesSecretPublisher(Clusters(sources, clock: self) { _ in self })
    }

    /// `with` for the key `KEY` of the secret `app` in `prod`.
    static func with(_ others: JSONObject = [:]) -> JSONObject {
        var with: JSONObject = ["url": .string(root), "namespace": "prod", "secret": "app", "key": "KEY"]
        for (name, value) in others.members { with[name] = value }
        return with
    }

    /// What a publisher answers, also by throwing.
    func ask(
        _ verb: Verb, _ others: JSONObject = [:], without names: [String] = [], token: Secret? = nil,
        of publisher: KubernetesSecretPublisher? = nil,
        expect: [Secret]? = [Keys.predecessor, Keys.successor], secret: Secret = Keys.successor,
        rotation: String = "01JDB00000AAAAAAAAAAAAAAAA", target: String = "app", within seconds: TimeInterval = 120
    ) -> PublisherAnswer {
        var with = Self.with(others)
        for name in names { with[name] = nil }
        let request = PublisherRequest(
            id: "1", operation: "op", rotation: rotation, deadline: now.addingTimeInterval(seconds), target: target,
            with: with, expect: expect?.map { Digest(of: $0) }, digest: Digest(of: secret),
            secret: verb == .publish ? secret : nil)
        let publisher = publisher ?? self.publisher(token)
        let answer = publisher.answer(verb, request)
        #expect(!Keys.search.contains(String(describing: answer).utf8), "a key in an answer")
        return answer
    }

    /// Makes the secret `app` with this value and others beside it.
    func hold(_ value: Secret?, isImmutable: Bool? = nil, annotations: JSONObject = [:]) {
        let values = value.map { [("KEY", Keys.text($0))] } ?? []
        let others: JSONObject = ["team": "a", "kubectl.kubernetes.io/last-applied-configuration": "{}"]
        cluster {
            $0.addSecret(
                "app", in: "prod", values + [("OTHER", "theirs")], isImmutable: isImmutable,
                annotations: others.merging(annotations),
                labels: ["tier": "web"])
        }
    }

    /// Who holds `KEY`, in a word.
    var held: String? { cluster { Keys.name($0.value("KEY", of: "app", in: "prod")) } }

    /// How often each workload was restarted: Deployment, StatefulSet, DaemonSet.
    var restarts: [Int] {
        cluster { cluster in
            [Resource.deployments, .statefulsets, .daemonsets].map { cluster.restarts($0, "web", in: "prod") }
        }
    }
}

extension JSONObject {
    func merging(_ other: JSONObject) -> JSONObject {
        var result = self
        for (key, value) in other.members { result[key] = value }
        return result
    }
}

extension PublisherAnswer {
    /// The error of a refusal or of a doubt.
    var error: PublisherError? {
        switch outcome {
        case .rejected(let error), .unknown(let error): error
        default: nil
        }
    }
}
