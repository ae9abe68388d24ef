import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport

@testable import ork_publisher_azure_key_vault

/// A stand-in of Azure, and a publisher that writes to it.
typealias VaultFixture = ServiceFixture<StandIn>

extension ServiceFixture<StandIn> {
    static var name: String { "OPENROUTER-API-KEY" }

    /// With a neighbour that nobody may touch, and a secret of ours.
    convenience init(holding secret: Secret? = SampleKeys.predecessor) {
        var service = StandIn()
        service.add("NEIGHBOUR", "stays", at: Self.beginning)
        if let secret {
            service.add(
                Self.name, SampleKeys.text(secret), contentType: "text/plain", tags: ["owner": "shop", "tier": "gold"],
                at: Self.beginning)
        }
        self.init(service)
    }

    /// Looks at Azure, or changes it by another hand.
    @discardableResult
    func azure<Value: Sendable>(_ body: @Sendable (inout StandIn, Date) throws -> Value) rethrows -> Value {
        try withService(body)
    }

    /// What our versions hold, in words, the newest last.
    var held: [String] {
        azure { azure, _ in (azure.secrets[Self.name] ?? []).map { SampleKeys.name($0.value) ?? "nothing" } }
    }

    static var with: JSONObject {
        [
            "vault": "acme-prod", "name": .string(name), "tenant": .string(StandIn().tenant),
            "client": .string(StandIn().clientID),
        ]
    }

    /// The secrets of a login.
    static var credentials: [Secret] {
        let azure = StandIn()
        return [azure.clientSecret, azure.identity, azure.runnerToken, azure.identityHeader].map { Secret($0) }
    }

    static var gitHub: [String: String] {
        [
            "ACTIONS_ID_TOKEN_REQUEST_URL": "https://token.actions.example/id?api-version=2",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": StandIn().runnerToken,
        ]
    }

    func publisher(_ variables: [String: String]? = nil) -> AzureKeyVaultPublisher {
        let environment = variables ?? ["AZURE_CLIENT_SECRET": StandIn().clientSecret]
        return AzureKeyVaultPublisher(
            ServiceClients(
                KeyVault(of: .standard, by: nil), environment: environment, transport: self, clock: self)
        )
    }

    /// What a publisher answers. `changed` are settings beside the usual ones.
    func ask(
        _ verb: Verb, _ changed: JSONObject = [:], secret: Secret = SampleKeys.successor, create: Bool = false,
        within seconds: TimeInterval = 120, variables: [String: String]? = nil
    ) -> PublisherAnswer {
        let request = request(verb, Self.with, changed, secret: secret, create: create, within: seconds)
        return publisher(variables).ask(verb, request, hiding: Self.credentials)
    }
}
