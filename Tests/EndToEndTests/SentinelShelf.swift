import JSON
import Secrets
import Synchronization
import TestSupport

/// A service that the publisher `http` writes to: one secret, in the form of Doppler's.
final class SentinelShelf: Sendable {
    let token = Secret("dp.st.prd.2b8c0f6d9e4a71350c8e")
    let port: Int
    private let server: LoopbackServer
    private let shelf: Shelf

    private final class Shelf: Sendable {
        let held = Mutex<JSONObject>([:])
    }

    init() throws {
        let shelf = Shelf()
        server = try LoopbackServer { request, connection in
            let written = try? JSONValue(parsing: request.message.body)["secrets"]?.object
            let secrets = shelf.held.withLock { held in
                for (name, value) in written?.members ?? [] { held[name] = ["raw": value] }
                return held
            }
            connection.respond(
                200, headers: [("Content-Type", "application/json")],
                body: JSONValue.object(["secrets": .object(secrets)]).text())
        }
        self.shelf = shelf
        port = server.port
    }

    /// Flags of `ork-create`.
    var flags: [String] {
        let settings = "preset=doppler,project=shop,config=prd,name=OPENROUTER_API_KEY,create=true"
        return [
            "--to", "shelf=http@2:\(settings),url=http://127.0.0.1:\(port)", "--target-env", "shelf:DOPPLER_TOKEN",
        ]
    }

    var service: SentinelRules.Service {
        SentinelRules.Service(
            program: "ork-publisher-http", variable: "DOPPLER_TOKEN", token: Sentinel("service's token", token),
            port: port, wrapping: (#""OPENROUTER_API_KEY":""#, #"""#))
    }

    /// What it holds.
    var held: Secret? {
        shelf.held.withLock { $0["OPENROUTER_API_KEY"]?["raw"]?.string.map { Secret($0) } }
    }
}
