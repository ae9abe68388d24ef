import HTTP
import JSON
import Secrets
import TestSupport
import Testing

@Suite(.tags(.servers)) struct SandboxProcessTests {
    @Test func theProgramServesWhatItAnnounces() throws {
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

    @Test func connectionsAreServedAtOnceAndKept() throws {
        let sandbox = try SandboxProcess()
        let url = try HTTPURL(sandbox.url + "/key")
        let request = HTTPRequest(.get, url, bearer: sandbox.predecessor.key)
        var first = try LoopbackConnection(to: url)
        var second = try LoopbackConnection(to: url)
        for _ in 0..<3 {
            try first.send(request)
            try second.send(request)
            // Were connections served one after the other, the second would wait for the end of the first.
            #expect(try second.receive().status == 200)
            #expect(try first.receive().status == 200)
        }
        #expect(try sandbox.log().count == 6)
    }

    @Test func anAnswerTakesTheTimeItWasTold() throws {
        let sandbox = try SandboxProcess(["--latency", "80"])
        let clock = ContinuousClock()
        let time = try clock.measure { _ = try sandbox.send(.get, "/key", as: sandbox.predecessor.key) }
        #expect(time >= .milliseconds(80))
    }

    @Test func delaysAreOptions() throws {
        let sandbox = try SandboxProcess(["--usage-lag", "3600", "--propagation", "3600"])
        let (name, key, hash) = sandbox.predecessor
        let body: JSONValue = ["model": "a/b", "messages": [["role": "user", "content": "hello"]]]
        #expect(try sandbox.send(.post, "/chat/completions", as: key, body).status == 200)
        let seen = try JSONValue(parsing: try sandbox.send(.get, "/keys/" + hash, as: sandbox.managementKey).body)
        #expect(seen["data"]?["name"]?.string == name)
        #expect(seen["data"]?["usage"] == 0)
        #expect(try sandbox.key(hash)?["calls"] == 1)
        #expect(try sandbox.send(.delete, "/keys/" + hash, as: sandbox.managementKey).status == 200)
        #expect(try sandbox.key(hash)?["deleted_at"]?.string != nil)
        #expect(try sandbox.send(.get, "/key", as: key).status == 200)
    }

    @Test func aLogFileHasOneLineForEachRequestAndNoKey() throws {
        let folder = try TemporaryDirectory()
        let sandbox = try SandboxProcess(["--log", folder.file("log.jsonl")])
        _ = try sandbox.send(.get, "/key", as: sandbox.predecessor.key)
        _ = try sandbox.send(.post, "/keys", as: sandbox.managementKey, ["name": "a"])
        let text = try folder.read("log.jsonl")
        let lines = try text.split(separator: "\n").map { try JSONValue(parsing: $0.utf8) }
        #expect(lines == (try sandbox.log()))
        #expect(lines.map { $0["path"] } == ["/key", "/keys"])
        #expect(!text.contains("sk-or-v1-"))
    }

    @Test func whatGoesWrongIsToldOverHTTP() throws {
        let sandbox = try SandboxProcess()
        let hash = sandbox.predecessor.hash
        func ask(_ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil) throws -> HTTPResponse {
            try sandbox.send(method, path, as: sandbox.managementKey, body)
        }
        let made = try ask(.post, "/byok", ["provider": "groq", "key": "k", "allowed_api_key_hashes": [.string(hash)]])
        let id = try #require(try JSONValue(parsing: made.body)["data"]?["id"]?.string)
        let theirs: JSONValue = ["method": "PATCH", "path": .string("byok/" + id), "body": ["name": "theirs"]]
        let faults: [JSONValue] = [
            ["method": "PATCH", "path": "byok", "effect": "lose", "status": 504],
            ["method": "PATCH", "path": .string("/byok/" + id), "effect": "after", "request": theirs],
        ]
        for fault in faults { _ = try sandbox.control(.post, "faults", fault) }
        #expect(try ask(.patch, "/byok/" + id, ["name": "lost"]).status == 504)
        #expect(try JSONValue(parsing: ask(.get, "/byok/" + id).body)["data"]?["name"] == "lost")
        #expect(try ask(.patch, "/byok/" + id, ["name": "ours"]).status == 200)
        #expect(try JSONValue(parsing: ask(.get, "/byok/" + id).body)["data"]?["name"] == "theirs")

        _ = try sandbox.control(.post, "behaviour", ["dead_hashes": "widen", "failing": ["guardrails"]])
        #expect(try ask(.get, "/guardrails").status == 503)
        #expect(try ask(.delete, "/keys/" + hash).status == 200)
        let widened = try JSONValue(parsing: ask(.get, "/byok/" + id).body)["data"]?["allowed_api_key_hashes"]
        #expect(widened == .some(.null))
        for (path, wish) in [("behaviour", ["colour": "red"]), ("faults", ["path": "byok"])] as [(String, JSONValue)] {
            #expect(throws: SandboxProcess.Failure.self) { try sandbox.control(.post, path, wish) }
        }
    }

    @Test func theProgramEndsWithTheLastReference() throws {
        var sandbox: SandboxProcess? = try SandboxProcess()
        let url = try HTTPURL(try #require(sandbox).url)
        sandbox = nil
        #expect(throws: Socket.Failure.self) { _ = try LoopbackConnection(to: url) }
    }
}

extension Double {
    fileprivate var json: JSONValue { JSONNumber("\(self)").map(JSONValue.number) ?? nil }
}
