import FoundationEssentials
import HTTP
import JSON
import KubernetesSandbox

/// Requests to a cluster and what it answered, as an array that `validate.py` reads.
struct Tour {
    private var world = World()
    private var exchanges: [JSONValue] = []

    var line: String { JSONValue.array(exchanges).text() }
    var statuses: Set<Int> { Set(exchanges.compactMap { $0["status"]?.integer }) }

    private mutating func ask(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil, type: String? = nil
    ) throws {
        let answer = try world.ask(method, path, body, type: type)
        exchanges.append([
            "method": .string(method.rawValue), "path": .string(path), "request": body ?? .null,
            "content_type": .string(type ?? (method == .patch ? "application/merge-patch+json" : "application/json")),
            "response": answer.json ?? .null, "status": .number(JSONNumber(answer.status)),
        ])
    }

    /// Every operation, in every kind of answer.
    static func throughEverything() throws -> Tour {
        var tour = Tour()
        for path in ["/api", "/apis", "/api/v1", "/apis/apps", "/apis/apps/v1"] { try tour.ask(.get, path) }
        try tour.ask(.get, "/api/v1/namespaces")
        try tour.ask(.get, "/api/v1/namespaces/default")
        try tour.visitSecrets()
        for resource in [Resource.deployments, .statefulsets, .daemonsets] { try tour.visit(resource) }
        return tour
    }

    private mutating func visitSecrets() throws {
        try ask(.post, World.secrets + "?fieldManager=tour&fieldValidation=Strict", World.secret("new"))
        try ask(.post, World.secrets + "?dryRun=All", World.secret("newer"))
        try ask(.get, World.secrets)
        try ask(.get, World.app)
        try ask(
            .patch, World.app + "?fieldManager=tour", ["stringData": ["KEY": "two"], "metadata": ["labels": .null]])
        try ask(.patch, World.app, ["data": ["KEY": "b25l"]], type: "application/strategic-merge-patch+json")
        try ask(.put, World.secrets + "/new", World.secret("new", ["KEY": "dHdv"]))
        try ask(.delete, World.secrets + "/new")
        for (method, path, body) in [
            (.get, "/none", nil), (.patch, "/none", ["data": [:]]), (.delete, "/none", nil),
            (.post, "", World.secret("app")), (.post, "", World.secret("a_b")),
            (.patch, "/app", ["data": ["KEY": "%"]]), (.patch, "/app", ["data": ["K Y": "b25l"]]),
            (.patch, "/app", ["metadata": ["resourceVersion": "1"]]),
        ] as [(HTTPRequest.Method, String, JSONValue?)] {
            try ask(method, World.secrets + path, body)
        }
        try ask(.get, "/api/v1/pods")
    }

    private mutating func visit(_ resource: Resource) throws {
        let list = "/apis/apps/v1/namespaces/default/\(resource.rawValue)"
        try ask(.patch, list + "/web?fieldManager=tour", World.restart)
        // As it is at each step.
        for _ in 0..<8 {
            try ask(.get, list + "/web")
            world.now += world.cluster.pace
        }
        try ask(.get, list)
        try ask(.get, list + "/none")
    }
}
