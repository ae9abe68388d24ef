import FoundationEssentials
import HTTP
import JSON
import OpenRouterSandbox
import Secrets
import TestSupport
import Testing
import Timestamps

@Suite(.tags(.values)) struct InferenceTests {
    private var sandbox = Sandbox()
    private let now: Date

    init() throws { now = try .at("2026-11-23T12:00:00Z") }

    @Test mutating func aCallCostsAndCounts() throws {
        let (key, hash) = sandbox.addKey(name: "a", limit: 1)
        #expect(try sandbox.chat(key, at: now).json["usage"]?["cost"]?.number?.text == "0.0005")
        let data = try sandbox.manage(.get, "/keys/" + hash, at: now).data
        for field in ["usage", "usage_daily", "usage_weekly", "usage_monthly"] {
            #expect(data?[field]?.number?.text == "0.0005")
        }
        #expect(data?["limit_remaining"]?.number?.text == "0.9995")
        #expect(data?["last_used_at"] == "2026-11-23T12:00:00Z")
        #expect(try sandbox.manage(.get, "/credits", at: now).data?["total_usage"]?.number?.text == "0.0005")
    }

    @Test mutating func aFreeModelIsSeenInTimesAndCountsOnly() throws {
        let (key, hash) = sandbox.addKey(name: "a")
        #expect(try sandbox.chat(key, model: "meta/llama:free", at: now).status == 200)
        let data = try sandbox.manage(.get, "/keys/" + hash, at: now).data
        #expect(data?["usage"] == 0)
        #expect(data?["last_used_at"] == "2026-11-23T12:00:00Z")
        let current = try sandbox.ask(.get, "/key", as: key, at: now).data
        #expect(current?["usage"] == 0)
        #expect(current?["free_model_daily_requests"]?["used"] == 1)
    }

    @Test("a key without allowance cannot spend", arguments: [403, 402])
    mutating func exhausted(status: Int) throws {
        sandbox.behaviour.exhaustedStatus = status
        let (key, hash) = sandbox.addKey(name: "a", limit: 0)
        #expect(try sandbox.chat(key, at: now).status == status)
        #expect(try sandbox.ask(.get, "/key", as: key, at: now).data?["limit_remaining"] == 0)
        #expect(sandbox.key(hash)?.uses.isEmpty == true)
        sandbox.setLimit(hash, Money("0.0005"), at: now)
        #expect(try sandbox.chat(key, at: now).status == 200)
        #expect(try sandbox.chat(key, at: now).status == status)
        sandbox.setLimit(hash, nil, at: now)
        #expect(try sandbox.chat(key, at: now).status == 200)
    }

    @Test mutating func anAccountWithoutCreditsCannotSpend() throws {
        let key = sandbox.addKey(name: "a").key
        sandbox.setCredits(0)
        #expect(try sandbox.chat(key, at: now).status == 402)
        #expect(try sandbox.chat(key, model: "meta/llama:free", at: now).status == 200)
    }

    @Test(
        "a limit begins anew when its period turns",
        arguments: [
            (Period.daily, "2026-11-23T23:59:59Z", 0), (.daily, "2026-11-24T00:00:00Z", 5),
            (.weekly, "2026-11-29T23:59:59Z", 0), (.weekly, "2026-11-30T00:00:00Z", 5),
            (.monthly, "2026-11-30T23:59:59Z", 0), (.monthly, "2026-12-01T00:00:00Z", 5),
            (nil, "2027-12-01T00:00:00Z", 0),
        ] as [(Period?, String, Int)])
    mutating func reset(period: Period?, time: String, remaining: Int) throws {
        let (key, hash) = sandbox.addKey(name: "a", limit: 5, limitReset: period)
        sandbox.use(hash, cost: 5, at: now)
        let later = try Date.at(time)
        let data = try sandbox.manage(.get, "/keys/" + hash, at: later).data
        #expect(data?["limit_remaining"]?.integer == remaining)
        #expect(data?["usage"] == 5)
        if let period { #expect(data?["usage_" + period.rawValue]?.integer == 5 - remaining) }
        #expect(try sandbox.chat(key, at: later).status == (remaining == 0 ? 403 : 200))
    }

    @Test("what another provider charged counts where it was told to", arguments: [(true, 1), (false, 3)])
    mutating func byok(included: Bool, remaining: Int) throws {
        let hash = sandbox.addKey(name: "a", limit: 5, includesBYOK: included).hash
        sandbox.use(hash, cost: 2, byokCost: 2, at: now)
        let data = try sandbox.manage(.get, "/keys/" + hash, at: now).data
        #expect(data?["limit_remaining"]?.integer == remaining)
        #expect(data?["byok_usage_monthly"] == 2)
    }

    @Test mutating func useShowsAfterTheLagWhileLimitsHoldAtOnce() throws {
        sandbox.behaviour.usageLag = 30
        let (key, hash) = sandbox.addKey(name: "a", limit: Money("0.0005"))
        #expect(try sandbox.chat(key, at: now).status == 200)
        #expect(try sandbox.chat(key, at: now).status == 403)
        let early = now.addingTimeInterval(29)
        #expect(try sandbox.manage(.get, "/keys/" + hash, at: early).data?["usage"] == 0)
        #expect(try sandbox.manage(.get, "/keys/" + hash, at: early).data?["last_used_at"] == .null)
        let late = now.addingTimeInterval(30)
        #expect(try sandbox.manage(.get, "/keys/" + hash, at: late).data?["usage"]?.number?.text == "0.0005")
        #expect(try sandbox.manage(.get, "/keys/" + hash, at: late).data?["last_used_at"] == "2026-11-23T12:00:00Z")
    }

    @Test mutating func inferenceLearnsOfChangesLate() throws {
        sandbox.behaviour.propagation = 10
        let created = try sandbox.manage(.post, "/keys", ["name": "a"], at: now)
        let key = Secret(try #require(created.json["key"]?.string))
        let hash = try #require(created.data?["hash"]?.string)
        func status(after seconds: TimeInterval, _ sandbox: inout Sandbox) throws -> Int {
            try sandbox.ask(.get, "/key", as: key, at: now.addingTimeInterval(seconds)).status
        }
        #expect(try sandbox.manage(.get, "/keys/" + hash, at: now).status == 200)
        #expect(try status(after: 9, &sandbox) == 401)
        #expect(try status(after: 10, &sandbox) == 200)

        _ = try sandbox.manage(.patch, "/keys/" + hash, ["disabled": true], at: now.addingTimeInterval(20))
        #expect(try sandbox.manage(.get, "/keys/" + hash, at: now.addingTimeInterval(20)).data?["disabled"] == true)
        #expect(try status(after: 29, &sandbox) == 200)
        #expect(try sandbox.chat(key, at: now.addingTimeInterval(29)).status == 200)
        #expect(try status(after: 30, &sandbox) == 401)

        _ = try sandbox.manage(.patch, "/keys/" + hash, ["disabled": false], at: now.addingTimeInterval(40))
        #expect(try status(after: 50, &sandbox) == 200)
        _ = try sandbox.manage(.delete, "/keys/" + hash, at: now.addingTimeInterval(60))
        #expect(try sandbox.manage(.get, "/keys/" + hash, at: now.addingTimeInterval(60)).status == 404)
        #expect(try status(after: 69, &sandbox) == 200)
        #expect(try status(after: 70, &sandbox) == 401)
    }

    @Test mutating func aKeyEndsAtItsTimeWhateverThePropagation() throws {
        sandbox.behaviour.propagation = 10
        let key = sandbox.addKey(name: "a", expiresAt: now.addingTimeInterval(1)).key
        #expect(try sandbox.chat(key, at: now).status == 200)
        #expect(try sandbox.chat(key, at: now.addingTimeInterval(1)).status == 401)
    }

    @Test mutating func aKeyDescribesItselfWithoutHashAndName() throws {
        let (key, hash) = sandbox.addKey(name: "checkout", limit: 10, limitReset: .monthly)
        let data = try #require(try sandbox.ask(.get, "/key", as: key, at: now).data)
        #expect(data["is_management_key"] == false)
        #expect(data["effective_budget"]?["resets_at"] == "2026-12-01T00:00:00Z")
        #expect(!data.text().contains(hash))
        #expect(!data.text().contains("checkout"))
        let management = try sandbox.ask(.get, "/key", as: sandbox.managementKey, at: now)
        #expect(management.data?["is_management_key"] == true)
        #expect(try sandbox.chat(sandbox.managementKey, at: now).status == 403)
    }

    @Test(
        "a call that is none is refused",
        arguments: [#"{}"#, #"{"model": "a"}"#, #"{"model": "a", "messages": []}"#, #"{"messages": [{}]}"#])
    mutating func invalid(body: String) throws {
        let (key, hash) = sandbox.addKey(name: "a")
        let answer = try sandbox.ask(
            .post, "/chat/completions", as: key, JSONValue(parsing: body.utf8), at: now)
        #expect(answer.status == 400)
        #expect(sandbox.key(hash)?.uses.isEmpty == true)
    }
}
