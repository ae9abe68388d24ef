import FoundationEssentials
import GitHubSandbox
import HTTP
import JSON
import Secrets
import Testing

/// Requests to a GitHub and what it answered, as lines that `validate.py` reads.
struct Transcript {
    private var fixture = GitHubSandboxFixture()
    private let version: String
    private var exchanges: [JSONValue] = []

    var lines: String { exchanges.map { $0.text() + "\n" }.joined() }
    var statuses: [Int] { exchanges.compactMap { $0["status"]?.integer } }

    /// Every operation that the sandbox serves, in every kind of answer that it gives.
    static func ofEverything(_ version: String) throws -> Transcript {
        var transcript = Transcript(version: version)
        try transcript.lookAround()
        for (list, _, _, more) in SecretsTests.lists { try transcript.keepSecrets(list, more) }
        for (list, _, more) in VariablesTests.lists { try transcript.keepVariables(list, more) }
        try transcript.beRefused()
        return transcript
    }

    private init(version: String) { self.version = version }

    private mutating func ask(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil, as token: Secret? = nil
    ) throws {
        let answer = try fixture.ask(method, path, body, as: token, headers: [("x-github-api-version", version)])
        exchanges.append([
            "version": .string(version), "method": .string(method.rawValue), "path": .string(path),
            "status": .number(JSONNumber(answer.status)), "request": body ?? .null, "response": answer.json ?? .null,
        ])
    }

    private mutating func lookAround() throws {
        for path in [
            "/user", "/rate_limit", "/orgs/acme", "/repos/acme/web", "/repos/acme/open",
            "/repos/acme/web/environments", "/repos/acme/web/environments?per_page=1&page=2",
            "/repos/acme/web/environments/eu%2Fwest", "/repos/acme/open/environments",
        ] {
            try ask(.get, path)
        }
    }

    private mutating func keepSecrets(_ list: String, _ more: JSONObject) throws {
        try ask(.get, list + "/public-key")
        try ask(.get, list)
        let body = try fixture.sealed("x", for: list, more)
        for _ in 0..<2 { try ask(.put, list + "/KEY", body) }
        if more["visibility"] != nil {
            let ids: JSONValue = [.number(JSONNumber(fixture.web)), .number(JSONNumber(fixture.open))]
            let chosen = more.with("visibility", "selected").with("selected_repository_ids", ids)
            try ask(.put, list + "/KEY", fixture.sealed("x", for: list, chosen))
        }
        try keep(list, isSelected: more["visibility"] != nil)
    }

    private mutating func keepVariables(_ list: String, _ more: JSONObject) throws {
        let body = more.with("name", "KEY").with("value", "x")
        for _ in 0..<2 { try ask(.post, list, .object(body)) }
        try ask(.patch, list + "/KEY", ["value": "y"])
        try keep(list, isSelected: more["visibility"] != nil)
    }

    /// What secrets and variables have in common, once there is one.
    private mutating func keep(_ list: String, isSelected: Bool) throws {
        try ask(.get, list)
        try ask(.get, list + "?per_page=1&page=1")
        try ask(.get, list + "/KEY")
        if isSelected {
            let ids: JSONValue = [.number(JSONNumber(fixture.web))]
            try ask(.get, list + "/KEY/repositories")
            try ask(.put, list + "/KEY/repositories", ["selected_repository_ids": ids])
            try ask(.put, list + "/KEY/repositories/\(fixture.open)")
            try ask(.delete, list + "/KEY/repositories/\(fixture.open)")
        }
        try ask(.delete, list + "/KEY")
        try ask(.get, list + "/KEY")
    }

    private mutating func beRefused() throws {
        let list = "/repos/acme/web/actions/secrets"
        let body = try fixture.sealed("x", for: list)
        let workflow = fixture.github.addToken(.actions(repository: "acme/web"))
        let reader = fixture.github.addToken(.fineGrained([.secrets: .read]))
        try ask(.put, list + "/GITHUB_KEY", body)
        try ask(.put, list + "/KEY", body, as: workflow)
        try ask(.put, list + "/KEY", body, as: reader)
        try ask(.put, list + "/KEY", body, as: Secret("ghp_none"))
        try ask(.get, "/repos/acme/none")
        try ask(.get, "/orgs/nobody")
        let organisation = "/orgs/acme/codespaces/secrets"
        let choice: JSONObject = ["visibility": "selected", "selected_repository_ids": [1]]
        try ask(.put, organisation + "/KEY", fixture.sealed("x", for: organisation, choice))
        fixture.github.renameRepository("acme/web", to: "acme/site")
        try ask(.get, "/repos/acme/web")
        fixture.github.primaryLimit = 0
        try ask(.get, "/user")
    }
}
