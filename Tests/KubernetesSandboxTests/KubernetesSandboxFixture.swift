import FoundationEssentials
import HTTP
import JSON
import KubernetesSandbox
import Secrets

/// What came back, read.
struct Answer {
    let response: HTTPResponse

    var status: Int { response.status }
    var json: JSONValue? { try? JSONValue(parsing: response.body) }
    var reason: String? { json?["reason"]?.string }
    var message: String? { json?["message"]?.string }
}

/// A cluster with a secret and one workload of each kind, of two pods.
struct KubernetesSandboxFixture {
    var cluster = KubernetesSandbox()
    var now = Date(timeIntervalSince1970: 1_790_000_000.25)

    static let secrets = "/api/v1/namespaces/default/secrets"
    static let app = secrets + "/app"
    static let deployment = "/apis/apps/v1/namespaces/default/deployments/web"

    init() {
        cluster.addSecret("app", [("KEY", "one"), ("OTHER", "two")], labels: ["tier": "web"])
        for resource in [Resource.deployments, .statefulsets, .daemonsets] { cluster.addWorkload(resource, "web") }
    }

    /// Asks for a path below `/kubernetes`, with the token that may do everything or with another.
    @discardableResult
    mutating func ask(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil, type: String? = nil,
        as token: Secret? = nil, headers: [(name: String, value: String)] = []
    ) throws -> Answer {
        let url = try HTTPURL("http://127.0.0.1:8899/kubernetes" + path)
        let standard = method == .patch ? "application/merge-patch+json" : "application/json"
        let fields = body == nil ? headers : headers + [("content-type", type ?? standard)]
        return Answer(
            response: cluster.answer(
                HTTPRequest(method, url, headers: fields, bearer: token ?? cluster.token, body: body?.bytes()), at: now)
        )
    }

    /// Asks for a path below `/sandbox/kubernetes`.
    mutating func control(_ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil) throws -> Answer {
        let url = try HTTPURL("http://127.0.0.1:8899/sandbox/kubernetes/" + path)
        let fields = [(name: "content-type", value: "application/json")]
        return Answer(
            response: cluster.control(HTTPRequest(method, url, headers: fields, body: body?.bytes()), at: now))
    }

    /// A secret to make.
    static func secret(_ name: String, _ data: JSONValue = ["KEY": "b25l"]) -> JSONValue {
        ["apiVersion": "v1", "kind": "Secret", "metadata": ["name": .string(name)], "data": data]
    }

    static let restart: JSONValue = ["spec": ["template": ["metadata": ["annotations": ["at": "now"]]]]]
}
