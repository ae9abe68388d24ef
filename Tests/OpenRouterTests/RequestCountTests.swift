import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import TestSupport
import Testing

@Suite(.tags(.values)) struct RequestCountTests {
    private static let milliseconds = Int(Sample.now.timeIntervalSince1970) * 1000

    private func send(_ data: JSONValue) throws -> RequestCount {
        try Sample.send(stub(data), call())
    }

    private func call() throws -> APICall<RequestCount> {
        try Sample.management().requestCounts(
            Sample.hash(), from: Sample.now - 600.5, to: Sample.now - 0.5, isClosed: true)
    }

    private func stub(_ data: JSONValue) -> Stub {
        let query: JSONValue = [
            "metrics": ["request_count"], "granularity": "minute",
            "filters": [["field": "api_key_id", "operator": "eq", "value": .string(Sample.hashText)]],
            "time_range": ["start": "2026-11-23T02:49:59Z", "end": "2026-11-23T03:00:00Z"],
        ]
        return Stub(.post, "/analytics/query", body: query, ["data": data])
    }

    private static func data(
        _ rows: [JSONValue], count: JSONValue? = nil, truncated: Bool = false, _ more: [String: JSONValue] = [:]
    ) -> JSONValue {
        var object: JSONObject = [
            "data": .array(rows),
            "metadata": [
                "query_time_ms": .number("4.2"), "row_count": count ?? .init(integerLiteral: rows.count),
                "truncated": .bool(truncated),
            ],
        ]
        for (key, value) in more { object[key] = value }
        return .object(object)
    }

    @Test func theQueryMayBeSentAgain() throws {
        #expect(try call().request.isIdempotent)
    }

    @Test(
        "rows are added up",
        arguments: [
            (data([]), 0),
            (data([["request_count": 3]]), 3),
            (data([["request_count": "3"], ["request_count": 4, "date__minute": "x"]], count: "2"), 7),
            (data([["request_count": .number("1e2")]]), 100),
            (data([["request_count": 1]], ["warnings": [], "cachedAt": .init(integerLiteral: milliseconds)]), 1),
            (data([["request_count": 1]], ["warnings": nil, "cachedAt": nil]), 1),
            (data([], ["cachedAt": .init(integerLiteral: milliseconds / 1000)]), 0),
            (data([], ["cachedAt": .init(integerLiteral: milliseconds - 60_000)]), 0),
        ] as [(JSONValue, Int)])
    func sum(data: JSONValue, expected: Int) throws {
        #expect(try send(data) == .count(expected))
    }

    @Test(
        "a figure that could hide a request is not used",
        arguments: [
            (data([], ["warnings": ["Could not resolve"]]), .warnings),
            (data([["request_count": 3]], truncated: true), .truncated),
            (data([["request_count": 3]], count: 2), .truncated),
            (data([], ["cachedAt": .init(integerLiteral: milliseconds - 62_000)]), .stale),
            (data([], ["cachedAt": .init(integerLiteral: milliseconds / 1000 - 62)]), .stale),
        ] as [(JSONValue, RequestCount.Doubt)])
    func doubt(data: JSONValue, expected: RequestCount.Doubt) throws {
        #expect(try send(data) == .unusable(expected))
    }

    @Test(
        "an answer of another form is an error that names the field",
        arguments: [
            (data([["count": 1]]), "request_count"), (data([["request_count": nil]]), "request_count"),
            (data([["request_count": .number("1.5")]]), "request_count"),
            (data([["request_count": -1]]), "request_count"),
            (data([["request_count": .number("9223372036854775807")], ["request_count": 1]]), "request_count"),
            (["data": []], "metadata"), (["metadata": ["truncated": false, "row_count": 0]], "data"),
            (["data": [], "metadata": ["row_count": 0]], "truncated"),
            (["data": [], "metadata": ["truncated": false]], "row_count"),
            (data([], ["warnings": "none"]), "warnings"), (data([], ["cachedAt": "today"]), "cachedAt"),
        ] as [(JSONValue, String)])
    func oddAnswer(data: JSONValue, field: String) throws {
        let error = try Sample.failure(stub(data), call())
        #expect(error.code == .unexpected)
        #expect(error.message.hasSuffix(" " + field))
    }
}
