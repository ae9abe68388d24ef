import HTTP
import JSON
import PublisherKit
import TestSupport
import Testing

/// Which client a target gets.
@Suite(.tags(.values)) struct ServiceClientsTests {
    private static func clients(_ environment: [String: String] = ["PLAIN_TOKEN": "t"]) -> ServiceClients {
        ServiceClients(PlainService(), environment: environment, transport: ScriptedTransport([.answer(200)]))
    }

    @Test(
        "the address is the setting's, else the pipeline's own service, else the public one",
        arguments: [
            ([:], [:], "https://plain.example/api"),
            ([:], ["PLAIN_URL": "https://ci.example/api"], "https://ci.example/api"),
            ([:], ["PLAIN_URL": ""], "https://plain.example/api"),
            (["url": "https://other.example"], ["PLAIN_URL": "https://ci.example/api"], "https://other.example"),
            (["url": "http://127.0.0.1:8080/api"], [:], "http://127.0.0.1:8080/api"),
        ] as [([String: JSONValue], [String: String], String)])
    func address(with: [String: JSONValue], environment: [String: String], expected: String) throws {
        var settings: JSONObject = [:]
        for (key, value) in with { settings[key] = value }
        let clients = Self.clients(environment.merging(["PLAIN_TOKEN": "t"]) { $1 })
        #expect(try clients.client(for: Settings(settings)).address.description == expected)
    }

    @Test(
        "what cannot be used is refused with the place it stands in",
        arguments: [
            (["url": "http://plain.example"], "t", "with.url"), (["url": "plain.example"], "t", "with.url"),
            (["url": "https://user:pw-1@plain.example"], "t", "with.url"),
            (["url": "https://plain.example?x=1"], "t", "with.url"), (["writes": 0], "t", "with.writes"),
            (["writes": 33], "t", "with.writes"), (["writes": "many"], "t", "with.writes"),
            ([:], "", "env.PLAIN_TOKEN"), ([:], "useless", nil),
        ] as [(JSONObject, String, String?)])
    func refused(with: JSONObject, token: String, field: String?) throws {
        let error = try #require(
            #expect(throws: PublisherError.self) {
                try Self.clients(["PLAIN_TOKEN": token]).client(for: Settings(with))
            })
        #expect(error.field == field)
        #expect(error.message == "such a token is of no use" || error.code == .configuration)
        #expect(!error.message.contains("pw-1") && error.hint?.contains("pw-1") != true)
    }

    @Test("targets at one address share a client, others have their own")
    func shared() throws {
        let clients = Self.clients()
        let first = try clients.client(for: Settings([:]))
        #expect(try clients.client(for: Settings(["name": "other"])) === first)
        #expect(try clients.client(for: Settings(["url": "https://plain.example/api"])) === first)
        #expect(try clients.client(for: Settings(["url": "https://plain.example/api/", "writes": "4"])) === first)
        #expect(try clients.client(for: Settings(["url": "https://other.example"])) !== first)
    }
}
