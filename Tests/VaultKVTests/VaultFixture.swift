import CurlHTTP
import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Sodium
import Synchronization
import TestSupport
import Testing
import Timestamps

@testable import ork_publisher_vault_kv

/// A publisher, a real OpenBao, and a proxy between them that can be told to fail. It has a secret of its own to write.
///
/// Every request is searched for keys and credentials where they do not belong, every answer of a publisher too.
final class VaultFixture: Sendable {
    private static let shared = Result { try OpenBaoServer() }
    private static let count = Mutex(0)

    let server: OpenBaoServer
    let proxy: FaultProxy
    let clock = FakeClock()
    let transport: RecordingTransport
    /// Of this fixture's secret, below every mount.
    let path: String

    init(_ server: OpenBaoServer? = nil) throws {
        self.server = try server ?? Self.shared.get()
        transport = RecordingTransport(
            hiding: try [self.server.role("ork").secretID, self.server.identity("good")])
        proxy = try FaultProxy(upstreamPort: self.server.port)
        let number = Self.count.withLock {
            $0 += 1
            return $0
        }
        path = "apps/web-\(number)"
    }

    /// Runs `body` in a fixture of its own, where it may block.
    static func run<Value: Sendable>(_ body: @escaping @Sendable (VaultFixture) throws -> Value) async throws -> Value {
        try await onOwnThread { try body(VaultFixture()) }
    }

    var url: String { "http://127.0.0.1:\(proxy.port)" }

    /// A publisher with this environment beside the address; without one, with a token that may do all it needs.
    func publisher(
        _ environment: [String: String]? = nil, clock: (any WallClock)? = nil
    ) throws -> VaultKVPublisher {
        let environment = try environment ?? ["VAULT_TOKEN": SampleKeys.text(server.token("full"))]
        return VaultKVPublisher(
            ServiceClients(
                Vault(), environment: ["VAULT_ADDR": url].merging(environment) { $1 }, transport: transport,
                clock: clock ?? self.clock),
            publicTransport: transport)
    }

    /// What a publisher answers, also by throwing.
    func ask(
        _ verb: Verb, _ with: JSONObject = [:], of publisher: VaultKVPublisher? = nil,
        expect: [Secret]? = [SampleKeys.predecessor, SampleKeys.successor], secret: Secret = SampleKeys.successor,
        rotation: String = Rotations.ours, target: String = "web", create: Bool = true,
        within seconds: TimeInterval = 120, receipt: JSONObject? = nil
    ) throws -> PublisherAnswer {
        let publisher = try publisher ?? self.publisher()
        var settings: JSONObject = ["path": .string(path), "field": "KEY"]
        for (key, value) in with.members { settings[key] = value }
        var request = PublisherRequest(
            verb, settings, secret: secret, expect: expect, operation: "\(rotation)/\(target)/2b2b",
            rotation: rotation, target: target, create: create, deadline: clock.now.addingTimeInterval(seconds))
        if verb == .verify { request.receipt = receipt }
        return publisher.ask(verb, request)
    }

    /// What was asked of Vault since the last time, as `GET secret/data/apps/…`, with `…` for this fixture's path.
    func takeAsked() -> [String] {
        transport.take().map { request in
            let path = request.url.description.dropFirst(url.count + "/v1/".count)
            return "\(request.method.rawValue) \(path.replacing(self.path, with: "…"))"
        }
    }

    /// Lets the next requests of this method to this path meet a fault.
    func fail(_ method: HTTPRequest.Method, _ part: String = "", times: Int = 1, _ effect: Fault.Effect) {
        proxy.faults += [
            Fault(effect, times: times) { sent, target in sent == method.rawValue && target.contains(part) }
        ]
    }
}

extension VaultFixture {
    /// Writes by another hand.
    @discardableResult
    func put(_ fields: JSONValue, mount: String = "secret", namespace: String? = nil) throws -> Int {
        let isFirst = mount == "kv1"
        let body = isFirst ? fields : ["data": fields]
        return try server.ask(
            .post, isFirst ? "\(mount)/\(path)" : "\(mount)/data/\(path)", body, namespace: namespace
        ).status
    }

    /// Changes some of the fields by another hand.
    func patch(_ fields: JSONValue) throws { try server.ask(.patch, "secret/data/\(path)", ["data": fields]) }

    /// What is there.
    func fields(_ mount: String = "secret", namespace: String? = nil) throws -> JSONValue? {
        if mount == "kv1" { return try server.ask(.get, "kv1/\(path)", namespace: namespace).body?["data"] }
        return try server.ask(.get, "\(mount)/data/\(path)", namespace: namespace).body?["data"]?["data"]
    }

    func metadata() throws -> JSONValue? { try server.ask(.get, "secret/data/\(path)").body?["data"]?["metadata"] }

    /// The environment for a login by AppRole.
    func appRole(_ name: String, namespace: String = "") throws -> [String: String] {
        let role = try server.role(name, namespace: namespace)
        return ["VAULT_ROLE_ID": role.id, "VAULT_SECRET_ID": SampleKeys.text(role.secretID)]
    }
}

/// Rotations, the earliest first.
enum Rotations {
    static let earlier = "01JD000000AAAAAAAAAAAAAAAA"
    static let ours = "01JDB00000BBBBBBBBBBBBBBBB"
    static let later = "01JDZ00000CCCCCCCCCCCCCCCC"
}

/// Keeps what is sent by the real transport.
final class RecordingTransport: HTTPTransport {
    private let hidden: [Secret]
    private let real = CurlTransport(policy: .singleTry, environment: [:])
    private let asked = Mutex<[HTTPRequest]>([])

    /// `hidden` must stand in bodies only, if at all.
    init(hiding hidden: [Secret]) { self.hidden = hidden }

    func take() -> [HTTPRequest] {
        asked.withLock { asked in
            defer { asked = [] }
            return asked
        }
    }

    func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {
        for request in requests {
            let search = SampleKeys.search(and: hidden + [request.bearer].compactMap(\.self))
            #expect(!search.contains(request.url.description.utf8), "a secret in an address")
            #expect(!request.headers.contains { search.contains($0.value.utf8) }, "a secret in a field")
        }
        asked.withLock { $0 += requests }
        real.send(requests, each: each)
    }
}

extension SampleKeys {
    static func value(_ secret: Secret) -> JSONValue { .string(text(secret)) }
}
