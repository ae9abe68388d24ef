import FoundationEssentials
import JSON
import Secrets
import Synchronization
import TestSupport

/// A project of Vercel that the publisher `vercel` writes to and deploys: one variable, in the form of Vercel's API.
final class SentinelProject: Sendable {
    let token = Secret("vercel_pat_5d0e7b92c4f1863a")
    let port: Int
    private let server: LoopbackServer
    private let project: Project

    private final class Project: Sendable {
        struct State {
            var value: String?
            var updatedAt = 1
            var deployedAt = 1
        }

        let state = Mutex(State())
    }

    init() throws {
        let project = Project()
        server = try LoopbackServer { request, connection in
            let answer = project.state.withLock { Self.answer(request.message, &$0) }
            connection.respond(200, headers: [("Content-Type", "application/json")], body: answer.text())
        }
        self.project = project
        port = server.port
    }

    private static func answer(_ message: WireMessage, _ state: inout Project.State) -> JSONValue {
        let body = try? JSONValue(parsing: message.body)
        let now = Int(Date.now.timeIntervalSince1970 * 1000)
        if let value = body?["value"]?.string { (state.value, state.updatedAt) = (value, now) }
        var record: JSONObject = [
            "id": "var1", "key": "OPENROUTER_API_KEY", "type": "encrypted", "target": ["production"],
            "updatedAt": .number(JSONNumber(state.updatedAt)),
        ]
        if message.target.contains("/env/var1") || message.method != "GET" && message.target.contains("/env") {
            record["value"] = message.method == "GET" ? .string(state.value ?? "") : "encrypted"
            return message.method == "POST" ? ["created": .object(record), "failed": []] : .object(record)
        }
        if message.target.contains("/env?") || message.target.hasSuffix("/env") {
            return ["envs": state.value == nil ? [] : [.object(record)], "data": [], "pagination": ["next": nil]]
        }
        if message.method == "POST" { state.deployedAt = now }
        let deployment: JSONValue = [
            "id": .string("dpl_\(state.deployedAt)"), "createdAt": .number(JSONNumber(state.deployedAt)),
            "readyState": "READY",
        ]
        guard message.target.contains("/projects/") else { return deployment }
        return ["id": "prj_1", "name": "shop", "targets": ["production": deployment]]
    }

    /// Flags of `ork-create`.
    var flags: [String] {
        let settings = "project=shop,name=OPENROUTER_API_KEY,environments=production,create=true"
        return ["--to", "paas=vercel@2:\(settings),url=http://127.0.0.1:\(port)", "--target-env", "paas:VERCEL_TOKEN"]
    }

    var service: SentinelRules.Service {
        SentinelRules.Service(
            program: "ork-publisher-vercel", variable: "VERCEL_TOKEN", token: Sentinel("Vercel token", token),
            port: port,
            wrapping: (#""value":""#, #"""#))
    }

    /// What it holds.
    var held: Secret? { project.state.withLock { $0.value.map { Secret($0) } } }

    /// Whether it was deployed after it was written.
    var isDeployed: Bool { project.state.withLock { $0.value != nil && $0.deployedAt >= $0.updatedAt } }
}
