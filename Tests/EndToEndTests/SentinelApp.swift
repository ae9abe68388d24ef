import FoundationEssentials
import JSON
import Secrets
import Synchronization
import TestSupport

/// An app of Fly.io that the publisher `fly-secret` writes to: one secret and one machine, in the form of the Machines API.
final class SentinelApp: Sendable {
    let token = Secret("fly_pat_93c1a7e04bd25f68")
    let port: Int
    private let server: LoopbackServer
    private let app: App

    private final class App: Sendable {
        struct State {
            var value: String?
            /// What the machine was made with.
            var served: String?
            var secretVersion = 1
            var machineVersion = 1
        }

        let state = Mutex(State())
    }

    init() throws {
        let app = App()
        server = try LoopbackServer { request, connection in
            let answer = app.state.withLock { Self.answer(request.message, &$0) }
            connection.respond(200, headers: [("Content-Type", "application/json")], body: answer.text())
        }
        self.app = app
        port = server.port
    }

    private static func answer(_ message: WireMessage, _ state: inout App.State) -> JSONValue {
        let body = try? JSONValue(parsing: message.body)
        if message.target.contains("/lease") { return ["nonce": "lease1"] }
        if message.target.contains("/secrets") {
            if let value = body?["value"]?.string {
                (state.value, state.secretVersion) = (value, state.secretVersion + 1)
            }
            let shown: JSONObject = [
                "name": "OPENROUTER_API_KEY", "digest": .string("d\(state.secretVersion)"),
                "version": .number(JSONNumber(state.secretVersion)),
            ]
            guard message.method == "GET" else { return .object(shown) }
            return ["secrets": state.value == nil ? [] : [.object(shown)]]
        }
        if message.method == "POST" { (state.served, state.machineVersion) = (state.value, state.machineVersion + 1) }
        let machine: JSONValue = [
            "id": "m1", "version": .string("v\(state.machineVersion)"), "state": "started",
            "config": ["checks": ["alive": [:]]],
            "checks": [["name": "alive", "status": "passing"]],
        ]
        return message.target.hasSuffix("/machines") ? [machine] : machine
    }

    /// Flags of `ork-create`.
    var flags: [String] {
        [
            "--to", "app=fly-secret@2:app=shop,name=OPENROUTER_API_KEY,create=true,url=http://127.0.0.1:\(port)",
            "--target-env", "app:FLY_API_TOKEN",
        ]
    }

    var service: SentinelRules.Service {
        SentinelRules.Service(
            program: "ork-publisher-fly-secret", variable: "FLY_API_TOKEN", token: Sentinel("Fly.io token", token),
            port: port, wrapping: (#""value":""#, #"""#))
    }

    /// What the app's secret is.
    var held: Secret? { app.state.withLock { $0.value.map { Secret($0) } } }

    /// What its machine was made with.
    var served: Secret? { app.state.withLock { $0.served.map { Secret($0) } } }
}
