import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import VercelSandbox

@testable import ork_publisher_vercel

extension VercelSandbox: ServiceSandbox {}

/// A stand-in of Vercel, and a publisher that writes to it.
typealias VercelFixture = ServiceFixture<VercelSandbox>

extension ServiceFixture<VercelSandbox> {
    static var name: String { "OPENROUTER_API_KEY" }

    /// With a neighbour that nobody may touch, a record of ours for production, and a deployment made with it.
    convenience init(holding secret: Secret? = SampleKeys.predecessor, type: String = "encrypted") {
        var service = VercelSandbox()
        service.add("NEIGHBOUR", "stays", type: "plain", target: ["production", "preview"], at: Self.beginning)
        if let secret { service.add(Self.name, SampleKeys.text(secret), type: type, at: Self.beginning) }
        service.newState = "READY"
        service.deploy(at: Self.beginning)
        service.newState = "QUEUED"
        self.init(service)
    }

    /// With a record of ours for each of these environments, each holding the predecessor, and nothing deployed.
    convenience init(records: [[String]], type: String = "encrypted") {
        var service = VercelSandbox()
        for target in records {
            service.add(
                Self.name, SampleKeys.text(SampleKeys.predecessor), type: type, target: target, at: Self.beginning)
        }
        self.init(service)
    }

    /// Looks at Vercel, or changes it by another hand.
    @discardableResult
    func vercel<Value: Sendable>(_ body: @Sendable (inout VercelSandbox, Date) throws -> Value) rethrows -> Value {
        try withService(body)
    }

    /// What our records hold, in words, by the order in which they were made.
    var held: [String] {
        vercel { vercel, _ in
            vercel.records.filter { $0.key == Self.name }.map { SampleKeys.name($0.value) ?? "nothing" }
        }
    }

    /// What production's deployment was made with, in a word.
    var served: String? { vercel { vercel, _ in SampleKeys.name(vercel.served(Self.name)) } }

    /// All but the values.
    var shapes: [JSONValue] { vercel { vercel, _ in vercel.records.map(\.shape) } }

    var token: String { vercel { vercel, _ in vercel.token.revealed() ?? "" } }

    static var with: JSONObject { ["project": "shop", "team": "acme", "name": .string(name)] }

    func publisher(_ variables: [String: String] = [:]) -> VercelPublisher {
        let environment = ["VERCEL_TOKEN": token].merging(variables) { $1 }
        return VercelPublisher(ServiceClients(Vercel(), environment: environment, transport: self, clock: self))
    }

    /// What a publisher answers. `changed` are settings beside the usual ones.
    func ask(
        _ verb: Verb, _ changed: JSONObject = [:], receipt: JSONObject? = nil, token: String? = nil,
        secret: Secret = SampleKeys.successor, create: Bool = false, within seconds: TimeInterval = 120,
        variables: [String: String] = [:]
    ) -> PublisherAnswer {
        let request = request(
            verb, Self.with, changed, receipt: receipt, secret: secret, create: create, within: seconds)
        var environment = variables
        if let token { environment["VERCEL_TOKEN"] = token }
        return publisher(environment).ask(verb, request, hiding: [Secret(self.token)])
    }

    /// The methods and addresses that were asked for since the last time.
    func takeAsked() -> [String] {
        takeRequests().map { "\($0.method.rawValue) \($0.url.description.dropFirst("https://api.vercel.com".count))" }
    }
}
