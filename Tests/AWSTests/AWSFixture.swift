import AWS
import CurlHTTP
import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import Sodium
import Synchronization
import TestSupport
import Testing
import Timestamps

@testable import ork_publisher_aws_parameter
@testable import ork_publisher_aws_secrets_manager

/// A proxy of a test's own in front of the server, and a clock that goes on when it is waited for.
///
/// Every request that passes and every answer of a publisher is searched for the keys.
final class AWSFixture: Sendable {
    let server: AWSServer
    let proxy: FaultProxy
    /// A name of the test's own, for secrets and parameters.
    let name = "t/" + UUID().uuidString
    let clock = FakeClock()
    private let seen = Mutex<Int>(0)

    init(_ faults: [Fault] = []) throws {
        server = try AWSServer.shared.get()
        proxy = try FaultProxy(upstreamPort: server.port, faults: faults)
    }

    var root: String { "http://127.0.0.1:\(proxy.port)" }

    var now: Date { clock.now }

    /// How long anybody waited.
    var slept: TimeInterval { clock.slept }

    /// The environment of a publisher that a user's access key is given to.
    func environment(_ user: String = "admin") -> [String: String] {
        server.environment(user, port: proxy.port)
    }

    /// The environment without credentials.
    var place: [String: String] { ["AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": root] }

    func boto(_ service: String, _ operation: String, _ parameters: JSONValue = [:]) throws -> JSONValue {
        try server.boto(service, operation, parameters)
    }

    /// What was asked since the last time: operations, or method and path.
    func takeAsked() -> [String] {
        let exchanges = proxy.exchanges
        let start = seen.withLock { seen in
            defer { seen = exchanges.count }
            return seen
        }
        return exchanges[start...].map { exchange in
            exchange.request[header: "x-amz-target"]?.split(separator: ".").last.map(String.init)
                ?? "\(exchange.method) \(exchange.path)"
        }
    }

    /// Lets the next calls of this operation meet a fault.
    func fail(_ operation: String, times: Int = 1, _ effect: Fault.Effect) {
        proxy.faults += [
            Fault(effect, times: times) { $0[header: "x-amz-target"]?.hasSuffix("." + operation) ?? false }
        ]
    }

    /// Lets the next calls of this operation be refused as AWS does it.
    func refuse(
        _ operation: String, times: Int = 1, status: Int = 400, _ reason: String, _ message: String = "",
        headers: [(String, String)] = []
    ) {
        let body: JSONValue = ["__type": .string(reason), "message": .string(message)]
        fail(
            operation, times: times,
            .answer(
                status: status, headers: headers + [("Content-Type", "application/x-amz-json-1.1")],
                body: body.text()))
    }
}

/// The two publishers.
enum Which: Sendable {
    case secret, parameter
}

extension AWSFixture {
    /// What a publisher answers, also by throwing.
    func ask(
        _ verb: Verb, of which: Which = .secret, _ with: JSONObject, environment: [String: String]? = nil,
        expect: [Secret]? = [SampleKeys.predecessor, SampleKeys.successor], secret: Secret = SampleKeys.successor,
        operation: String = "op", create: Bool = false, within seconds: TimeInterval = 120
    ) -> PublisherAnswer {
        ask(
            publisher(of: which, environment ?? self.environment()), verb, with, expect, secret, operation, seconds,
            create: create)
    }

    func publisher(of which: Which = .secret, _ environment: [String: String]) -> any Publisher {
        let transport = CurlTransport(policy: .singleTry, environment: [:])
        switch which {
        case .secret:
            return AWSSecretPublisher(
                AWSClients(SecretStore(), environment: environment, transport: transport, clock: clock))
        case .parameter:
            return AWSParameterPublisher(
                AWSClients(ParameterStore(), environment: environment, transport: transport, clock: clock))
        }
    }

    func ask(
        _ publisher: any Publisher, _ verb: Verb, _ with: JSONObject,
        _ expect: [Secret]? = [SampleKeys.predecessor, SampleKeys.successor], _ secret: Secret = SampleKeys.successor,
        _ operation: String = "op", _ seconds: TimeInterval = 120, target: String = "web", create: Bool = false
    ) -> PublisherAnswer {
        let request = PublisherRequest(
            verb, with, secret: secret, expect: expect, operation: operation, rotation: "01JDB", target: target,
            create: create,
            deadline: now.addingTimeInterval(seconds))
        let answer = publisher.ask(verb, request, hiding: Self.hidden(server))
        searchExchanges()
        return answer
    }

    private static func hidden(_ server: AWSServer) -> [Secret] {
        server.users.values.map(\.key).sorted().map { Secret($0) }
    }

    /// Keys are in bodies only, and secret access keys nowhere.
    private func searchExchanges() {
        // A redactor finds every key of OpenRouter, known or not.
        let search = SampleKeys.search(and: Self.hidden(server))
        for exchange in proxy.exchanges {
            let head = exchange.request.raw.dropLast(exchange.request.body.count)
            #expect(!search.contains(head), "a key or a credential in an address or a field")
            #expect(!server.users.values.contains { exchange.request.text.contains($0.key) }, "a credential in a body")
        }
    }
}
