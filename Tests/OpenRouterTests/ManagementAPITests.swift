import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import Secrets
import TestSupport
import Testing
import Timestamps

@Suite(.tags(.values)) struct ManagementAPITests {
    private let path = "/keys/" + Sample.hashText

    @Test func listingAsksForDisabledAndExpiredKeysToo() throws {
        let stub = Stub(
            .get, "/keys?include_disabled=true&include_expired=true&offset=0",
            ["data": [Sample.keyJSON(), Sample.keyJSON(["name": "other"])]])
        #expect(try Sample.send(stub, Sample.management().listKeys()).map(\.name) == ["checkout", "other"])
    }

    @Test func listingAnotherPageOfAWorkspace() throws {
        let stub = Stub(
            .get, "/keys?include_disabled=true&include_expired=true&offset=100&workspace_id=a%20b%26c", ["data": []])
        let call = try Sample.management().listKeys(workspace: "a b&c", offset: 100)
        #expect(try Sample.send(stub, call).isEmpty)
    }

    @Test func aKeyIsRead() throws {
        let key = try Sample.key()
        #expect(try key.hash == Sample.hash())
        #expect(key.label == "sk-or-v1-0e6...1c96")
        #expect(abs(key.createdAt.timeIntervalSince1970 - 1_787_567_400.123456) < 0.000_01)
        #expect(key.updatedAt == Date(rfc3339: "2026-08-24T15:45:00Z"))
        #expect(key.workspaceID == "0df9e665-d932-5740-b2c7-b52af166bc11")
        #expect(key.creatorUserID == "user_2dHF")
        #expect(!key.disabled)
        #expect(key.limit == JSONNumber(100))
        #expect(key.limitRemaining == JSONNumber("74.5"))
        #expect(key.limitReset == "monthly")
        #expect(!key.includeBYOKInLimit)
        #expect(key.usageTotal == Decimal(string: "42.88"))
        #expect(key.expiresAt == Date(rfc3339: "2027-12-31T23:59:59Z"))
        #expect(key.lastUsedAt == .at(try #require(Date(rfc3339: "2026-11-22T00:00:00Z"))))
    }

    @Test func aKeyThatIsNotThereIsNil() throws {
        let stub = Stub(.get, path, status: 404, Self.error(404))
        #expect(try Sample.send(stub, Sample.management().key(Sample.hash())) == nil)
    }

    @Test func theSecretOfANewKeyStandsBesideItsData() throws {
        let body: JSONValue = ["name": "checkout", "limit": 0]
        let answer: JSONValue = ["data": Sample.keyJSON(["key": "sk-or-v1-wrong"]), "key": "sk-or-v1-right"]
        let call = try Sample.management().createKey(NewKey(name: "checkout", limit: JSONNumber(0)))
        let created = try Sample.send(Stub(.post, "/keys", body: body, status: 201, answer), call)
        #expect(created.secret == Secret("sk-or-v1-right"))
        #expect(created.key.name == "checkout")
        #expect(!call.request.isIdempotent)
        #expect(call.request.wantsFreshConnection)
    }

    @Test(
        "a new key without its secret is an error that may have left a key", arguments: [nil, nil as JSONValue, "", 1])
    func missingSecret(secret: JSONValue?) throws {
        var answer: JSONObject = ["data": Sample.keyJSON(["key": "sk-or-v1-wrong"])]
        answer["key"] = secret
        let stub = Stub(.post, "/keys", body: ["name": "checkout", "limit": nil], status: 201, .object(answer))
        let error = try Sample.failure(stub, Sample.management().createKey(NewKey(name: "checkout", limit: nil)))
        #expect(error.code == .unexpected)
        #expect(error.message.hasSuffix(" key"))
        #expect(error.mayHaveArrived)
    }

    @Test func aNewKeyIsSentWithAllThatIsSet() throws {
        let new = NewKey(
            name: "checkout", limit: JSONNumber("12.50"), limitReset: "weekly", includeBYOKInLimit: true,
            expiresAt: Date(timeIntervalSince1970: 1_795_402_800.75), workspaceID: "w", creatorUserID: "u",
            externalUser: "customer/42")
        let body: JSONValue = [
            "name": "checkout", "limit": .number("12.50"), "limit_reset": "weekly", "include_byok_in_limit": true,
            "expires_at": "2026-11-23T03:00:00Z", "workspace_id": "w", "creator_user_id": "u",
            "external": ["user": "customer/42"],
        ]
        let answer: JSONValue = ["data": Sample.keyJSON(), "key": "sk-or-v1-right"]
        let call = try Sample.management().createKey(new)
        #expect(try Sample.send(Stub(.post, "/keys", body: body, status: 201, answer), call).key.hash == Sample.hash())
    }

    static let changes: [(KeyChange, JSONValue)] = [
        (KeyChange(disabled: true), ["disabled": true]),
        (KeyChange(name: "checkout", limit: .to(JSONNumber(25))), ["name": "checkout", "limit": 25]),
        (KeyChange(limit: .to(nil), limitReset: .to(nil)), ["limit": nil, "limit_reset": nil]),
        (
            KeyChange(limitReset: .to("daily"), includeBYOKInLimit: false),
            ["limit_reset": "daily", "include_byok_in_limit": false]
        ),
    ]

    @Test("a change sends what is set and nothing else", arguments: changes)
    func change(change: KeyChange, body: JSONValue) throws {
        let call = try Sample.management().updateKey(Sample.hash(), change)
        #expect(call.request.isIdempotent)
        let key = try Sample.send(Stub(.patch, path, body: body, ["data": Sample.keyJSON()]), call)
        #expect(key?.name == "checkout")
    }

    @Test func changingAKeyThatIsNotThereIsNil() throws {
        let stub = Stub(.patch, path, body: ["disabled": true], status: 404, Self.error(404))
        #expect(try Sample.send(stub, Sample.management().updateKey(Sample.hash(), KeyChange(disabled: true))) == nil)
    }

    @Test("deleting tells whether there was a key", arguments: [(200, true), (404, false)])
    func deleting(status: Int, wasThere: Bool) throws {
        let stub = Stub(.delete, path, status: status, status == 200 ? ["deleted": true] : Self.error(status))
        #expect(try Sample.send(stub, Sample.management().deleteKey(Sample.hash())) == wasThere)
    }

    @Test(
        "an unconfirmed deletion is an error", arguments: [["deleted": false], [:], ["deleted": "true"]] as [JSONValue])
    func unconfirmedDeletion(answer: JSONValue) throws {
        let error = try Sample.failure(Stub(.delete, path, answer), Sample.management().deleteKey(Sample.hash()))
        #expect(error.code == .unexpected)
        #expect(error.message.hasSuffix(" deleted"))
    }

    @Test func theHashIsOneSegmentOfThePath() throws {
        #expect(KeyHash("../../auth/keys") == nil)
        let call = try Sample.management().key(#require(KeyHash("a_b-c")))
        #expect(call.request.url.description == Sample.base + "/keys/a_b-c")
    }

    static func error(_ status: Int) -> JSONValue {
        ["error": ["code": .init(integerLiteral: status), "message": "m"]]
    }
}
