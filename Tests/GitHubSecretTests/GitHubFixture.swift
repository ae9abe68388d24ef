import FoundationEssentials
import GitHubSandbox
import HTTP
import JSON
import PublisherKit
import Secrets
import Sodium
import TestSupport

@testable import ork_publisher_github_secret

extension GitHubSandbox: ServiceSandbox {}

/// A GitHub with the organization `acme`: `web`, which has the environment `production eu/1`, and `api` and `lib`.
typealias GitHubFixture = ServiceFixture<GitHubSandbox>

extension ServiceFixture<GitHubSandbox> {
    static var root: String { "http://github.localhost/github" }

    /// `gate` is called for each request, before it is answered.
    convenience init(gate: @escaping @Sendable (HTTPRequest) -> Void = { _ in }) {
        var sandbox = GitHubSandbox()
        let environments = ["acme/web": ["production eu/1"]]
        var ids: [String: Int] = [:]
        for name in ["acme/web", "acme/api", "acme/lib"] {
            ids[name] = sandbox.addRepository(name, environments: environments[name] ?? [], at: Self.beginning)
        }
        self.init(sandbox, ids: ids, gate: gate)
    }

    /// Looks at the sandbox, or changes it by another hand.
    func github<Value: Sendable>(_ body: @Sendable (inout GitHubSandbox, Date) throws -> Value) rethrows -> Value {
        try withService(body)
    }

    /// What was asked since the last time, as `GET /repos/acme/web`.
    func takeAsked() -> [String] {
        takeRequests().map { "\($0.method.rawValue) \($0.url.description.dropFirst(Self.root.count))" }
    }

    /// Asks GitHub as another hand.
    func change(_ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil) throws {
        let answer = try github { try Self.ask(method, path, body, in: &$0, at: $1) }
        guard answer.status == 204 else { throw TransportError(.invalid, "\(answer.status)", mayHaveArrived: true) }
    }

    /// Writes a secret as another hand, also in the middle of a fault.
    static func write(_ secret: Secret, to path: String, in sandbox: inout GitHubSandbox, at now: Date) throws {
        let list = path.replacing(#/[^/]+$/#, with: "public-key")
        let key = try JSONValue(parsing: ask(.get, list, in: &sandbox, at: now).body)
        let bytes = Array(Data(base64Encoded: key["key"]?.string ?? "") ?? Data())
        let box = Data(try BoxKeyPair.seal(secret, to: bytes)).base64EncodedString()
        let body: JSONValue = ["encrypted_value": .string(box), "key_id": key["key_id"] ?? nil]
        let answer = try ask(.put, path, body, in: &sandbox, at: now)
        guard answer.status == 204 else { throw TransportError(.invalid, "\(answer.status)", mayHaveArrived: true) }
    }

    private static func ask(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil, in sandbox: inout GitHubSandbox,
        at now: Date
    ) throws -> HTTPResponse {
        let request = HTTPRequest(
            method, try HTTPURL("\(root)/\(path)"), headers: [("user-agent", "another")], bearer: sandbox.token,
            body: body?.bytes())
        return sandbox.answer(request, at: now)
    }

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
        _ with: JSONObject, _ secret: Secret = SampleKeys.successor, expect: [Secret]? = nil, rotation: String? = nil,
        receipt: JSONObject? = nil, create: Bool = true, within seconds: TimeInterval = 120
    ) -> PublisherRequest {
        var request = PublisherRequest(
            .publish, with, secret: secret, expect: expect, rotation: rotation ?? Self.rotation(at: now),
            create: create,
            deadline: now.addingTimeInterval(seconds))
        request.receipt = receipt
        return request
    }

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
