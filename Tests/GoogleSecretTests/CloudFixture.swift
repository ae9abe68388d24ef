import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport

@testable import ork_publisher_google_secret

/// A stand-in of Google Cloud, and a publisher that writes to it.
typealias CloudFixture = ServiceFixture<StandIn>

extension ServiceFixture<StandIn> {
    static var name: String { "openrouter-api-key" }

    /// With a neighbour that nobody may touch, a secret of ours, and services that were made with it.
    convenience init(holding secret: Secret? = SampleKeys.predecessor, services: [String] = ["web"]) {
        var service = StandIn()
        service.add("neighbour", "stays", at: Self.beginning)
        service.secrets[Self.name] = []
        if let secret { service.add(Self.name, SampleKeys.text(secret), at: Self.beginning) }
        for name in services { service.serve(name, Self.name, at: Self.beginning) }
        self.init(service)
        pass(60)
    }

    /// Looks at Google Cloud, or changes it by another hand.
    @discardableResult
    func google<Value: Sendable>(_ body: @Sendable (inout StandIn, Date) throws -> Value) rethrows -> Value {
        try withService(body)
    }

    /// What the secret's versions hold, in words.
    var held: [String] {
        google { google, _ in (google.secrets[Self.name] ?? []).map { SampleKeys.name($0.value) ?? "other" } }
    }

    /// What a service's requests meet, in words.
    func served(_ name: String = "web") -> [String] {
        google { google, _ in google.served(name, Self.name).map { SampleKeys.name($0) ?? "other" } }
    }

    func finish(well: Bool = true) { google { google, _ in google.finish(well: well) } }

    /// How many revisions a service has.
    func count(_ name: String = "web") -> Int {
        google { google, _ in google.services.first { $0.name == name }?.revisions.count ?? 0 }
    }

    var token: String { google { google, _ in google.token } }

    static var with: JSONObject {
        ["project": "acme", "name": .string(name), "services": ["europe-west1/web"]]
    }

    func publisher(_ variables: [String: String] = [:]) -> GoogleSecretPublisher {
        let environment = ["GOOGLE_OAUTH_ACCESS_TOKEN": token].merging(variables) { $1 }
        return GoogleSecretPublisher(
            ServiceClients(SecretManager(), environment: environment, transport: self, clock: self))
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
        if let token { environment["GOOGLE_OAUTH_ACCESS_TOKEN"] = token }
        return publisher(environment).ask(verb, request, hiding: [Secret(self.token)])
    }

    /// The methods and addresses that were asked for since the last time.
    func takeAsked() -> [String] {
        takeRequests().map { request in
            let url = request.url.description
                .replacing(
                    "https://secretmanager.googleapis.com/v1/projects/acme/secrets/openrouter-api-key", with: "S"
                )
                .replacing("https://run.googleapis.com/v2/projects/acme/locations/europe-west1/services/", with: "R/")
            return "\(request.method.rawValue) \(url)"
        }
    }
}
