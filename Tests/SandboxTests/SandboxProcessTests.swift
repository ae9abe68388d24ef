import HTTP
import JSON
import Secrets
import TestSupport
import Testing

@Suite struct SandboxProcessTests {
    @Test func theProgramServesTheWorldItAnnounces() throws {
        let sandbox = try SandboxProcess(["--predecessor", "shop"])
        #expect(sandbox.predecessor.name == "shop")
        let answer = try sandbox.send(.get, "/keys/" + sandbox.predecessor.hash, as: sandbox.managementKey)
        #expect(answer.status == 200)
        #expect(answer[header: "date"]?.hasSuffix(" GMT") == true)
        #expect(try JSONValue(parsing: answer.body)["data"]?["name"] == "shop")
        #expect(try sandbox.send(.get, "/key", as: sandbox.predecessor.key).status == 200)
    }

    @Test func anotherHandChangesAKey() throws {
        let sandbox = try SandboxProcess()
        let hash = sandbox.predecessor.hash
        try sandbox.change(hash, ["disabled": true, "limit": 2.5.json, "expires_at": "2030-01-01T00:00:00Z"])
        let key = try #require(try sandbox.key(hash))
        #expect(key["disabled"] == true)
        #expect(key["limit"]?.number?.text == "2.5")
        #expect(key["expires_at"] == "2030-01-01T00:00:00Z")
        #expect(try sandbox.send(.get, "/key", as: sandbox.predecessor.key).status == 401)
        #expect(throws: SandboxProcess.Failure.self) { try sandbox.change(hash, ["name": "mine"]) }
        #expect(throws: SandboxProcess.Failure.self) { try sandbox.change("00", ["disabled": true]) }
    }

    @Test func theLogTellsWhoAskedAndHoldsNoKey() throws {
        let sandbox = try SandboxProcess()
        let key = sandbox.predecessor.key
        _ = try sandbox.send(.get, "/key", as: key)
        _ = try sandbox.send(.get, "/credits", as: sandbox.managementKey)
        _ = try sandbox.send(.get, "/keys/" + (key.revealed() ?? ""), as: nil)
        let log = try sandbox.log()
        #expect(log.map { $0["credential"] } == [.string(sandbox.predecessor.hash), "management", "none"])
        #expect(log.map { $0["status"] } == [200, 200, 401])
        #expect(!JSONValue.array(log).text().contains("sk-or-v1-"))
    }
}

extension Double {
    fileprivate var json: JSONValue { JSONNumber("\(self)").map(JSONValue.number) ?? nil }
}
