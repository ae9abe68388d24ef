import GitLabSandbox
import HTTP
import JSON
import Testing

/// Requests to a GitLab and what it answered, as an array that `validate.py` reads.
struct Transcript {
    private var fixture = GitLabSandboxFixture()
    private var exchanges: [JSONValue] = []

    var line: String { JSONValue.array(exchanges).text() }
    var statuses: Set<Int> { Set(exchanges.compactMap { $0["status"]?.integer }) }

    private mutating func ask(_ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil) throws {
        let answer = try fixture.ask(method, path, body)
        exchanges.append([
            "method": .string(method.rawValue), "path": .string(path), "request": body ?? .null,
            "response": answer.json ?? .null, "status": .number(JSONNumber(answer.status)),
        ])
    }

    /// Every operation of every place, in every kind of answer.
    static func ofEverything() throws -> Transcript {
        var transcript = Transcript()
        for place in Place.allCases { try transcript.visit(place) }
        return transcript
    }

    private mutating func visit(_ place: Place) throws {
        var full: JSONObject = [
            "key": "FULL", "value": "0123456789", "protected": true, "masked": true, "raw": true,
            "variable_type": "file", "description": "one",
        ]
        if place != .instance { full["environment_scope"] = "production" }
        try ask(.post, place.list, .object(full))
        try ask(.post, place.list, ["key": "BARE", "value": ""])
        if place != .instance {
            try ask(.post, place.list, ["key": "HIDDEN", "value": "0123456789", "masked_and_hidden": true])
            try ask(.get, place.list + "/HIDDEN")
            try ask(.get, place.list + "/FULL?filter%5Benvironment_scope%5D=production")
            try ask(.put, place.list + "/FULL?filter%5Benvironment_scope%5D=production", ["value": "9876543210"])
        }
        try ask(.get, place.list)
        try ask(.get, place.list + "?page=2&per_page=1")
        try ask(.get, place.list + "/FULL")
        full["key"] = nil
        try ask(.put, place.list + "/FULL", .object(full))
        try ask(.put, place.list + "/BARE", ["value": "v"])
        try ask(.delete, place.list + "/FULL")
        for (method, path, body) in [
            (.get, "/NONE", nil), (.put, "/NONE", ["value": "v"]), (.delete, "/NONE", nil),
            (.post, "", ["key": "BARE", "value": "v"]), (.post, "", ["key": "A"]),
        ] as [(HTTPRequest.Method, String, JSONValue?)] {
            try ask(method, place.list + path, body)
        }
    }
}
