import FoundationEssentials
import HTTP
import JSON
import OpenRouterSandbox
import Secrets
import TestSupport
import Testing

@Suite(.tags(.values)) struct ProviderKeysTests {
    private var sandbox = Sandbox()
    private let now: Date

    init() throws { now = try .at("2026-11-23T12:00:00Z") }

    private mutating func allow(_ hashes: [String]?, at id: String) throws -> Answer {
        let list: JSONValue = hashes.map { .array($0.map(JSONValue.string)) } ?? nil
        return try sandbox.manage(.patch, "/byok/" + id, ["allowed_api_key_hashes": list], at: now)
    }

    private mutating func allowed(at id: String) throws -> [String]? {
        try sandbox.manage(.get, "/byok/" + id, at: now).data?["allowed_api_key_hashes"]?.strings
    }

    @Test mutating func itIsMadeReadChangedAndDeleted() throws {
        let hash = sandbox.addKey(name: "a").hash
        let made = try sandbox.manage(
            .post, "/byok",
            ["provider": "anthropic", "key": "sk-ant-0123456789", "allowed_api_key_hashes": [.string(hash)]], at: now)
        #expect(made.status == 201)
        #expect(made.data?["label"] == "sk-...6789")
        #expect(!made.json.text().contains("sk-ant"))
        let id = try #require(made.data?["id"]?.string)
        #expect(try sandbox.manage(.get, "/byok/" + id, at: now).data == made.data)
        let patch: JSONValue = ["key": "sk-ant-abcdefghij", "name": "own", "disabled": true, "provider": "openai"]
        let changed = try sandbox.manage(.patch, "/byok/" + id, patch, at: now).data
        #expect(changed?["label"] == "sk-...ghij")
        #expect(changed?["provider"] == "anthropic")
        #expect(changed?["allowed_api_key_hashes"] == [.string(hash)])
        #expect(try sandbox.manage(.delete, "/byok/" + id, at: now).json == ["deleted": true])
        for method in [HTTPRequest.Method.get, .patch, .delete] {
            #expect(try sandbox.manage(method, "/byok/" + id, [:], at: now).status == 404)
        }
    }

    @Test mutating func aListTakesOneToAHundredLiveKeysOrAll() throws {
        let hashes = (0...100).map { sandbox.addKey(name: "\($0)").hash }
        let id = sandbox.addProviderKey("own", allowing: nil)
        #expect(try allow([], at: id).status == 400)
        #expect(try allow(hashes, at: id).status == 400)
        #expect(try allow(Array(hashes.dropLast()), at: id).status == 200)
        #expect(try allowed(at: id) == hashes.dropLast())
        #expect(try allow(nil, at: id).status == 200)
        #expect(try allowed(at: id) == nil)
    }

    @Test mutating func oneHashThatIsNoLiveKeyRefusesTheWholeList() throws {
        let (a, b) = (sandbox.addKey(name: "a").hash, sandbox.addKey(name: "b").hash)
        let id = sandbox.addProviderKey("own", allowing: [a])
        let stranger = sandbox.addAccount()
        let foreign = try sandbox.ask(.post, "/keys", as: stranger, ["name": "c"], at: now).data?["hash"]?.string ?? ""
        for other in [foreign, String(repeating: "0", count: 64), "A" + a.dropFirst(), "a"] {
            #expect(try allow([b, other], at: id).status == 400)
        }
        #expect(try allowed(at: id) == [a])
        // The list still names a key that was deleted: it takes no other one before that is dropped.
        sandbox.delete(a, at: now)
        #expect(try allow([a, b], at: id).status == 400)
        #expect(try allow([b], at: id).status == 200)
        sandbox.setDisabled(b, at: now)
        #expect(try allow([b], at: id).status == 200)
        sandbox.behaviour.refusesDisabledKeys = true
        #expect(try allow([b], at: id).status == 400)
    }

    @Test(
        "what a list shows of a deleted key is not documented",
        arguments: [
            (DeadHashes.stay, JSONValue?.some(["0"])), (.drop, .some([])), (.widen, .some(nil)),
        ])
    mutating func deadHashes(behaviour: DeadHashes, last: JSONValue?) throws {
        let (a, b) = (sandbox.addKey(name: "a").hash, sandbox.addKey(name: "b").hash)
        sandbox.behaviour.deadHashes = behaviour
        let ids = [sandbox.addProviderKey("p", allowing: [a, b]), sandbox.addDestination("d", observing: [a, b])]
        let paths = ["/byok/" + ids[0], "/observability/destinations/" + ids[1]]
        let names = ["allowed_api_key_hashes", "api_key_hashes"]
        sandbox.delete(a, at: now)
        for (path, name) in zip(paths, names) {
            let shown = try sandbox.manage(.get, path, at: now).data?[name]?.strings
            #expect(shown == (behaviour == .stay ? [a, b] : [b]))
        }
        sandbox.delete(b, at: now)
        for (path, name) in zip(paths, names) {
            let shown = try sandbox.manage(.get, path, at: now).data?[name]
            #expect(shown == (behaviour == .stay ? [.string(a), .string(b)] : last))
        }
    }

    @Test mutating func aListCoversOneWorkspaceAndWhatIsGlobal() throws {
        let other = sandbox.addWorkspace("Other")
        sandbox.addProviderKey("here", allowing: nil)
        sandbox.addProviderKey("there", allowing: nil, provider: "azure", workspace: other)
        sandbox.addProviderKey("everywhere", allowing: nil, isGlobal: true)
        #expect(try sandbox.manage(.get, "/byok", at: now).names == ["here", "everywhere"])
        #expect(try sandbox.manage(.get, "/byok?workspace_id=" + other, at: now).names == ["there", "everywhere"])
        let azure = try sandbox.manage(.get, "/byok?provider=azure&workspace_id=" + other, at: now)
        #expect(azure.names == ["there"])
        #expect(azure.json["total_count"] == 1)
        #expect(try sandbox.manage(.get, "/byok?provider=nobody", at: now).status == 400)
    }

    @Test(
        "a declared region must be one that the provider and the key have",
        arguments: [
            ("openai", #"{\"api_key\": \"x\", \"region\": \"us\"}"#, "us", 201), ("openai", "sk-1", "us", 400),
            ("fireworks", #"{\"api_key\": \"x\", \"region\": \"us\"}"#, "europe", 400), ("azure", "k", "europe", 201),
            ("anthropic", "k", "us", 201), ("anthropic", "k", "europe", 400), ("groq", "k", "us", 400),
            ("groq", "k", "global", 201),
        ])
    mutating func regions(provider: String, key: String, region: String, status: Int) throws {
        let body = #"{"provider": "\#(provider)", "key": "\#(key)", "declared_region": "\#(region)"}"#
        #expect(try sandbox.manage(.post, "/byok", JSONValue(parsing: body.utf8), at: now).status == status)
    }

    @Test mutating func aFallbackCannotBeTheOnlyWay() throws {
        let id = sandbox.addProviderKey("own", allowing: nil)
        #expect(try sandbox.manage(.patch, "/byok/" + id, ["is_fallback": true], at: now).status == 200)
        #expect(try sandbox.manage(.patch, "/byok/" + id, ["is_byok_only": true], at: now).status == 400)
        let both: JSONValue = ["is_byok_only": true, "is_fallback": false]
        #expect(try sandbox.manage(.patch, "/byok/" + id, both, at: now).status == 200)
    }
}
