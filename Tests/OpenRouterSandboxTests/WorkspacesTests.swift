import FoundationEssentials
import HTTP
import JSON
import OpenRouterSandbox
import Secrets
import TestSupport
import Testing

@Suite(.tags(.values)) struct WorkspacesTests {
    private var sandbox = Sandbox()
    private let now: Date

    init() throws { now = try .at("2026-11-23T12:00:00Z") }

    private mutating func make() throws -> String {
        let answer = try sandbox.manage(.post, "/workspaces", ["name": "Staging", "slug": "staging"], at: now)
        return try #require(answer.data?["id"]?.string)
    }

    @Test mutating func itIsFoundByIdAndBySlugAndChanged() throws {
        let id = try make()
        #expect(try sandbox.manage(.post, "/workspaces", ["name": "b", "slug": "staging"], at: now).status == 400)
        let patch: JSONValue = ["slug": "stage", "io_logging_api_key_ids": [1], "default_text_model": nil]
        let changed = try sandbox.manage(.patch, "/workspaces/staging", patch, at: now).data
        #expect(changed?["slug"] == "stage")
        #expect(changed?["updated_at"] == "2026-11-23T12:00:00Z")
        #expect(try sandbox.manage(.get, "/workspaces/" + id, at: now).data == changed)
        #expect(try sandbox.manage(.get, "/workspaces/staging", at: now).status == 404)
        #expect(try sandbox.manage(.patch, "/workspaces/stage", ["io_logging_sampling_rate": 0], at: now).status == 400)
    }

    @Test mutating func aWorkspaceWithKeysCannotBeDeleted() throws {
        let id = try make()
        let hash = sandbox.addKey(name: "a", workspace: id).hash
        sandbox.addGuardrail("g", assignedTo: [hash], workspace: id)
        #expect(try sandbox.manage(.delete, "/workspaces/staging", at: now).status == 400)
        sandbox.delete(hash, at: now)
        #expect(try sandbox.manage(.delete, "/workspaces/staging", at: now).json == ["deleted": true])
        #expect(try sandbox.manage(.get, "/workspaces/" + id, at: now).status == 404)
        #expect(sandbox.accounts[0].guardrails.isEmpty)
    }

    @Test mutating func theDefaultWorkspaceGoesWithItsKeysIfThatIsConfirmed() throws {
        let other = try make()
        let (key, hash) = sandbox.addKey(name: "a")
        let path = "/workspaces/" + sandbox.home
        #expect(try sandbox.manage(.delete, path, at: now).status == 400)
        let confirmed = path + "?confirm_default_workspace_deletion=true"
        #expect(try sandbox.manage(.delete, confirmed, at: now).status == 200)
        #expect(sandbox.key(hash)?.disabled == true)
        #expect(try sandbox.ask(.get, "/key", as: key, at: now).status == 401)
        for list in ["/keys", "/byok", "/guardrails", "/observability/destinations"] {
            #expect(try sandbox.manage(.get, list, at: now).status == 400)
            #expect(try sandbox.manage(.get, list + "?workspace_id=" + other, at: now).status == 200)
        }
        #expect(try sandbox.manage(.post, "/keys", ["name": "b"], at: now).status == 400)
    }

    @Test mutating func everybodyIsInTheDefaultWorkspace() throws {
        let id = try make()
        let (owner, member) = (sandbox.accounts[0].user, sandbox.addMember())
        let all = try sandbox.manage(.get, "/workspaces/default/members", at: now)
        #expect(all.data?.array?.map { $0["role"] } == ["admin", "member"])
        let body: JSONValue = ["user_ids": [.string(member), "user_nobody"]]
        let added = try sandbox.manage(.post, "/workspaces/staging/members/add", body, at: now)
        #expect(added.json["added_count"] == 1)
        #expect(added.data?.array?.map { $0["user_id"] } == [.string(member)])
        #expect(try sandbox.manage(.get, "/workspaces/staging/members", at: now).json["total_count"] == 1)
        let hash = sandbox.addKey(name: "a", creator: member, workspace: id).hash
        #expect(try sandbox.manage(.post, "/workspaces/staging/members/remove", body, at: now).status == 400)
        sandbox.delete(hash, at: now)
        let removed = try sandbox.manage(.post, "/workspaces/staging/members/remove", body, at: now)
        #expect(removed.json == ["removed_count": 1])
        let members = try sandbox.manage(.get, "/organization/members", at: now).data
        #expect(members?.array?.map { $0["id"]?.string } == [owner, member])
    }

    @Test mutating func budgetsDecreaseAsTheIntervalNarrows() throws {
        let path = "/workspaces/default/budgets"
        func put(_ interval: String, _ limit: Int) throws -> Int {
            let body: JSONValue = ["limit_usd": .number(JSONNumber(limit)), "include_byok_in_budgets": true]
            return try sandbox.manage(.put, path + "/" + interval, body, at: now).status
        }
        #expect(try put("monthly", 10) == 200)
        #expect(try put("daily", 10) == 400)
        #expect(try put("daily", 2) == 200)
        #expect(try put("weekly", 1) == 400)
        #expect(try put("lifetime", 9) == 400)
        #expect(try put("lifetime", 11) == 200)
        #expect(try put("monthly", 5) == 200)
        #expect(try put("monthly", 0) == 400)
        #expect(try put("hourly", 1) == 400)
        let all = try sandbox.manage(.get, path, at: now)
        #expect(all.data?.array?.map { $0["limit_usd"] } == [5, 2, 11])
        #expect(all.json["include_byok_in_budgets"] == true)
        #expect(try sandbox.manage(.get, path + "/lifetime", at: now).data?["reset_interval"] == .null)
        #expect(try sandbox.manage(.get, path + "/weekly", at: now).status == 404)
        for _ in 0..<2 { #expect(try sandbox.manage(.delete, path + "/daily", at: now).json == ["deleted": true]) }
    }

    @Test mutating func theOrganizationHasSettings() throws {
        let change: JSONValue = ["is_filtered_model_catalog_enabled": true]
        #expect(try sandbox.manage(.patch, "/organization/settings", change, at: now).status == 200)
        let read = try sandbox.manage(.get, "/organization/settings", at: now).data
        #expect(read?["is_filtered_model_catalog_enabled"] == true)
        let more: JSONValue = ["is_filtered_model_catalog_enabled": true, "x": 1]
        #expect(try sandbox.manage(.patch, "/organization/settings", more, at: now).status == 400)
    }

    @Test mutating func externalUsersAreRegisteredAndNeverForgotten() throws {
        let path = "/external-users"
        for name in ["a/b", "."] {
            #expect(try sandbox.manage(.post, path, ["user": .string(name)], at: now).status == 201)
            #expect(try sandbox.manage(.post, path, ["user": .string(name)], at: now).status == 409)
        }
        for name: JSONValue in ["", " a", .string(String(repeating: "a", count: 513)), 1] {
            #expect(try sandbox.manage(.post, path, ["user": name], at: now).status == 400)
        }
        #expect(try sandbox.manage(.get, path + "/a%2Fb", at: now).data?["is_active"] == true)
        for _ in 0..<2 { #expect(try sandbox.manage(.delete, path + "/a%2Fb", at: now).status == 204) }
        let url = try HTTPURL("http://127.0.0.1/api/v1" + path + "/a%2Fb")
        #expect(sandbox.answer(HTTPRequest(.delete, url, bearer: sandbox.managementKey), at: now).body.isEmpty)
        #expect(try sandbox.manage(.get, path, at: now).json["total_count"] == 1)
        #expect(try sandbox.manage(.get, path + "?include_inactive=true", at: now).json["total_count"] == 2)
        #expect(try sandbox.manage(.get, path + "?user=.", at: now).json["total_count"] == 1)
        #expect(try sandbox.manage(.patch, path + "/a%2Fb", ["is_active": true], at: now).status == 200)
        #expect(try sandbox.manage(.get, path + "/nobody", at: now).status == 404)
    }
}
