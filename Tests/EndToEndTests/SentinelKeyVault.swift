import FoundationEssentials
import JSON
import Secrets
import Synchronization
import TestSupport

/// A vault of Azure's that the publisher `azure-key-vault` writes to: one secret, in the form of its API.
final class SentinelKeyVault: Sendable {
    let token = Secret("azure_access_token_8c1f4e7a2b9d6035")
    let port: Int
    private let server: LoopbackServer
    private let vault: Vault

    private final class Vault: Sendable {
        /// The versions, the newest last.
        let versions = Mutex<[String]>([])
    }

    init() throws {
        let vault = Vault()
        server = try LoopbackServer { request, connection in
            let (status, answer) = vault.versions.withLock { Self.answer(request.message, &$0) }
            connection.respond(status, headers: [("Content-Type", "application/json")], body: answer.text())
        }
        self.vault = vault
        port = server.port
    }

    private static func answer(_ message: WireMessage, _ versions: inout [String]) -> (Int, JSONValue) {
        if message.method == "PUT", let value = (try? JSONValue(parsing: message.body))?["value"]?.string {
            versions.append(value)
        }
        guard message.target.hasPrefix("/secrets/"), let value = versions.last else {
            return (404, ["error": ["code": "SecretNotFound", "message": "it was not found"]])
        }
        let id = "https://acme.vault.azure.net/secrets/OPENROUTER-API-KEY/\(versions.count)"
        return (200, ["id": .string(id), "value": .string(value), "attributes": ["enabled": true, "created": 1]])
    }

    /// Flags of `ork-create`.
    var flags: [String] {
        let settings = "vault=acme,name=OPENROUTER-API-KEY,create=true,url=http://127.0.0.1:\(port)"
        return ["--to", "safe=azure-key-vault@2:\(settings)", "--target-env", "safe:AZURE_ACCESS_TOKEN"]
    }

    var service: SentinelRules.Service {
        SentinelRules.Service(
            program: "ork-publisher-azure-key-vault", variable: "AZURE_ACCESS_TOKEN",
            token: Sentinel("Azure token", token), port: port, wrapping: (#""value":""#, #"""#))
    }

    /// What consumers get.
    var held: Secret? { vault.versions.withLock { $0.last.map { Secret($0) } } }
}
