import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import TestSupport
import Testing
import Timestamps

@Suite(.tags(.values)) struct InferenceAPITests {
    private func current(_ changes: [String: JSONValue?] = [:]) -> Stub {
        Stub(.get, "/key", bearer: Sample.applicationKey, ["data": Sample.currentKeyJSON(changes)])
    }

    @Test func aKeyLearnsOfItself() throws {
        let call = try Sample.inference().currentKey()
        #expect(call.request.wantsFreshConnection)
        let key = try Sample.send(current(), call)
        #expect(key.label == "sk-or-v1-0e6...1c96")
        #expect(key.limitRemaining == JSONNumber("74.5"))
        #expect(key.usageTotal == Decimal(string: "42.88"))
        #expect(key.expiresAt == Date(rfc3339: "2027-12-31T23:59:59Z"))
        #expect(!key.isManagementKey)
        #expect(key.workspaceID == nil)
    }

    @Test func theConnectionNeedNotBeFresh() throws {
    }

    @Test(
        "a key may serve an application when it is none for management, not expired, and something is left",
        arguments: [
            ([:], true), (["is_management_key": true], false), (["limit_remaining": 0], false),
            (["limit": nil, "limit_remaining": nil], true), (["expires_at": "2026-11-23T02:59:59Z"], false),
            (["expires_at": nil], true),
        ] as [([String: JSONValue], Bool)])
    func spending(changes: [String: JSONValue], expected: Bool) throws {
        let key = try Sample.send(current(changes.mapValues { $0 }), Sample.inference().currentKey())
        #expect(key.maySpend(at: Sample.now) == expected)
    }

    @Test(
        "a missing field is named",
        arguments: ["label", "limit", "limit_remaining", "usage", "byok_usage", "is_management_key"])
    func missing(field: String) throws {
        let error = try Sample.failure(current([field: JSONValue?.none]), Sample.inference().currentKey())
        #expect(error.code == .unexpected)
        #expect(error.message.hasSuffix(" " + field))
    }

    private func ask(_ answer: JSONValue) -> Stub {
        let body: JSONValue = [
            "model": "openai/gpt-4o", "max_tokens": 16,
            "messages": [["role": "user", "content": "Answer with the word ok."]],
        ]
        return Stub(.post, "/chat/completions", body: body, bearer: Sample.applicationKey, answer)
    }

    @Test func aModelIsAskedOnce() throws {
        let call = try Sample.inference().ask(model: "openai/gpt-4o")
        #expect(!call.request.isIdempotent && call.request.wantsFreshConnection)
        let answer: JSONValue = ["id": "gen-1", "choices": [["message": ["role": "assistant", "content": "ok"]]]]
        #expect(try Sample.send(ask(answer), call).id == "gen-1")
    }

    @Test(
        "a failure under status 200 is none the less one",
        arguments: [
            ["error": ["code": 502, "message": "m"]], ["choices": []], [:],
            ["choices": [["message": [:]]], "error": ["code": 502]],
        ] as [JSONValue])
    func hiddenFailure(answer: JSONValue) throws {
        let error = try Sample.failure(ask(answer), Sample.inference().ask(model: "openai/gpt-4o"))
        #expect(error.code == .unexpected)
    }
}
