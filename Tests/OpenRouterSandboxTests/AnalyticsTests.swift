import FoundationEssentials
import HTTP
import JSON
import OpenRouterSandbox
import Secrets
import TestSupport
import Testing
import Timestamps

@Suite(.tags(.values)) struct AnalyticsTests {
    private var sandbox = Sandbox()
    private let now: Date

    init() throws { now = try .at("2026-11-23T12:00:30Z") }

    private func question(_ hash: String) -> JSONValue {
        [
            "metrics": ["request_count"], "granularity": "minute",
            "filters": [["field": "api_key_id", "operator": "eq", "value": .string(hash)]],
            "time_range": ["start": "2026-11-23T11:00:00Z", "end": "2026-11-23T13:00:00Z"],
        ]
    }

    @Test mutating func callsAreCountedByTheMinute() throws {
        let (key, hash) = sandbox.addKey(name: "a")
        sandbox.use(sandbox.addKey(name: "b").hash, cost: 1, at: now)
        for seconds in [0, 1, 31] {
            _ = try sandbox.chat(key, model: "x:free", at: now.addingTimeInterval(TimeInterval(seconds)))
        }
        let answer = try sandbox.manage(.post, "/analytics/query", question(hash), at: now.addingTimeInterval(60))
        #expect(
            answer.data?["data"] == [
                ["date__minute": "2026-11-23T12:00:00.000Z", "request_count": 2],
                ["date__minute": "2026-11-23T12:01:00.000Z", "request_count": 1],
            ])
        #expect(answer.data?["metadata"]?["truncated"] == false)
        #expect(answer.data?["warnings"] == nil)
        #expect(answer.data?["cachedAt"]?.integer == Int(now.timeIntervalSince1970 + 60) * 1000)
    }

    @Test mutating func anUnknownHashBringsNoRowsAndAWarning() throws {
        let stranger = sandbox.addAccount()
        let hash = sandbox.addKey(name: "a").hash
        sandbox.use(hash, cost: 1, at: now)
        for (bearer, hash) in [(sandbox.managementKey, String(repeating: "0", count: 64)), (stranger, hash)] {
            let answer = try sandbox.ask(.post, "/analytics/query", as: bearer, question(hash), at: now)
            #expect(answer.status == 200)
            #expect(answer.data?["data"] == [])
            #expect(answer.data?["warnings"]?.array?.count == 1)
        }
    }

    @Test mutating func aCutAnswerSaysSo() throws {
        let hash = sandbox.addKey(name: "a").hash
        for minute in 0..<3 { sandbox.use(hash, cost: 1, at: now.addingTimeInterval(TimeInterval(60 * minute))) }
        var body = try #require(question(hash).object)
        body["limit"] = 2
        let answer = try sandbox.manage(.post, "/analytics/query", .object(body), at: now.addingTimeInterval(600))
        #expect(answer.data?["data"]?.array?.count == 2)
        #expect(answer.data?["metadata"]?["truncated"] == true)
    }

    @Test mutating func groupsShowNamesAndCountsMayBeText() throws {
        sandbox.behaviour.writesCountsAsStrings = true
        sandbox.use(sandbox.addKey(name: "a").hash, cost: 1, at: now)
        let body: JSONValue = ["metrics": ["request_count"], "dimensions": ["api_key_id"]]
        let answer = try sandbox.manage(.post, "/analytics/query", body, at: now)
        #expect(answer.data?["data"] == [["api_key_id": "a", "request_count": "1"]])
    }

    @Test mutating func useShowsAfterTheLag() throws {
        sandbox.behaviour.usageLag = 30
        let hash = sandbox.addKey(name: "a").hash
        sandbox.use(hash, cost: 1, at: now)
        #expect(try sandbox.manage(.post, "/analytics/query", question(hash), at: now).data?["data"] == [])
        let later = now.addingTimeInterval(30)
        #expect(
            try sandbox.manage(.post, "/analytics/query", question(hash), at: later).data?["data"]?.array?.count == 1)
    }

    @Test mutating func anAccountMayHaveNoAnalytics() throws {
        sandbox.behaviour.refusesAnalytics = true
        let hash = sandbox.addKey(name: "a").hash
        #expect(try sandbox.manage(.post, "/analytics/query", question(hash), at: now).status == 403)
    }

    @Test mutating func activityKnowsNothingOfToday() throws {
        let hash = sandbox.addKey(name: "a").hash
        sandbox.use(hash, cost: 1, at: now)
        #expect(try sandbox.manage(.get, "/activity?api_key_hash=" + hash, at: now).data == [])
        let tomorrow = now.addingTimeInterval(86400)
        let rows = try sandbox.manage(.get, "/activity?api_key_hash=" + hash, at: tomorrow).data?.array
        #expect(rows?.map { $0["date"] } == ["2026-11-23"])
        #expect(rows?.map { $0["requests"] } == [1])
        #expect(try sandbox.manage(.get, "/activity?api_key_hash=00", at: tomorrow).status == 404)
    }

    @Test mutating func theListsThatNameKeysArePaged() throws {
        let hash = sandbox.addKey(name: "a").hash
        let hashes = (0..<60).map { sandbox.addKey(name: "\($0)").hash }
        for hash in hashes { sandbox.addGuardrail("g", assignedTo: [hash]) }
        sandbox.addProviderKey("p", allowing: [hash])
        sandbox.addDestination("d", observing: nil)
        let first = try sandbox.manage(.get, "/guardrails/assignments/keys", at: now)
        #expect(first.data?.array?.count == 50)
        #expect(first.json["total_count"] == 60)
        let second = try sandbox.manage(.get, "/guardrails/assignments/keys?offset=50&limit=100", at: now)
        #expect(second.data?.array?.map { $0["key_hash"]?.string } == Array(hashes.suffix(10)))
        #expect(try sandbox.manage(.get, "/guardrails?limit=101", at: now).status == 400)
        let provider = try sandbox.manage(.get, "/byok", at: now).data?.array?.first
        #expect(provider?["allowed_api_key_hashes"] == [.string(hash)])
        let destination = try sandbox.manage(.get, "/observability/destinations", at: now).data?.array?.first
        #expect(destination?["api_key_hashes"] == .null)
    }
}

extension AnalyticsTests {
    @Test(
        "the minute is served for the last three hours, and the hour beyond",
        arguments: [
            ("minute", "2026-11-23T09:00:30Z", "2026-11-23T12:00:30Z", 200),
            ("minute", "2026-11-23T09:00:29Z", "2026-11-23T12:00:30Z", 400),
            ("minute", "2026-11-23T08:00:00Z", "2026-11-23T09:00:00Z", 400),
            ("hour", "2026-11-22T09:00:00Z", "2026-11-23T12:00:30Z", 200),
        ])
    func reach(granularity: String, start: String, end: String, status: Int) throws {
        var sandbox = Sandbox()
        let body: JSONValue = [
            "metrics": ["request_count"], "granularity": .string(granularity),
            "time_range": ["start": .string(start), "end": .string(end)],
        ]
        let now = try Date.at("2026-11-23T12:00:30Z")
        #expect(try sandbox.manage(.post, "/analytics/query", body, at: now).status == status)
    }

    @Test func moreThan64QuestionsInAMinuteAreTooMany() throws {
        var sandbox = Sandbox()
        let now = try Date.at("2026-11-23T12:00:30Z")
        let body: JSONValue = ["metrics": ["request_count"]]
        for _ in 0..<64 { #expect(try sandbox.manage(.post, "/analytics/query", body, at: now).status == 200) }
        #expect(try sandbox.manage(.post, "/analytics/query", body, at: now).status == 429)
        #expect(try sandbox.manage(.post, "/analytics/query", body, at: now + 60).status == 200)
    }
}
