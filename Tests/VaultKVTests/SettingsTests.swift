import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_vault_kv

/// What a target's settings and the stage's environment may say.
@Suite(.tags(.values)) struct SettingsTests {
    private static let token = ["VAULT_ADDR": "https://vault.example:8200", "VAULT_TOKEN": "s.token"]

    private func target(_ with: JSONObject, _ environment: [String: String]) throws(PublisherError) -> KVTarget {
        let publisher = VaultKVPublisher(
            ServiceClients(Vault(), environment: environment, transport: Silence()), publicTransport: Silence())
        return try publisher.target(
            PublisherRequest(
                id: "1", operation: "o", rotation: "r", deadline: .distantFuture, target: "t", with: with, expect: [],
                digest: Digest(trustedHex: String(repeating: "0", count: 64))))
    }

    @Test(
        "a path is taken with or without slashes at its ends",
        arguments: [
            (["path": "a/b"], "KEY of secret/a/b"), (["path": "/a/b/"], "KEY of secret/a/b"),
            (["path": "a", "mount": "team/kv/"], "KEY of team/kv/a"),
            (["path": "a", "namespace": "admin/team/"], "KEY of secret/a in the namespace admin/team"),
            (["path": "ä b%/c+d"], "KEY of secret/ä b%/c+d"),
        ] as [(JSONObject, String)])
    func names(with: JSONObject, name: String) throws {
        var with = with
        with["field"] = "KEY"
        #expect(try target(with, Self.token).settings.name == name)
    }

    @Test(
        "what cannot be used is refused with the place it stands in",
        arguments: [
            (["path": nil], [:], "with.path"), (["path": "a//b"], [:], "with.path"),
            (["path": "../a"], [:], "with.path"),
            (["path": "a\nb"], [:], "with.path"), (["path": ""], [:], "with.path"), (["path": 7], [:], "with.path"),
            (["mount": "./x"], [:], "with.mount"), (["field": nil], [:], "with.field"),
            (["field": .string(String(repeating: "x", count: 121))], [:], "with.field"),
            (["field": "a\u{7}"], [:], "with.field"), (["namespace": "a//b"], [:], "with.namespace"),
            ([:], ["VAULT_NAMESPACE": "a//b"], "env.VAULT_NAMESPACE"), ([:], ["VAULT_ADDR": ""], "with.url"),
            (["url": "http://vault.example"], [:], "with.url"),
            ([:], ["VAULT_ADDR": "http://vault.example"], "env.VAULT_ADDR"),
            ([:], ["VAULT_TOKEN": ""], "env.VAULT_TOKEN"), (["auth": "ldap"], [:], "with.auth"),
            (["role": "r"], [:], "with.role"), (["role_id": "r"], [:], "with.role_id"),
            (["auth": "approle", "role": "r"], [:], "with.role"),
            (["auth": "jwt", "role_id": "r"], [:], "with.role_id"),
            (["audience": "x"], [:], "with.audience"), (["id_token": "X"], [:], "with.id_token"),
            (["auth_mount": "x"], [:], "with.auth_mount"), (["auth": "approle"], [:], "with.role_id"),
            (["auth": "jwt"], [:], "env.VAULT_ID_TOKEN"), (["auth": "jwt", "id_token": "MINE"], [:], "with.id_token"),
            (["auth": "jwt", "audience": "x"], ["VAULT_ID_TOKEN": "a.b.c"], "with.audience"),
            (
                ["auth": "jwt"],
                ["ACTIONS_ID_TOKEN_REQUEST_URL": "http://github.example", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t"],
                "env.ACTIONS_ID_TOKEN_REQUEST_URL"
            ),
            (["auth": "jwt"], ["ACTIONS_ID_TOKEN_REQUEST_URL": "https://github.example"], "env.VAULT_ID_TOKEN"),
        ] as [(JSONObject, [String: String], String)])
    func refused(with: JSONObject, environment: [String: String], field: String) throws {
        var settings: JSONObject = ["path": "a/b", "field": "KEY"]
        for (key, value) in with.members { settings[key] = value == nil ? nil : value }
        let error = try #require(
            #expect(throws: PublisherError.self) { try target(settings, Self.token.merging(environment) { $1 }) })
        #expect(error.code == .configuration && error.field == field, "\(error)")
    }

    @Test("targets that log in as the same share a client, others do not")
    func shared() throws {
        let publisher = VaultKVPublisher(
            ServiceClients(
                Vault(), environment: Self.token.merging(["VAULT_ROLE_ID": "r", "VAULT_SECRET_ID": "s"]) { $1 },
                transport: Silence()), publicTransport: Silence())
        func client(_ with: JSONObject) throws -> ServiceClient {
            var settings: JSONObject = ["path": "a", "field": "KEY"]
            for (key, value) in with.members { settings[key] = value }
            return try publisher.target(
                PublisherRequest(
                    id: "1", operation: "o", rotation: "r", deadline: .distantFuture, target: "t", with: settings,
                    expect: [], digest: Digest(trustedHex: String(repeating: "0", count: 64)))
            ).client
        }
        let first = try client([:])
        #expect(try client(["path": "b", "mount": "kv", "url": "https://vault.example:8200/"]) === first)
        #expect(try client(["auth": "token"]) === first)
        let others: [JSONObject] = [
            ["namespace": "team"], ["auth": "approle"], ["auth": "approle", "role_id": "other"],
            ["auth": "approle", "auth_mount": "other"], ["url": "https://other.example"],
        ]
        var clients = [first]
        for with in others {
            let client = try client(with)
            #expect(!clients.contains { $0 === client })
            clients.append(client)
        }
    }

    @Test("one field of a secret is one target's")
    func claims() throws {
        let first = try target(["path": "a", "field": "KEY"], Self.token)
        #expect(first.claims.map(\.thing) == ["secret/a KEY"])
        #expect(first.place == "secret/a")
    }

    @Test(
        "Vault's variable for a file of authorities comes before the general ones",
        arguments: [(["VAULT_CACERT": "/v"], "/v"), (["VAULT_CACERT": ""], "/c"), ([:], "/c")]
            as [([String: String], String)])
    func trust(environment: [String: String], file: String) {
        let merged = environment.merging(["CURL_CA_BUNDLE": "/c"]) { own, _ in own }
        #expect(VaultKVPublisher.trust(merged)["CURL_CA_BUNDLE"] == file)
    }

    /// Nobody is asked.
    private struct Silence: HTTPTransport {
        func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {}
    }
}
