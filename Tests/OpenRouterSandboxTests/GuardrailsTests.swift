import FoundationEssentials
import HTTP
import JSON
import OpenRouterSandbox
import Secrets
import TestSupport
import Testing

@Suite(.tags(.values)) struct GuardrailsTests {
    private var sandbox = Sandbox()
    private let now: Date

    init() throws { now = try .at("2026-11-23T12:00:00Z") }

    private mutating func make(_ body: JSONValue) throws -> String {
        let answer = try sandbox.manage(.post, "/guardrails", body, at: now)
        #expect(answer.status == 201)
        return try #require(answer.data?["id"]?.string)
    }

    private mutating func assign(_ hashes: [String], to id: String, _ end: String = "") throws -> Answer {
        let body: JSONValue = ["key_hashes": .array(hashes.map(JSONValue.string))]
        return try sandbox.manage(.post, "/guardrails/\(id)/assignments/keys\(end)", body, at: now)
    }

    private mutating func assigned(_ path: String = "/guardrails/assignments/keys") throws -> [String] {
        let list = try sandbox.manage(.get, path, at: now).data
        return list?.array?.compactMap { $0["key_hash"]?.string } ?? []
    }

    @Test mutating func itIsMadeReadChangedAndDeleted() throws {
        let id = try make(["name": "spend", "limit_usd": 5, "reset_interval": "daily", "enforce_zdr": true])
        let read = try sandbox.manage(.get, "/guardrails/" + id, at: now)
        #expect(read.data?["enforce_zdr_openai"] == true)
        #expect(read.data?["updated_at"] == .null)
        let changed = try sandbox.manage(.patch, "/guardrails/" + id, ["limit_usd": 7, "name": "more"], at: now)
        #expect(changed.data?["limit_usd"] == 7)
        #expect(changed.data?["reset_interval"] == "daily")
        #expect(changed.data?["updated_at"] == "2026-11-23T12:00:00Z")
        #expect(try sandbox.manage(.get, "/guardrails", at: now).names == ["more"])
        let hash = sandbox.addKey(name: "a").hash
        #expect(try assign([hash], to: id).json == ["assigned_count": 1])
        #expect(try sandbox.manage(.delete, "/guardrails/" + id, at: now).json == ["deleted": true])
        #expect(try sandbox.manage(.get, "/guardrails/" + id, at: now).status == 404)
        #expect(try assigned() == [])
    }

    @Test(
        "what the schema does not allow is refused",
        arguments: [
            #"{}"#, #"{"name": ""}"#, #"{"name": "a", "limit_usd": 1}"#, #"{"name": "a", "reset_interval": "daily"}"#,
            #"{"name": "a", "allowed_models": []}"#, #"{"name": "a", "allowed_data_regions": ["asia"]}"#,
            #"{"name": "a", "allowed_data_regions": []}"#, #"{"name": "a", "content_filters": [{"action": "block"}]}"#,
            #"{"name": "a", "workspace_id": "550e8400-e29b-41d4-a716-446655440000"}"#,
            #"{"name": "a", "enforce_zdr": 1}"#, #"{"name": "a", "description": 1}"#, "[]",
        ])
    mutating func refused(body: String) throws {
        #expect(try sandbox.manage(.post, "/guardrails", JSONValue(parsing: body.utf8), at: now).status == 400)
        #expect(try sandbox.manage(.get, "/guardrails", at: now).names == [])
    }

    @Test mutating func assigningMovesAKeyAndSkipsWhatIsNoneInSilence() throws {
        let (first, second) = (try make(["name": "first"]), try make(["name": "second"]))
        let (a, b) = (sandbox.addKey(name: "a").hash, sandbox.addKey(name: "b").hash)
        let gone = sandbox.addKey(name: "gone").hash
        sandbox.delete(gone, at: now)
        let stranger = sandbox.addAccount()
        let foreign = try sandbox.ask(.post, "/keys", as: stranger, ["name": "c"], at: now).data?["hash"]?.string ?? ""
        let unknown = String(repeating: "0", count: 64)
        #expect(try assign([a, b, gone, foreign, unknown, a], to: first).json == ["assigned_count": 2])
        #expect(try assign([a], to: second).json == ["assigned_count": 1])
        #expect(try assigned("/guardrails/\(first)/assignments/keys") == [b])
        #expect(try assigned("/guardrails/\(second)/assignments/keys") == [a])
        #expect(try assign([a, b], to: first, "/remove").json == ["unassigned_count": 1])
        #expect(try assigned() == [a])
        #expect(try assign([gone, b], to: first, "/remove").json == ["unassigned_count": 0])
        #expect(try assign([a], to: second).json == ["assigned_count": 1])
        sandbox.behaviour.countsReassignments = false
        #expect(try assign([a], to: second).json == ["assigned_count": 0])
        #expect(try assign([], to: second).status == 400)
        #expect(try assign([a], to: unknown).status == 404)
    }

    @Test mutating func aDefaultGuardrailIsInForceUnwrittenAndCannotBeAssigned() throws {
        let workspace = try #require(try sandbox.manage(.get, "/workspaces", at: now).data?.array?.first)
        let id = try #require(workspace["default_guardrail_id"]?.string)
        let hash = sandbox.addKey(name: "a").hash
        #expect(try sandbox.manage(.get, "/guardrails/" + id, at: now).status == 404)
        #expect(try assign([hash], to: id).status == 400)
        #expect(try sandbox.manage(.patch, "/guardrails/" + id, ["name": "mine"], at: now).status == 400)
        #expect(try sandbox.manage(.patch, "/guardrails/" + id, ["limit_usd": 3], at: now).status == 200)
        #expect(try sandbox.manage(.get, "/guardrails/" + id, at: now).data?["limit_usd"] == 3)
        #expect(try assign([hash], to: id).message == "Default guardrails cannot be assigned")
        #expect(try assigned() == [])
    }

    @Test mutating func aGuardrailOfAWorkspaceTakesOnlyItsKeys() throws {
        let other = sandbox.addWorkspace("Other")
        let there = try make(["name": "there", "workspace_id": .string(other)])
        let unscoped = sandbox.addGuardrail("old", assignedTo: [], isUnscoped: true)
        let (a, b) = (sandbox.addKey(name: "a").hash, sandbox.addKey(name: "b", workspace: other).hash)
        #expect(try assign([a, b], to: there).status == 400)
        #expect(try assigned() == [])
        #expect(try assign([b], to: there).status == 200)
        #expect(try assign([a, b], to: unscoped).json == ["assigned_count": 2])
        #expect(try sandbox.manage(.get, "/guardrails", at: now).names == [])
        #expect(try sandbox.manage(.get, "/guardrails?workspace_id=" + other, at: now).names == ["there"])
        // A key that moves takes its guardrail along.
        _ = try sandbox.manage(.patch, "/keys/" + b, ["workspace_id": .string(sandbox.home)], at: now)
        #expect(try assigned() == [a, b])
    }

    @Test mutating func aRowOfADeletedKeyIsMissingFromItsPage() throws {
        let hashes = (0..<5).map { sandbox.addKey(name: "\($0)").hash }
        sandbox.addGuardrail("g", assignedTo: hashes)
        sandbox.delete(hashes[1], at: now)
        let first = try sandbox.manage(.get, "/guardrails/assignments/keys?limit=2", at: now)
        #expect(first.data?.array?.count == 1)
        #expect(first.json["total_count"] == 5)
        #expect(try assigned("/guardrails/assignments/keys?limit=2&offset=2") == Array(hashes[2...3]))
        #expect(try sandbox.manage(.get, "/guardrails/assignments/keys?limit=101", at: now).status == 400)
    }

    @Test mutating func aMemberHasOneGuardrailAtMost() throws {
        let (first, second) = (try make(["name": "first"]), try make(["name": "second"]))
        let member = sandbox.accounts[0].user
        let body: JSONValue = ["member_user_ids": [.string(member), "user_nobody"]]
        for id in [first, second] {
            let answer = try sandbox.manage(.post, "/guardrails/\(id)/assignments/members", body, at: now)
            #expect(answer.json == ["assigned_count": 1])
        }
        let all = try sandbox.manage(.get, "/guardrails/assignments/members", at: now)
        #expect(all.data?.array?.map { $0["guardrail_id"]?.string } == [second])
        let kept = try sandbox.manage(.post, "/guardrails/\(first)/assignments/members/remove", body, at: now)
        #expect(kept.json == ["unassigned_count": 0])
        let removed = try sandbox.manage(.post, "/guardrails/\(second)/assignments/members/remove", body, at: now)
        #expect(removed.json == ["unassigned_count": 1])
    }
}
