import FoundationEssentials
import HTTP
import JSON
import OpenRouterSandbox
import Secrets
import Testing
import Timestamps

/// What came back, read.
struct Answer {
    let status: Int
    let json: JSONValue

    var data: JSONValue? { json["data"] }
    var message: String? { json["error"]?["message"]?.string }
    /// The names in a list, in its order.
    var names: [String] { data?.array?.compactMap { $0["name"]?.string } ?? [] }
}

extension Sandbox {
    /// Asks for a path below `/api/v1`.
    mutating func ask(
        _ method: HTTPRequest.Method, _ path: String, as bearer: Secret?, _ body: JSONValue? = nil, at now: Date
    ) throws -> Answer {
        try ask(method, path, as: bearer, bytes: body?.bytes(), at: now)
    }

    /// Asks with a body that need not be JSON.
    mutating func ask(
        _ method: HTTPRequest.Method, _ path: String, as bearer: Secret?, bytes: [UInt8]?, at now: Date
    ) throws -> Answer {
        let url = try HTTPURL("http://127.0.0.1/api/v1" + path)
        let response = answer(HTTPRequest(method, url, bearer: bearer, body: bytes), at: now)
        return Answer(
            status: response.status, json: response.body.isEmpty ? nil : try JSONValue(parsing: response.body))
    }

    /// Asks with the first account's management key.
    mutating func manage(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil, at now: Date
    ) throws -> Answer {
        try ask(method, path, as: managementKey, body, at: now)
    }

    /// The first account's default workspace.
    var home: String { accounts[0].workspaces[0].id }

    /// One chat completion.
    mutating func chat(_ bearer: Secret?, model: String = "openai/gpt-4o", at now: Date) throws -> Answer {
        let body: JSONValue = ["model": .string(model), "messages": [["role": "user", "content": "hello"]]]
        return try ask(.post, "/chat/completions", as: bearer, body, at: now)
    }
}

extension Date {
    /// A time from a literal that the test knows to be right.
    static func at(_ text: String) throws -> Date { try #require(Date(rfc3339: text)) }
}
