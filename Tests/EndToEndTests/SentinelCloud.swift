import FoundationEssentials
import JSON
import Secrets
import Synchronization
import TestSupport
import Timestamps

/// A project of Google Cloud that the publisher `google-secret` writes to: one secret and one Cloud Run service that uses it.
final class SentinelCloud: Sendable {
    let token = Secret("ya29.sentinel_4c81d0a97be2f365")
    let port: Int
    private let server: LoopbackServer
    private let cloud: Cloud

    private final class Cloud: Sendable {
        struct State {
            var values: [String] = []
            var made = Date.distantPast
            /// What the newest revision began with.
            var served: String?
            var revision = 1
            var revised = Date.distantPast
        }

        let state = Mutex(State())
    }

    init() throws {
        let cloud = Cloud()
        server = try LoopbackServer { request, connection in
            let (status, answer) = cloud.state.withLock { Self.answer(request.message, &$0) }
            connection.respond(status, headers: [("Content-Type", "application/json")], body: answer.text())
        }
        self.cloud = cloud
        port = server.port
    }

    private static func answer(_ message: WireMessage, _ state: inout Cloud.State) -> (Int, JSONValue) {
        let body = try? JSONValue(parsing: message.body)
        if message.target.contains("/secrets/") {
            if let value = body?["payload"]?["data"]?.string {
                state.values.append(value)
                state.made = .now
            }
            guard let last = state.values.last else {
                return (404, ["error": ["code": 404, "message": "no versions", "status": "NOT_FOUND"]])
            }
            var version: JSONObject = [
                "name": .string("projects/1/secrets/key/versions/\(state.values.count)"),
                "createTime": .string(state.made.rfc3339),
            ]
            if message.target.hasSuffix(":access") { version["payload"] = ["data": .string(last)] }
            return (200, .object(version))
        }
        if message.target.contains("/revisions/") { return (200, ["createTime": .string(state.revised.rfc3339)]) }
        if message.method == "PATCH" {
            (state.served, state.revision, state.revised) = (state.values.last, state.revision + 1, .now)
            return (200, ["name": "operations/1", "done": true])
        }
        let variable: JSONValue = [
            "name": "KEY", "valueSource": ["secretKeyRef": ["secret": "key", "version": "latest"]],
        ]
        let revision = JSONValue.string("web-\(state.revision)")
        return (
            200,
            [
                "etag": .string("e\(state.revision)"),
                "template": ["containers": [["image": "web", "env": [variable]]]],
                "latestCreatedRevision": revision, "latestReadyRevision": revision,
            ]
        )
    }

    /// Flags of `ork-create`.
    var flags: [String] {
        let settings = "project=acme,name=key,services=europe-west1/web,create=true"
        let url = "http://127.0.0.1:\(port)"
        return [
            "--to", "cloud=google-secret@2:\(settings),url=\(url)/v1,run_url=\(url)/v2",
            "--target-env", "cloud:GOOGLE_OAUTH_ACCESS_TOKEN",
        ]
    }

    var service: SentinelRules.Service {
        SentinelRules.Service(
            program: "ork-publisher-google-secret", variable: "GOOGLE_OAUTH_ACCESS_TOKEN",
            token: Sentinel("Google token", token), port: port, wrapping: (#""data":""#, #"""#), isBase64: true)
    }

    /// What the secret's newest version holds.
    var held: Secret? { cloud.state.withLock { Self.value($0.values.last) } }

    /// What the service's newest revision began with.
    var served: Secret? { cloud.state.withLock { Self.value($0.served) } }

    private static func value(_ text: String?) -> Secret? {
        text.flatMap { Data(base64Encoded: $0) }.map { Secret(Array($0)) }
    }
}
