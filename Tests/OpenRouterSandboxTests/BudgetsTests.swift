import FoundationEssentials
import HTTP
import JSON
import OpenRouterSandbox
import Secrets
import TestSupport
import Testing

/// What a key may spend, and on whose account.
@Suite(.tags(.values)) struct BudgetsTests {
    private var sandbox = Sandbox()
    private let now: Date

    init() throws { now = try .at("2026-11-23T12:00:00Z") }

    private mutating func scopes(_ key: Secret) throws -> [String] {
        let budgets = try sandbox.ask(.get, "/key", as: key, at: now).data?["budgets"]?.array
        return budgets?.compactMap { $0["scope"]?.string } ?? []
    }

    @Test mutating func everyLayerIsShownInTheOrderOfItsCheck() throws {
        let (key, hash) = sandbox.addKey(name: "a", limit: 100)
        let workspace = try sandbox.manage(.get, "/workspaces/default", at: now).data
        let main = try #require(workspace?["default_guardrail_id"]?.string)
        let limit: JSONValue = ["limit_usd": 50, "reset_interval": "monthly"]
        _ = try sandbox.manage(.patch, "/guardrails/" + main, limit, at: now)
        let own = sandbox.addGuardrail(
            "own", assignedTo: [hash], settings: ["limit_usd": 1, "reset_interval": "daily"])
        let theirs = sandbox.addGuardrail("theirs", assignedTo: [], settings: ["limit_usd": 9])
        let member: JSONValue = ["member_user_ids": [.string(sandbox.accounts[0].user)]]
        _ = try sandbox.manage(.post, "/guardrails/\(theirs)/assignments/members", member, at: now)
        _ = try sandbox.manage(.put, "/workspaces/default/budgets/weekly", ["limit_usd": 20], at: now)
        let all = ["workspace_default_member", "workspace_default_key", "member", "api_key", "workspace", "key_limit"]
        #expect(try scopes(key) == all)
        let least = try sandbox.ask(.get, "/key", as: key, at: now).data?["effective_budget"]
        #expect(least?["guardrail_id"]?.string == own)
        #expect(least?["resets_at"] == "2026-11-24T00:00:00Z")
        sandbox.use(hash, cost: 1, at: now)
        #expect(try sandbox.chat(key, at: now).message == "Guardrail daily budget of $1 exceeded")
        #expect(try sandbox.chat(key, at: now.addingTimeInterval(86400)).status == 200)
    }

    @Test mutating func aGuardrailCountsForEachKeyAndAWorkspaceForAll() throws {
        let (a, b) = (sandbox.addKey(name: "a"), sandbox.addKey(name: "b"))
        sandbox.addGuardrail("g", assignedTo: [a.hash, b.hash], settings: ["limit_usd": 1])
        sandbox.use(a.hash, cost: 1, at: now)
        #expect(try sandbox.chat(a.key, at: now).status == 403)
        #expect(try sandbox.chat(b.key, at: now).status == 200)
        _ = try sandbox.manage(.put, "/workspaces/default/budgets/monthly", ["limit_usd": 1], at: now)
        #expect(try sandbox.chat(b.key, at: now).message == "Workspace monthly budget of $1 exceeded")
        #expect(try sandbox.chat(b.key, model: "a/b:free", at: now).status == 200)
    }

    @Test(
        "a provider's own key is used by the keys that it allows",
        arguments: [(true, "openai/gpt-4o", true), (false, "openai/gpt-4o", false), (true, "anthropic/x", false)])
    mutating func byok(isAllowed: Bool, model: String, isOwn: Bool) throws {
        let (a, b) = (sandbox.addKey(name: "a"), sandbox.addKey(name: "b"))
        sandbox.addProviderKey("own", allowing: [isAllowed ? a.hash : b.hash])
        let id = try sandbox.chat(a.key, model: model, at: now).json["id"]?.string ?? ""
        let shown = try sandbox.manage(.get, "/keys/" + a.hash, at: now).data
        #expect(shown?[isOwn ? "byok_usage" : "usage"]?.number?.text == "0.0005")
        #expect(shown?[isOwn ? "usage" : "byok_usage"] == 0)
        let generation = try sandbox.ask(.get, "/generation?id=" + id, as: b.key, at: now)
        #expect(generation.data?["is_byok"] == .bool(isOwn))
        #expect(try sandbox.ask(.get, "/generation?id=gen-0", as: b.key, at: now).status == 404)
        #expect(try sandbox.ask(.get, "/generation", as: b.key, at: now).status == 400)
    }

    @Test(
        "an account may limit how long a key lives, which is seen when it is used",
        arguments: [(nil, 403), (3601, 403), (3600, 200)] as [(TimeInterval?, Int)])
    mutating func lifetime(seconds: TimeInterval?, status: Int) throws {
        sandbox.behaviour.maximumLifetime = 3600
        let (key, hash) = sandbox.addKey(name: "a", expiresAt: seconds.map { now.addingTimeInterval($0) }, at: now)
        #expect(try sandbox.ask(.get, "/key", as: key, at: now).status == status)
        #expect(try sandbox.chat(key, at: now).status == status)
        #expect(try sandbox.manage(.get, "/keys/" + hash, at: now).status == 200)
    }

    @Test mutating func anAllowlistRefusesEveryKeyFromElsewhere() throws {
        let key = sandbox.addKey(name: "a").key
        sandbox.behaviour.refusesAddress = true
        #expect(try sandbox.ask(.get, "/key", as: key, at: now).status == 403)
        #expect(try sandbox.manage(.get, "/keys", at: now).status == 403)
        #expect(try sandbox.ask(.get, "/keys", as: Secret("sk-or-v1-0"), at: now).status == 401)
    }

    @Test mutating func anApplicationGetsAKeyByOAuthOnce() throws {
        let verifier = "a-verifier"
        let wish: JSONValue = [
            "callback_url": "https://example.com", "code_challenge": "NORfwpEYKakZsuYgaey8PFmACPx5Ikq_PyZGYQ7p8NI",
            "limit": 5, "usage_limit_type": "weekly", "key_label": "app",
        ]
        let code = try sandbox.manage(.post, "/auth/keys/code", wish, at: now).data?["id"] ?? nil
        let exchange: JSONValue = ["code": code, "code_verifier": .string(verifier)]
        #expect(try sandbox.ask(.post, "/auth/keys", as: nil, ["code": code], at: now).status == 403)
        let answer = try sandbox.ask(.post, "/auth/keys", as: nil, exchange, at: now)
        let key = Secret(try #require(answer.json["key"]?.string))
        #expect(try sandbox.ask(.get, "/key", as: key, at: now).data?["limit_reset"] == "weekly")
        #expect(try sandbox.ask(.post, "/auth/keys", as: nil, exchange, at: now).status == 403)
        #expect(try sandbox.manage(.get, "/keys", at: now).names == [])
        #expect(try sandbox.manage(.get, "/keys/" + (sandbox.hash(of: key) ?? ""), at: now).status == 404)
    }
}
