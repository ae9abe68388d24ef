import FoundationEssentials
import HTTP
import JSON
import OpenRouterSandbox
import SandboxWire
import Secrets
import Sodium
import TestSupport
import Testing
import Timestamps

@Suite(.tags(.values)) struct KeysTests {
    private var sandbox = Sandbox()
    private let now: Date

    init() throws { now = try .at("2026-11-23T12:00:00Z") }

    @Test mutating func aNewKeyIsShownOnceBesideItsData() throws {
        let answer = try sandbox.manage(.post, "/keys", ["name": "shop", "limit": 0], at: now)
        #expect(answer.status == 201)
        let key = try #require(answer.json["key"]?.string)
        #expect(key.count == "sk-or-v1-".count + 64)
        #expect(answer.data?["key"] == nil)
        #expect(answer.data?["hash"]?.string == SHA256.hex(key.utf8))
        #expect(answer.data?["label"]?.string == "\(key.prefix(12))...\(key.suffix(4))")
        #expect(answer.data?["created_at"] == "2026-11-23T12:00:00Z")
        let hash = try #require(answer.data?["hash"]?.string)
        let again = try sandbox.manage(.get, "/keys/" + hash, at: now)
        #expect(again.data == answer.data)
        #expect(!again.json.text().contains(key))
    }

    @Test mutating func aListEndsWithAPageShorterThan100() throws {
        for number in 0..<201 { sandbox.addKey(name: "\(number)") }
        #expect(try sandbox.manage(.get, "/keys", at: now).names == (101..<201).reversed().map(String.init))
        #expect(try sandbox.manage(.get, "/keys?offset=100", at: now).names.count == 100)
        #expect(try sandbox.manage(.get, "/keys?offset=200", at: now).names == ["0"])
        #expect(try sandbox.manage(.get, "/keys?offset=201", at: now).names == [])
    }

    @Test(
        "a list hides what it was not asked for",
        arguments: [
            ("", ["live"]),
            ("?include_disabled=true", ["disabled", "live"]),
            ("?include_expired=true", ["expired", "live"]),
            ("?include_disabled=true&include_expired=true", ["disabled", "expired", "live"]),
            ("?include_disabled=false", ["live"]),
        ])
    mutating func listing(query: String, names: [String]) throws {
        sandbox.addKey(name: "live")
        sandbox.addKey(name: "expired", expiresAt: now)
        sandbox.setDisabled(sandbox.addKey(name: "disabled").hash, at: now)
        sandbox.delete(sandbox.addKey(name: "deleted").hash, at: now)
        sandbox.addKey(name: "elsewhere", workspace: sandbox.addWorkspace("Other"))
        #expect(try sandbox.manage(.get, "/keys" + query, at: now).names == names)
    }

    @Test mutating func aListCoversOneWorkspace() throws {
        let other = sandbox.addWorkspace("Other")
        let hash = sandbox.addKey(name: "here").hash
        sandbox.addKey(name: "there", workspace: other)
        #expect(try sandbox.manage(.get, "/keys?workspace_id=" + other, at: now).names == ["there"])
        let moved = try sandbox.manage(.patch, "/keys/" + hash, ["workspace_id": .string(other)], at: now)
        #expect(moved.data?["workspace_id"]?.string == other)
        #expect(try sandbox.manage(.get, "/keys", at: now).names == [])
        #expect(try sandbox.manage(.get, "/keys?workspace_id=" + other, at: now).names == ["there", "here"])
        let workspaces = try sandbox.manage(.get, "/workspaces", at: now)
        #expect(workspaces.names == ["Default", "Other"])
        #expect(workspaces.json["total_count"] == 2)
    }

    @Test mutating func anUpdateChangesWhatItNamesAndNothingElse() throws {
        let hash = sandbox.addKey(name: "a", limit: 5, limitReset: .daily, expiresAt: now.addingTimeInterval(60)).hash
        let patch: JSONValue = ["name": "b", "limit": nil, "expires_at": nil, "hash": "mine"]
        let answer = try sandbox.manage(.patch, "/keys/" + hash, patch, at: now)
        #expect(answer.status == 200)
        #expect(answer.data?["name"] == "b")
        #expect(answer.data?["limit"] == .null)
        #expect(answer.data?["limit_reset"] == "daily")
        #expect(answer.data?["expires_at"] == "2026-11-23T12:01:00Z")
        #expect(answer.data?["updated_at"] == "2026-11-23T12:00:00Z")
        #expect(answer.data?["hash"]?.string == hash)
    }

    @Test(
        "an update that names nothing known is refused", arguments: ["{}", #"{"expires_at": null}"#, #"{"key": "x"}"#])
    mutating func emptyUpdate(body: String) throws {
        let hash = sandbox.addKey(name: "a").hash
        let answer = try sandbox.manage(.patch, "/keys/" + hash, JSONValue(parsing: body.utf8), at: now)
        #expect(answer.status == 400)
        #expect(answer.message == "No update fields provided")
        #expect(sandbox.key(hash)?.updatedAt == nil)
    }

    @Test(
        "a request that breaks the documented types is refused and changes nothing",
        arguments: [
            (#"{}"#, true), (#"{"name": ""}"#, true), (#"{"name": 1}"#, false), (#"[]"#, false),
            (#"{"name": "a", "limit": "5"}"#, false),
            (#"{"name": "a", "limit_reset": "hourly"}"#, false), (#"{"name": "a", "workspace_id": "x"}"#, false),
            (#"{"name": "a", "include_byok_in_limit": 1}"#, false),
            (#"{"name": "a", "expires_at": "2027-01-01T00:00Z"}"#, true),
            (#"{"name": "a", "expires_at": "2027-01-01T00:00:00+01:00"}"#, true),
            (#"{"name": "a", "expires_at": "2020-01-01T00:00:00Z"}"#, true),
            (#"{"name": "a", "external": {}}"#, true),
            (#"{"name": "a", "external": {"user": "b", "api_key": "short"}}"#, true),
        ])
    mutating func invalid(body: String, onlyAtCreation: Bool) throws {
        let hash = sandbox.addKey(name: "before").hash
        let json = try JSONValue(parsing: body.utf8)
        let created = try sandbox.manage(.post, "/keys", json, at: now)
        #expect(created.status == 400)
        #expect(created.json["error"]?["code"] == 400)
        if !onlyAtCreation { #expect(try sandbox.manage(.patch, "/keys/" + hash, json, at: now).status == 400) }
        #expect(try sandbox.manage(.get, "/keys", at: now).names == ["before"])
    }

    @Test(
        "an end is taken with seconds, with fractions of them, and with null",
        arguments: [
            ("\"2027-12-31T23:59:59Z\"", "2027-12-31T23:59:59Z"),
            ("\"2027-12-31T23:59:59.5Z\"", "2027-12-31T23:59:59Z"),
            ("\"2027-12-31T23:59:59+00:00\"", "2027-12-31T23:59:59Z"), ("null", nil),
        ])
    mutating func expiry(text: String, shown: String?) throws {
        let body = try JSONValue(parsing: #"{"name": "a", "expires_at": \#(text)}"#.utf8)
        let answer = try sandbox.manage(.post, "/keys", body, at: now)
        #expect(answer.status == 201)
        #expect(answer.data?["expires_at"]?.string == shown)
    }

    @Test mutating func aDeletedKeyIsGone() throws {
        let (key, hash) = sandbox.addKey(name: "a")
        let answer = try sandbox.manage(.delete, "/keys/" + hash, at: now)
        #expect(answer.status == 200)
        #expect(answer.json == ["deleted": true])
        for method in [HTTPRequest.Method.get, .delete, .patch] {
            let body: JSONValue? = method == .patch ? ["disabled": true] : nil
            let answer = try sandbox.manage(method, "/keys/" + hash, body, at: now)
            #expect(answer.status == 404)
            #expect(answer.message == "Resource not found")
        }
        #expect(try sandbox.chat(key, at: now).status == 401)
    }

    @Test mutating func anotherAccountSeesNothingOfThis() throws {
        let stranger = sandbox.addAccount()
        let hash = sandbox.addKey(name: "a").hash
        #expect(try sandbox.ask(.get, "/keys/" + hash, as: stranger, at: now).status == 404)
        #expect(try sandbox.ask(.delete, "/keys/" + hash, as: stranger, at: now).status == 404)
        #expect(try sandbox.ask(.get, "/keys", as: stranger, at: now).names == [])
        let workspace = sandbox.accounts[0].workspaces[0].id
        #expect(try sandbox.ask(.get, "/keys?workspace_id=" + workspace, as: stranger, at: now).status == 404)
        #expect(sandbox.key(hash)?.deletedAt == nil)
    }

    @Test(
        "only a management key administers",
        arguments: ["/keys", "/keys/0", "/credits", "/workspaces", "/guardrails", "/byok", "/activity"])
    mutating func permission(path: String) throws {
        let (key, hash) = sandbox.addKey(name: "a")
        let path = path.hasSuffix("/0") ? "/keys/" + hash : path
        let inference = try sandbox.ask(.get, path, as: key, at: now)
        #expect(inference.status == 403)
        #expect(inference.message == "Only management keys can perform this operation")
        let nobody = try sandbox.ask(.get, path, as: nil, at: now)
        #expect(nobody.status == 401)
        #expect(nobody.message == "Missing Authentication header")
        let unknown = try sandbox.ask(.get, path, as: Secret("sk-or-v1-0"), at: now)
        #expect(unknown.status == 401)
        #expect(unknown.message == "User not found.")
    }

    @Test mutating func aManagementKeyIsNoResource() throws {
        let hash = try #require(sandbox.hash(of: sandbox.managementKey))
        #expect(try sandbox.manage(.get, "/keys/" + hash, at: now).status == 404)
        #expect(try sandbox.manage(.get, "/keys", at: now).names == [])
    }

    @Test mutating func anOlderAPILacksTheLaterFields() throws {
        sandbox.behaviour.omitsLastUsed = true
        let (key, hash) = sandbox.addKey(name: "a")
        sandbox.addKey(name: "expired", expiresAt: now)
        let answer = try sandbox.manage(.get, "/keys/" + hash, at: now)
        #expect(answer.data?.object?.keys.contains("last_used_at") == false)
        #expect(try sandbox.manage(.get, "/keys?include_expired=true", at: now).names == ["a"])
        #expect(try sandbox.ask(.get, "/key", as: key, at: now).data?["budgets"] == nil)
    }

    @Test mutating func hashesMayDifferFromTheDigest() throws {
        sandbox.behaviour.hashesDiffer = true
        let answer = try sandbox.manage(.post, "/keys", ["name": "a"], at: now)
        let key = try #require(answer.json["key"]?.string)
        let hash = try #require(answer.data?["hash"]?.string)
        #expect(hash != SHA256.hex(key.utf8))
        #expect(sandbox.hash(of: Secret(key)) == hash)
        #expect(try sandbox.manage(.get, "/keys/" + hash, at: now).data?["name"] == "a")
        #expect(try sandbox.chat(Secret(key), at: now).status == 200)
    }

    @Test func theSameSeedBringsTheSameKeys() throws {
        var copies = [Sandbox(.seeded(7)), Sandbox(.seeded(7)), Sandbox(.seeded(8))]
        var keys: [JSONValue?] = []
        for index in copies.indices {
            keys.append(try copies[index].manage(.post, "/keys", ["name": "a"], at: now).json["key"])
        }
        #expect(keys[0] == keys[1])
        #expect(keys[0] != keys[2])
    }

    @Test mutating func theLogHoldsNoKey() throws {
        let (key, hash) = sandbox.addKey(name: "a")
        _ = try sandbox.ask(.get, "/key", as: key, at: now)
        _ = try sandbox.manage(.get, "/keys?offset=0", at: now)
        _ = try sandbox.ask(.get, "/keys/" + (key.revealed() ?? ""), as: Secret("x"), at: now)
        #expect(sandbox.log.map(\.credential) == [.key(hash), .management, .unknown])
        #expect(sandbox.log.map(\.path) == ["/key", "/keys?offset=0", "/<redacted>"])
        #expect(sandbox.log.map(\.status) == [200, 200, 401])
    }
}
