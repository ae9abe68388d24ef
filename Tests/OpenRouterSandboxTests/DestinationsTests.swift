import FoundationEssentials
import HTTP
import JSON
import OpenRouterSandbox
import Secrets
import TestSupport
import Testing

@Suite(.tags(.values)) struct DestinationsTests {
    private var sandbox = Sandbox()
    private let now: Date
    private let path = "/observability/destinations"

    init() throws { now = try .at("2026-11-23T12:00:00Z") }

    private mutating func make(_ text: String) throws -> Answer {
        try sandbox.manage(.post, path, JSONValue(parsing: text.utf8), at: now)
    }

    @Test mutating func itIsMadeReadChangedAndDeleted() throws {
        let made = try make(
            """
            {"type": "langfuse", "name": "traces", "regions": ["eu"],
             "config": {"secretKey": "sk-lf-0123456789", "publicKey": "pk"},
             "filter_rules": {"groups": [{"rules": [{"field": "api_key_name", "operator": "equals", "value": "a"}]}]}}
            """)
        #expect(made.status == 201)
        #expect(made.data?["regions"] == ["europe"])
        #expect(made.data?["config"]?["baseUrl"] == "https://us.cloud.langfuse.com")
        #expect(made.data?["config"]?["secretKey"] == "sk-l****6789")
        #expect(made.data?["filter_rules"]?["groups"]?.array?[0]["logic"] == "and")
        let one = path + "/" + (made.data?["id"]?.string ?? "")
        // A masked value that comes back is not taken for the secret.
        let config: JSONValue = ["secretKey": "sk-l****6789", "publicKey": "other"]
        let later = now.addingTimeInterval(1)
        let changed = try sandbox.manage(.patch, one, ["config": config, "api_key_hashes": ["0"]], at: later).data
        #expect(
            changed?["config"] == [
                "baseUrl": "https://us.cloud.langfuse.com", "secretKey": "sk-l****6789", "publicKey": "other",
            ])
        #expect(changed?["api_key_hashes"] == ["0"])
        #expect(changed?["updated_at"] == "2026-11-23T12:00:01Z")
        #expect(sandbox.accounts[0].destinations[0].members["config"]?["secretKey"] == "sk-lf-0123456789")
        #expect(try sandbox.manage(.get, one, at: later).data == changed)
        #expect(try sandbox.manage(.patch, one, ["api_key_hashes": []], at: later).status == 400)
        #expect(try sandbox.manage(.patch, one, ["api_key_hashes": nil], at: later).data?["api_key_hashes"] == .null)
        #expect(try sandbox.manage(.delete, one, at: later).json == ["deleted": true])
        #expect(try sandbox.manage(.get, one, at: later).status == 404)
    }

    @Test(
        "what does not fit the schema or the type is refused",
        arguments: [
            #"{"type": "webhook", "name": "a"}"#, #"{"type": "webhook", "config": {"url": "https://a"}}"#,
            #"{"type": "webhook", "name": "a", "config": {}}"#, #"{"type": "fax", "name": "a", "config": {}}"#,
            #"{"type": "webhook", "name": "a", "config": {"url": "https://a"}, "sampling_rate": 0}"#,
            #"{"type": "webhook", "name": "a", "config": {"url": "https://a"}, "regions": []}"#,
            #"{"type": "webhook", "name": "a", "config": {"url": "https://a"}, "api_key_hashes": []}"#,
            #"{"type": "webhook", "name": "a", "config": {"url": "https://a"}, "filter_rules": {}}"#,
            #"{"type": "sentry", "name": "a", "config": {"dsn": "https://host/1", "otlpEndpoint": ""}}"#,
            #"{"type": "snowflake", "name": "a", "config": {"account": "a..b", "token": "t"}}"#,
        ])
    mutating func refused(text: String) throws {
        #expect(try make(text).status == 400)
        #expect(try sandbox.manage(.get, path, at: now).names == [])
    }

    @Test mutating func aWorkspaceHasFiveOfATypeAtMost() throws {
        let text = #"{"type": "webhook", "name": "a", "config": {"url": "https://a"}}"#
        for _ in 0..<5 { #expect(try make(text).status == 201) }
        #expect(try make(text).status == 409)
        #expect(try make(#"{"type": "newrelic", "name": "b", "config": {"licenseKey": "l"}}"#).status == 201)
        #expect(try sandbox.manage(.get, path, at: now).json["total_count"] == 6)
    }

    @Test mutating func aListCoversOneWorkspaceAndStableTypes() throws {
        let other = sandbox.addWorkspace("Other")
        sandbox.addDestination("here", observing: nil)
        sandbox.addDestination("there", observing: nil, workspace: other)
        sandbox.addDestination("beta", observing: nil, settings: ["type": "beta"])
        #expect(try sandbox.manage(.get, path, at: now).names == ["here"])
        #expect(try sandbox.manage(.get, path + "?workspace_id=" + other, at: now).names == ["there"])
    }

    @Test mutating func anOrganizationMayLockPrivacy() throws {
        let id = sandbox.addDestination("here", observing: nil)
        sandbox.behaviour.locksPrivacy = true
        let answer = try sandbox.manage(.patch, path + "/" + id, ["api_key_hashes": ["0"]], at: now)
        #expect(answer.status == 403)
        #expect(answer.message == "Privacy settings are locked")
    }
}
