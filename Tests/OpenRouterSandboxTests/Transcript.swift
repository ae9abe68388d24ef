import FoundationEssentials
import HTTP
import JSON
import OpenRouterSandbox
import Secrets
import Testing
import Timestamps

/// Requests to a sandbox and what it answered, as lines that `validate.py` reads.
struct Transcript {
    private var sandbox = Sandbox()
    private var now: Date
    private var exchanges: [JSONValue] = []

    var lines: String { exchanges.map { $0.text() + "\n" }.joined() }
    var statuses: [Int] { exchanges.compactMap { $0["status"]?.integer } }

    private init(at now: Date) { self.now = now }

    @discardableResult
    private mutating func ask(
        _ method: HTTPRequest.Method, _ path: String, as bearer: Secret?, _ body: JSONValue? = nil,
        isForm: Bool = false
    ) throws -> Answer {
        let form = body?.object?.members.map { $0.key + "=" + ($0.value.string ?? "") }.joined(separator: "&")
        let bytes = isForm ? form.map { Array($0.utf8) } : body?.bytes()
        let answer = try sandbox.ask(method, path, as: bearer, bytes: bytes, at: now)
        exchanges.append([
            "method": .string(method.rawValue), "path": .string(path), "request": body ?? .null,
            "response": answer.json, "status": .number(JSONNumber(answer.status)),
        ])
        return answer
    }

    /// Every operation that the sandbox serves, in every kind of answer that it gives.
    static func ofEverything() throws -> Transcript {
        var transcript = Transcript(at: try .at("2026-11-23T12:00:00Z"))
        try transcript.administer()
        try transcript.beRefused()
        return transcript
    }

    private mutating func administer() throws {
        let manager = sandbox.managementKey
        let workspace = try ask(.post, "/workspaces", as: manager, ["name": "Staging", "slug": "staging"])
        let id = try #require(workspace.data?["id"]?.string)
        let bare = try ask(.post, "/keys", as: manager, ["name": "bare"])
        let full = try ask(
            .post, "/keys", as: manager,
            [
                "name": "full", "limit": 12, "limit_reset": "daily", "include_byok_in_limit": true,
                "expires_at": "2027-01-01T00:00:00Z", "workspace_id": .string(id), "creator_user_id": "user_1",
                "external": ["user": "somebody"],
            ])
        let hash = try #require(full.data?["hash"]?.string)
        let key = Secret(try #require(full.json["key"]?.string))
        #expect(try sandbox.chat(key, at: now).status == 200)
        sandbox.use(hash, cost: Money("0.25"), byokCost: Money("1.5"), at: now)
        sandbox.addGuardrail("production", assignedTo: [hash])
        sandbox.addProviderKey("own", allowing: [hash])
        sandbox.addProviderKey("open", allowing: nil)
        sandbox.addDestination("all", observing: nil)
        sandbox.addDestination("one", observing: [hash])
        let patch: JSONValue = [
            "name": "b", "disabled": false, "limit": nil, "limit_reset": "weekly", "include_byok_in_limit": false,
            "workspace_id": .string(id),
        ]
        try ask(.patch, "/keys/" + hash, as: manager, patch)
        for path in [
            "/keys", "/keys?workspace_id=" + id, "/keys?include_disabled=true&include_expired=true&offset=1",
            "/keys/" + hash, "/key", "/credits", "/workspaces", "/workspaces?offset=1&limit=1", "/guardrails",
            "/guardrails?workspace_id=" + id, "/guardrails/assignments/keys?offset=0&limit=100", "/byok",
            "/observability/destinations",
        ] {
            try ask(.get, path, as: manager)
        }
        try refer(to: hash, in: id)
        try organize()
        try authorize(key)
        try ask(.get, "/key", as: key)
        let filters: JSONValue = [["field": "api_key_id", "operator": "in", "value": [.string(hash), "0"]]]
        let span: JSONValue = ["start": "2026-11-23T00:00:00Z", "end": "2026-11-24T00:00:00Z"]
        for body: JSONValue in [
            ["metrics": ["request_count"], "granularity": "minute", "filters": filters, "time_range": span],
            ["metrics": ["request_count"], "dimensions": ["model", "api_key_id"], "limit": 1],
        ] {
            try ask(.post, "/analytics/query", as: manager, body)
        }
        now = now.addingTimeInterval(86400)
        try ask(.get, "/activity", as: manager)
        try ask(.get, "/activity?date=2026-11-23&api_key_hash=" + hash, as: manager)
        try ask(.delete, "/keys/" + (try #require(bare.data?["hash"]?.string)), as: manager)
    }

    /// Workspaces with members and budgets, the organization, external users.
    private mutating func organize() throws {
        let manager = sandbox.managementKey
        let members: JSONValue = ["user_ids": [.string(sandbox.addMember())]]
        try ask(.post, "/workspaces", as: manager, ["name": "Short", "slug": "short"])
        try ask(.get, "/workspaces/short", as: manager)
        try ask(.patch, "/workspaces/short", as: manager, ["disabled_server_tools": ["openrouter:bash"]])
        try ask(.post, "/workspaces/short/members/add", as: manager, members)
        try ask(.get, "/workspaces/short/members?limit=10", as: manager)
        try ask(.get, "/workspaces/default/members", as: manager)
        try ask(.post, "/workspaces/short/members/remove", as: manager, members)
        try ask(.put, "/workspaces/short/budgets/daily", as: manager, ["limit_usd": 1])
        try ask(.put, "/workspaces/short/budgets/lifetime", as: manager, ["limit_usd": 3])
        try ask(.get, "/workspaces/short/budgets", as: manager)
        try ask(.get, "/workspaces/short/budgets/lifetime", as: manager)
        try ask(.delete, "/workspaces/short/budgets/daily", as: manager)
        #expect(try ask(.get, "/workspaces/short/budgets/daily", as: manager).status == 404)
        #expect(try ask(.get, "/workspaces/short/budgets/hourly", as: manager).status == 400)
        #expect(try ask(.delete, "/workspaces/default", as: manager).status == 400)
        try ask(.delete, "/workspaces/short", as: manager)
        try ask(.get, "/organization/members", as: manager)
        try ask(.get, "/organization/settings", as: manager)
        try ask(.patch, "/organization/settings", as: manager, ["is_filtered_model_catalog_enabled": true])
        try ask(.post, "/external-users", as: manager, ["user": "somebody"])
        #expect(try ask(.post, "/external-users", as: manager, ["user": "somebody"]).status == 409)
        try ask(.get, "/external-users?include_inactive=true&limit=1", as: manager)
        try ask(.get, "/external-users/somebody", as: manager)
        try ask(.patch, "/external-users/somebody", as: manager, ["is_active": false])
        try ask(.delete, "/external-users/somebody", as: manager)
        try ask(.get, "/analytics/meta", as: manager)
    }

    /// What needs no management key.
    private mutating func authorize(_ key: Secret) throws {
        let id = try sandbox.chat(key, at: now).json["id"]?.string ?? ""
        try ask(.get, "/generation?id=" + id, as: key)
        #expect(try ask(.get, "/generation?id=gen-0", as: key).status == 404)
        let code = try ask(.post, "/auth/keys/code", as: key, ["callback_url": "https://example.com"])
        try ask(.post, "/auth/keys", as: nil, ["code": code.data?["id"] ?? nil])
        #expect(try ask(.post, "/auth/keys", as: nil, ["code": "x"]).status == 403)
        try ask(.get, "/oauth/jwks", as: nil)
        let policy = sandbox.addFederationPolicy(subject: "ci")
        let urn = "urn:ietf:params:oauth:"
        for token in [sandbox.subjectToken(for: policy, at: now)?.revealed() ?? "", "a.b.c"] {
            try ask(
                .post, "/oauth/token", as: nil,
                [
                    "grant_type": .string(urn + "grant-type:token-exchange"), "subject_token": .string(token),
                    "subject_token_type": .string(urn + "token-type:jwt"), "federation_policy_id": .string(policy),
                ], isForm: true)
        }
    }

    /// Makes, reads, changes and deletes what refers to keys.
    private mutating func refer(to hash: String, in workspace: String) throws {
        let manager = sandbox.managementKey
        let config: JSONValue = ["bucketName": "b", "secretAccessKey": "secret-0123456789"]
        let makers: [(String, JSONValue, JSONValue)] = [
            (
                "/guardrails",
                ["name": "g", "limit_usd": 1, "reset_interval": "daily", "workspace_id": .string(workspace)],
                ["content_filter_builtins": [["slug": "email", "action": "flag"]]]
            ),
            (
                "/byok", ["provider": "openai", "key": "sk-0123456789", "allowed_api_key_hashes": [.string(hash)]],
                ["name": "own", "is_required": true]
            ),
            (
                "/observability/destinations", ["type": "s3", "name": "d", "config": config],
                ["api_key_hashes": [.string(hash)], "regions": ["us"]]
            ),
        ]
        for (path, wish, change) in makers {
            let made = try ask(.post, path, as: manager, wish)
            let one = path + "/" + (try #require(made.data?["id"]?.string))
            try ask(.get, one, as: manager)
            try ask(.patch, one, as: manager, change)
            #expect(try ask(.post, path, as: manager, [:]).status == 400)
            #expect(try ask(.patch, one, as: manager, ["name": 1]).status == 400)
            if path == "/guardrails" { try assign(one, [hash], [sandbox.accounts[0].user]) }
            try ask(.delete, one, as: manager)
            for method in [HTTPRequest.Method.get, .patch, .delete] {
                #expect(try ask(method, one, as: manager, [:]).status == 404)
            }
        }
        sandbox.behaviour.locksPrivacy = true
        let locked = "/observability/destinations/" + sandbox.addDestination("locked", observing: nil)
        #expect(try ask(.patch, locked, as: manager, ["name": "d"]).status == 403)
    }

    private mutating func assign(_ guardrail: String, _ hashes: [String], _ members: [String]) throws {
        let manager = sandbox.managementKey
        for (end, name, subjects) in [("keys", "key_hashes", hashes), ("members", "member_user_ids", members)] {
            let path = guardrail + "/assignments/" + end
            let body: JSONValue = .object([name: .array(subjects.map(JSONValue.string))])
            try ask(.post, path, as: manager, body)
            try ask(.get, path, as: manager)
            try ask(.get, "/guardrails/assignments/" + end, as: manager)
            try ask(.post, path + "/remove", as: manager, body)
            #expect(try ask(.post, path, as: manager, [:]).status == 400)
        }
    }

    private mutating func beRefused() throws {
        let manager = sandbox.managementKey
        let (key, hash) = sandbox.addKey(name: "refused")
        let paths: [(HTTPRequest.Method, String, JSONValue?)] = [
            (.get, "/keys", nil), (.post, "/keys", ["name": "a"]), (.get, "/keys/" + hash, nil),
            (.patch, "/keys/" + hash, ["name": "a"]), (.delete, "/keys/" + hash, nil), (.get, "/credits", nil),
            (.get, "/activity", nil), (.post, "/analytics/query", ["metrics": ["request_count"]]),
            (.get, "/guardrails", nil), (.get, "/guardrails/assignments/keys", nil), (.get, "/byok", nil),
            (.get, "/observability/destinations", nil), (.get, "/workspaces", nil),
            (.post, "/workspaces", ["name": "a", "slug": "a"]),
        ]
        for (method, path, body) in paths {
            #expect(try ask(method, path, as: nil, body).status == 401)
            #expect(try ask(method, path, as: Secret("sk-or-v1-0"), body).status == 401)
            #expect(try ask(method, path, as: key, body).status == 403)
        }
        #expect(try ask(.get, "/key", as: nil).status == 401)
        for (method, path, body) in [
            (.get, "/keys?offset=-1", nil), (.get, "/keys?workspace_id=x", nil),
            (.post, "/keys", ["name": ""]), (.patch, "/keys/" + hash, [:]), (.get, "/guardrails?limit=0", nil),
            (.post, "/workspaces", ["name": "a", "slug": "A b"]), (.post, "/analytics/query", ["metrics": ["x"]]),
            (.get, "/byok?workspace_id=550e8400-e29b-41d4-a716-446655440000", nil),
        ] as [(HTTPRequest.Method, String, JSONValue?)] {
            #expect(try ask(method, path, as: manager, body).status == 400)
        }
        for (method, path, body) in [
            (.get, "/keys/0", nil), (.patch, "/keys/0", ["name": "a"]), (.delete, "/keys/0", nil),
            (.get, "/keys?workspace_id=550e8400-e29b-41d4-a716-446655440000", nil),
            (.get, "/activity?api_key_hash=0", nil),
        ] as [(HTTPRequest.Method, String, JSONValue?)] {
            #expect(try ask(method, path, as: manager, body).status == 404)
        }
    }
}
