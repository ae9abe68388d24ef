import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport

@testable import ork_publisher_fly_secret

/// A stand-in of Fly.io, and a publisher that writes to it.
typealias FlyFixture = ServiceFixture<StandIn>

extension ServiceFixture<StandIn> {
    static var name: String { "OPENROUTER_API_KEY" }

    /// With a neighbour that nobody may touch, a secret of ours, and machines that were made with it.
    convenience init(
        holding secret: Secret? = SampleKeys.predecessor, machines: [String] = ["m1", "m2"], check: String? = "passing"
    ) {
        var service = StandIn()
        service.set("NEIGHBOUR", "stays", at: Self.beginning)
        if let secret { service.set(Self.name, SampleKeys.text(secret), at: Self.beginning) }
        for machine in machines { service.add(machine, check: check, at: Self.beginning) }
        self.init(service)
        pass(60)
    }

    /// Looks at Fly.io, or changes it by another hand.
    @discardableResult
    func fly<Value: Sendable>(_ body: @Sendable (inout StandIn, Date) throws -> Value) rethrows -> Value {
        try withService(body)
    }

    /// What the app's secret is, in a word.
    var held: String? { fly { fly, _ in SampleKeys.name(fly.secrets[Self.name]?.value) } }

    /// What the machines run with, in words, by their ids.
    var served: [String: String] {
        fly { fly, _ in
            Dictionary(
                fly.machines.map { ($0.id, SampleKeys.name($0.secrets[Self.name]) ?? "nothing") },
                uniquingKeysWith: { $1 })
        }
    }

    var states: [String] { fly { fly, _ in fly.machines.map(\.state) } }

    var token: String { fly { fly, _ in fly.token } }

    static var with: JSONObject { ["app": "shop", "name": .string(name)] }

    func publisher(_ variables: [String: String] = [:]) -> FlySecretPublisher {
        let environment = ["FLY_API_TOKEN": token].merging(variables) { $1 }
        return FlySecretPublisher(ServiceClients(Fly(), environment: environment, transport: self, clock: self))
    }

    /// What a publisher answers. `changed` are settings beside the usual ones.
    func ask(
        _ verb: Verb, _ changed: JSONObject = [:], receipt: JSONObject? = nil, token: String? = nil,
        secret: Secret = SampleKeys.successor, create: Bool = false, within seconds: TimeInterval = 300,
        variables: [String: String] = [:]
    ) -> PublisherAnswer {
        let request = request(
            verb, Self.with, changed, receipt: receipt, secret: secret, create: create, within: seconds)
        var environment = variables
        if let token { environment["FLY_API_TOKEN"] = token }
        return publisher(environment).ask(verb, request, hiding: [Secret(self.token)])
    }

    /// The methods and addresses that were asked for since the last time.
    func takeAsked() -> [String] {
        takeRequests().map {
            "\($0.method.rawValue) \($0.url.description.dropFirst("https://api.machines.dev/v1/apps/shop".count))"
        }
    }
}
