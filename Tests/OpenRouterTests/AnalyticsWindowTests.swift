import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import TestSupport
import Testing
import Timestamps

@Suite(.tags(.values)) struct AnalyticsWindowTests {
    /// What is asked of the time from `start` on, where now is 03:00:00 on the 23rd.
    struct Window: CustomTestStringConvertible, Sendable {
        let start: String
        var isClosed = true
        let granularity: String
        let asked: String

        var testDescription: String { "\(start), \(isClosed ? "closed" : "open")" }
    }

    static let windows = [
        Window(start: "2026-11-23T00:06:00Z", granularity: "minute", asked: "2026-11-23T00:06:00Z"),
        Window(start: "2026-11-23T00:06:00Z", isClosed: false, granularity: "minute", asked: "2026-11-23T00:06:00Z"),
        // Nearly three hours: the service's clock may be ahead.
        Window(start: "2026-11-23T00:04:00Z", granularity: "hour", asked: "2026-11-23T00:00:00Z"),
        Window(start: "2026-11-22T03:10:00Z", granularity: "hour", asked: "2026-11-22T03:00:00Z"),
        Window(start: "2026-11-22T03:10:00Z", isClosed: false, granularity: "hour", asked: "2026-11-22T04:00:00Z"),
        Window(start: "2026-11-22T03:00:00Z", isClosed: false, granularity: "hour", asked: "2026-11-22T03:00:00Z"),
        Window(start: "2026-10-23T03:00:00Z", granularity: "hour", asked: "2026-10-23T03:00:00Z"),
        Window(start: "2026-09-23T03:10:00Z", granularity: "day", asked: "2026-09-23T00:00:00Z"),
        Window(start: "2026-09-23T03:10:00Z", isClosed: false, granularity: "day", asked: "2026-09-24T00:00:00Z"),
    ]

    @Test("a window is asked for in buckets that the service has, and begins with a whole one", arguments: windows)
    func buckets(window: Window) throws {
        let start = try #require(Date(rfc3339: window.start))
        let call = try Sample.management().requestCounts(
            Sample.hash(), from: start, to: Sample.now, isClosed: window.isClosed)
        let body = try JSONValue(parsing: call.request.body ?? [])
        #expect(body["granularity"]?.string == window.granularity)
        #expect(body["time_range"] == ["start": .string(window.asked), "end": "2026-11-23T03:00:00Z"])
    }

    @Test(
        "a pause is what is sure to lie between two hours with use",
        arguments: [([], 0), ([0], 0), ([0, 1, 2], 0), ([0, 1, 9, 11], 7), ([11, 9, 1, 0], 7)] as [([Int], Int)])
    func pauses(hours: [Int], pause: Int) {
        let habit = KeyHabit(hours: hours.map { Sample.now.addingTimeInterval(TimeInterval(3600 * $0)) })
        #expect(habit.longestPause == TimeInterval(3600 * pause))
    }

    @Test("the hours of use are read under either name, and an answer about other keys is none")
    func habit() throws {
        func answer(_ rows: [JSONValue], warnings: [JSONValue] = []) throws -> KeyHabit? {
            let data: JSONValue = [
                "data": .array(rows), "warnings": .array(warnings),
                "metadata": ["query_time_ms": 1, "row_count": .init(integerLiteral: rows.count), "truncated": false],
            ]
            let query: JSONValue = [
                "metrics": ["request_count"], "granularity": "hour",
                "filters": [["field": "api_key_id", "operator": "eq", "value": .string(Sample.hashText)]],
                "time_range": ["start": "2026-10-24T03:00:00Z", "end": "2026-11-23T03:00:00Z"],
            ]
            let stub = Stub(.post, "/analytics/query", body: query, ["data": data])
            return try Sample.send(stub, Sample.management().habit(of: Sample.hash(), at: Sample.now))
        }
        let rows: [JSONValue] = [
            ["date__hour": "2026-11-22T07:00:00.000Z", "request_count": "2"],
            ["created_at__hour": "2026-11-22T03:00:00.000Z", "request_count": 1],
            ["date__hour": "2026-11-22T09:00:00.000Z", "request_count": 0],
        ]
        #expect(try answer(rows)?.longestPause == 3 * 3600)
        #expect(try answer([])?.hours.isEmpty == true)
        #expect(try answer(rows, warnings: ["Could not resolve"]) == nil)
    }
}
