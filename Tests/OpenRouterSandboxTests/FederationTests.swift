import FoundationEssentials
import HTTP
import JSON
import OpenRouterSandbox
import Secrets
import TestSupport
import Testing

@Suite(.tags(.values)) struct FederationTests {
    private var sandbox = Sandbox()
    private let now: Date

    init() throws { now = try .at("2026-11-23T12:00:00Z") }

    private func form(_ policy: String, _ token: Secret?, _ more: [String: String] = [:]) -> [String: String] {
        let urn = "urn:ietf:params:oauth:"
        let fields = [
            "grant_type": urn + "grant-type:token-exchange", "subject_token_type": urn + "token-type:jwt",
            "subject_token": token?.revealed() ?? "", "federation_policy_id": policy,
        ]
        return fields.merging(more) { $1 }
    }

    private mutating func exchange(_ form: [String: String], at moment: Date? = nil) throws -> Answer {
        let text = form.sorted { $0.key < $1.key }.map { $0.key + "=" + $0.value }.joined(separator: "&")
        let url = try HTTPURL("https://openrouter.ai/api/v1/oauth/token")
        let response = sandbox.answer(HTTPRequest(.post, url, bearer: nil, body: Array(text.utf8)), at: moment ?? now)
        return Answer(status: response.status, json: try JSONValue(parsing: response.body))
    }

    @Test mutating func aTokenActsAsTheKeyOfThePolicyForAQuarterOfAnHour() throws {
        let hash = sandbox.addKey(name: "a").hash
        let policies = [
            sandbox.addFederationPolicy(subject: "ci"), sandbox.addFederationPolicy(subject: "ci", actingAs: hash),
        ]
        for (policy, scope) in zip(policies, ["management", "inference"]) {
            let token = sandbox.subjectToken(for: policy, lifetime: 3600, at: now)
            let answer = try exchange(form(policy, token, ["scope": scope]))
            #expect(answer.status == 200)
            #expect(answer.json["scope"]?.string == scope)
            #expect(answer.json["expires_in"] == 900)
            let access = Secret(answer.json["access_token"]?.string ?? "")
            #expect(try sandbox.ask(.get, "/keys", as: access, at: now).status == (scope == "management" ? 200 : 403))
            #expect(try sandbox.chat(access, at: now).status == (scope == "management" ? 403 : 200))
            #expect(try sandbox.ask(.get, "/key", as: access, at: now + 899).status == 200)
            #expect(try sandbox.ask(.get, "/key", as: access, at: now + 900).status == 401)
        }
        #expect(sandbox.key(hash)?.uses.count == 1)
        #expect(sandbox.log[1].credential == .management)
        // It never lives longer than the token that was exchanged, and ends with its key.
        let short = try exchange(form(policies[1], sandbox.subjectToken(for: policies[1], lifetime: 60, at: now)))
        #expect(short.json["expires_in"] == 60)
        sandbox.setPaused(policies[1])
        let access = Secret(short.json["access_token"]?.string ?? "")
        #expect(try sandbox.ask(.get, "/key", as: access, at: now).status == 200)
        sandbox.setDisabled(hash, at: now)
        #expect(try sandbox.ask(.get, "/key", as: access, at: now).status == 401)
    }

    @Test(
        "a token that the policy does not take is refused without saying why",
        arguments: [
            ("other", nil, 300, false), (nil, "https://elsewhere", 300, false), (nil, nil, -1, false),
            (nil, nil, 300, true),
        ] as [(String?, String?, Double, Bool)])
    mutating func invalidGrant(subject: String?, audience: String?, lifetime: Double, isPaused: Bool) throws {
        let policy = sandbox.addFederationPolicy(subject: "ci")
        sandbox.setPaused(policy, isPaused)
        let token = sandbox.subjectToken(
            for: policy, subject: subject, audience: audience, lifetime: lifetime, at: now)
        let answer = try exchange(form(policy, token))
        #expect(answer.status == 400)
        #expect(answer.json == ["error": "invalid_grant", "error_description": "The subject token was not accepted"])
    }

    @Test mutating func aTokenOfAnotherIssuerIsRefused() throws {
        let (policy, other) = (sandbox.addFederationPolicy(subject: "ci"), sandbox.addFederationPolicy(subject: "ci"))
        let token = sandbox.subjectToken(for: other, at: now)
        #expect(try exchange(form(policy, token)).json["error"] == "invalid_grant")
        #expect(try exchange(form("550e8400-e29b-41d4-a716-446655440000", token)).json["error"] == "invalid_grant")
        #expect(try exchange(form(other, token)).status == 200)
    }

    @Test(
        "a malformed exchange is told apart",
        arguments: [
            ("grant_type", "password", "unsupported_grant_type"), ("subject_token", "a", "invalid_request"),
            ("subject_token_type", "x", "invalid_request"), ("federation_policy_id", "x", "invalid_request"),
            ("requested_token_type", "x", "invalid_request"), ("scope", "admin", "invalid_scope"),
            ("scope", "inference", "invalid_scope"),
        ])
    mutating func malformed(field: String, value: String, error: String) throws {
        let policy = sandbox.addFederationPolicy(subject: "ci")
        let answer = try exchange(form(policy, sandbox.subjectToken(for: policy, at: now), [field: value]))
        #expect(answer.status == 400)
        #expect(answer.json["error"]?.string == error)
        let large = try exchange(["subject_token": String(repeating: "a", count: 33000)])
        #expect(large.status == 413)
    }

    @Test(
        "the documentation and the client contradict each other",
        arguments: [
            (Federation.both, "management", 200, nil), (.inferenceOnly, "management", 400, "invalid_scope"),
            (.inferenceOnly, nil, 400, "invalid_grant"), (.off, nil, 400, "invalid_grant"),
        ] as [(Federation, String?, Int, String?)])
    mutating func contradiction(federation: Federation, scope: String?, status: Int, error: String?) throws {
        sandbox.behaviour.federation = federation
        let policy = sandbox.addFederationPolicy(subject: "ci")
        let token = sandbox.subjectToken(for: policy, at: now)
        let answer = try exchange(form(policy, token, scope.map { ["scope": $0] } ?? [:]))
        #expect(answer.status == status)
        #expect(answer.json["error"]?.string == error)
    }

    @Test mutating func aFaultIsToldInTheFormOfTheExchange() throws {
        sandbox.add(SandboxFault(.post, "oauth/token", .refuse(503, retryAfter: 1)))
        #expect(try exchange([:]).json["error"] == "temporarily_unavailable")
    }

    @Test(
        "a key is used where every guardrail over it allows",
        arguments: [
            (nil, "eu.openrouter.ai", 200), (["us"], "openrouter.ai", 403),
            (["europe", "us"], "eu.openrouter.ai", 200),
            (["global"], "us.openrouter.ai", 403),
        ] as [([String]?, String, Int)])
    mutating func regions(allowed: [String]?, host: String, status: Int) throws {
        let (key, hash) = sandbox.addKey(name: "a")
        let list: JSONValue = allowed.map { .array($0.map(JSONValue.string)) } ?? nil
        sandbox.addGuardrail("g", assignedTo: [hash], settings: ["allowed_data_regions": list])
        let body: JSONValue = ["model": "a/b", "messages": [["role": "user", "content": "hello"]]]
        let url = try HTTPURL("https://\(host)/api/v1/chat/completions")
        let request = HTTPRequest(.post, url, bearer: key, body: body.bytes())
        #expect(sandbox.answer(request, at: now).status == status)
        let shown = try sandbox.ask(.get, "/key", as: key, at: now).data?["allowed_data_regions"]
        #expect(shown?.strings == allowed ?? ["global", "europe", "us"])
        sandbox.behaviour.servesRegions = false
        #expect(sandbox.answer(request, at: now).status == (status == 200 ? 403 : status))
    }
}
