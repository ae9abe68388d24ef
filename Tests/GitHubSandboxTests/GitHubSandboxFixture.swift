import FoundationEssentials
import GitHubSandbox
import HTTP
import JSON
import Secrets
import Sodium
import Testing

/// What came back, read.
struct Answer {
    let response: HTTPResponse

    var status: Int { response.status }
    var json: JSONValue? { try? JSONValue(parsing: response.body) }
    var message: String? { json?["message"]?.string }
    subscript(header name: String) -> String? { response[header: name] }
    subscript(member name: String) -> JSONValue? { json?[name] }
}

/// A GitHub with the private repository `acme/web`, its environment `production` and the public one `acme/open`.
struct GitHubSandboxFixture {
    var github = GitHubSandbox()
    var now = Date(timeIntervalSince1970: 1_790_000_000.25)
    let web: Int
    let open: Int

    init() {
        web = github.addRepository("acme/web", environments: ["production", "eu/west"], at: now)
        open = github.addRepository("acme/open", isPrivate: false, at: now)
    }

    /// Asks for a path below `/github`, with the token that may do everything or with another.
    mutating func ask(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil, as token: Secret? = nil,
        headers: [(name: String, value: String)] = []
    ) throws -> Answer {
        let request = HTTPRequest(
            method, try HTTPURL("http://127.0.0.1:8899/github" + path), headers: [("user-agent", "ork")] + headers,
            bearer: token ?? github.token, body: body?.bytes())
        return Answer(response: github.answer(request, at: now))
    }

    /// The body that writes a secret to a list of secrets.
    mutating func sealed(_ text: String, for list: String, _ more: JSONObject = [:]) throws -> JSONValue {
        let key = try ask(.get, list + "/public-key")
        let encoded = try #require(key[member: "key"]?.string)
        let bytes = try #require(Data(base64Encoded: encoded))
        let box = try BoxKeyPair.seal(Secret(text), to: Array(bytes))
        var body = more
        body["encrypted_value"] = .string(Data(box).base64EncodedString())
        body["key_id"] = key[member: "key_id"]
        return .object(body)
    }

    /// Writes a secret, and returns what was answered.
    mutating func put(
        _ name: String, _ text: String, to list: String, _ more: JSONObject = [:], as token: Secret? = nil
    ) throws -> Answer {
        try ask(.put, list + "/" + name, sealed(text, for: list, more), as: token)
    }

    mutating func wait(_ seconds: TimeInterval) { now.addTimeInterval(seconds) }
}
