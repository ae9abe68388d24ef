import FoundationEssentials
import HTTP
import JSON
import KubernetesSandbox

/// Requests to a cluster and what it answered, as an array that `validate.py` reads.
struct Transcript {
    private var fixture = KubernetesSandboxFixture()
    private var exchanges: [JSONValue] = []

    var line: String { JSONValue.array(exchanges).text() }
    var statuses: Set<Int> { Set(exchanges.compactMap { $0["status"]?.integer }) }

    private mutating func ask(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil, type: String? = nil
    ) throws {
        let answer = try fixture.ask(method, path, body, type: type)
        exchanges.append([
            "method": .string(method.rawValue), "path": .string(path), "request": body ?? .null,
            "content_type": .string(type ?? (method == .patch ? "application/merge-patch+json" : "application/json")),
            "response": answer.json ?? .null, "status": .number(JSONNumber(answer.status)),
        ])
    }

    /// Every operation, in every kind of answer.
    static func ofEverything() throws -> Transcript {
        var transcript = Transcript()
        for path in ["/api", "/apis", "/api/v1", "/apis/apps", "/apis/apps/v1"] { try transcript.ask(.get, path) }
        try transcript.ask(.get, "/api/v1/namespaces")
        try transcript.ask(.get, "/api/v1/namespaces/default")
        try transcript.visitSecrets()
        for resource in [Resource.deployments, .statefulsets, .daemonsets] { try transcript.visit(resource) }
        return transcript
    }

    private mutating func visitSecrets() throws {
        try ask(
            .post, KubernetesSandboxFixture.secrets + "?fieldManager=transcript&fieldValidation=Strict",
            KubernetesSandboxFixture.secret("new"))
        try ask(.post, KubernetesSandboxFixture.secrets + "?dryRun=All", KubernetesSandboxFixture.secret("newer"))
        try ask(.get, KubernetesSandboxFixture.secrets)
        try ask(.get, KubernetesSandboxFixture.app)
        try ask(
            .patch, KubernetesSandboxFixture.app + "?fieldManager=transcript",
            ["stringData": ["KEY": "two"], "metadata": ["labels": .null]])
        try ask(
            .patch, KubernetesSandboxFixture.app, ["data": ["KEY": "b25l"]],
            type: "application/strategic-merge-patch+json")
        try ask(
            .put, KubernetesSandboxFixture.secrets + "/new", KubernetesSandboxFixture.secret("new", ["KEY": "dHdv"]))
        try ask(.delete, KubernetesSandboxFixture.secrets + "/new")
        for (method, path, body) in [
            (.get, "/none", nil), (.patch, "/none", ["data": [:]]), (.delete, "/none", nil),
            (.post, "", KubernetesSandboxFixture.secret("app")), (.post, "", KubernetesSandboxFixture.secret("a_b")),
            (.patch, "/app", ["data": ["KEY": "%"]]), (.patch, "/app", ["data": ["K Y": "b25l"]]),
            (.patch, "/app", ["metadata": ["resourceVersion": "1"]]),
        ] as [(HTTPRequest.Method, String, JSONValue?)] {
            try ask(method, KubernetesSandboxFixture.secrets + path, body)
        }
        try ask(.get, "/api/v1/pods")
    }

    private mutating func visit(_ resource: Resource) throws {
        let list = "/apis/apps/v1/namespaces/default/\(resource.rawValue)"
        try ask(.patch, list + "/web?fieldManager=transcript", KubernetesSandboxFixture.restart)
        // As it is at each step.
        for _ in 0..<8 {
            try ask(.get, list + "/web")
            fixture.now += fixture.cluster.pace
        }
        try ask(.get, list)
        try ask(.get, list + "/none")
    }
}
