import HTTP
import JSON
import OpenRouter
import Secrets
import TestSupport
import Testing

@Suite(.tags(.values)) struct ReferencesTests {
    @Test func guardrailAssignmentsAreRead() throws {
        let row: JSONValue = ["id": "a", "guardrail_id": "g", "key_hash": .string(Sample.hashText), "key_name": "n"]
        let stub = Stub(
            .get, "/guardrails/assignments/keys?limit=100&offset=0", ["data": [row], "total_count": 1])
        let page = try Sample.send(stub, Sample.management().guardrailAssignments())
        #expect(try page.rows.map(\.keyHash) == [Sample.hash()])
        #expect(page.rows.map(\.guardrailID) == ["g"])
        #expect(page.nextOffset == nil)
    }

    @Test(
        "a provider key names the keys that may use it", arguments: [nil, [], ["abc", Sample.hashText]] as [[String]?])
    func providerKeys(hashes: [String]?) throws {
        let list = hashes.map { JSONValue.array($0.map { .string($0) }) } ?? .null
        let row: JSONValue = ["id": "b", "provider": "openai", "name": nil, "allowed_api_key_hashes": list]
        let stub = Stub(
            .get, "/byok?limit=100&offset=0&workspace_id=w", ["data": [row], "total_count": 1])
        let page = try Sample.send(stub, Sample.management().byokKeys(workspace: "w"))
        #expect(page.rows.map { $0.allowedKeyHashes?.map(\.description) } == [hashes])
    }

    @Test("a destination names the keys that it watches", arguments: [nil, ["abc"]] as [[String]?])
    func destinations(hashes: [String]?) throws {
        let list = hashes.map { JSONValue.array($0.map { .string($0) }) } ?? .null
        let row: JSONValue = ["id": "d", "name": "Langfuse", "type": "langfuse", "api_key_hashes": list]
        let stub = Stub(
            .get, "/observability/destinations?limit=100&offset=100", ["data": [row], "total_count": "101"])
        let page = try Sample.send(stub, Sample.management().observabilityDestinations(offset: 100))
        #expect(page.rows.map { $0.keyHashes?.map(\.description) } == [hashes])
        #expect(page.nextOffset == nil)
    }

    @Test(
        "a row that cannot be compared with a key is an error, not a row without keys",
        arguments: [
            (["id": "b", "provider": "openai"], "allowed_api_key_hashes"),
            (["id": "b", "provider": "openai", "allowed_api_key_hashes": ["a b"]], "allowed_api_key_hashes"),
            (["id": "b", "provider": "openai", "allowed_api_key_hashes": [1]], "allowed_api_key_hashes"),
            (["id": "b", "provider": "openai", "allowed_api_key_hashes": "all"], "allowed_api_key_hashes"),
            (["provider": "openai", "allowed_api_key_hashes": nil], "id"),
            ("row", "data"),
        ] as [(JSONValue, String)])
    func oddRows(row: JSONValue, field: String) throws {
        let stub = Stub(.get, "/byok?limit=100&offset=0", ["data": [row], "total_count": 1])
        let error = try Sample.failure(stub, Sample.management().byokKeys())
        #expect(error.code == .unexpected)
        #expect(error.message.hasSuffix(" " + field))
    }

    @Test(
        "pages follow each other until the total",
        arguments: [(0, 100, 250, 100), (100, 100, 250, 200), (200, 50, 250, nil), (0, 0, 0, nil), (100, 0, 250, nil)])
    func pages(offset: Int, rows: Int, total: Int, next: Int?) throws {
        let row: JSONValue = ["id": "a", "guardrail_id": "g", "key_hash": "abc"]
        let stub = Stub(
            .get, "/guardrails/assignments/keys?limit=100&offset=\(offset)",
            ["data": .array(Array(repeating: row, count: rows)), "total_count": .init(integerLiteral: total)])
        let page = try Sample.send(stub, Sample.management().guardrailAssignments(offset: offset))
        #expect(page.nextOffset == next)
        #expect(page.total == total && page.offset == offset && page.rows.count == rows)
    }
}
