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
        #expect(page.furtherOffsets.isEmpty)
    }

    @Test("a list that says that it has more rows than any account is an error", arguments: [-1, 100_001, Int.max])
    func hugeLists(total: Int) throws {
        let stub = Stub(
            .get, "/workspaces?limit=100&offset=0", ["data": [], "total_count": .init(integerLiteral: total)])
        let error = try Sample.failure(stub, Sample.management().workspaces())
        #expect(error.message == "OpenRouter's answer has no usable field total_count")
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
        #expect(page.furtherOffsets.isEmpty)
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
        "pages follow each other until the total, also behind one that is not full",
        arguments: [
            (0, 100, 250, [100, 200]), (100, 100, 250, [200]), (200, 50, 250, []), (0, 0, 0, []),
            (0, 60, 250, [100, 200]),
        ])
    func pages(offset: Int, rows: Int, total: Int, further: [Int]) throws {
        let row: JSONValue = ["id": "a", "guardrail_id": "g", "key_hash": "abc"]
        let stub = Stub(
            .get, "/guardrails/assignments/keys?limit=100&offset=\(offset)",
            ["data": .array(Array(repeating: row, count: rows)), "total_count": .init(integerLiteral: total)])
        let page = try Sample.send(stub, Sample.management().guardrailAssignments(offset: offset))
        #expect(page.furtherOffsets == further)
        #expect(page.total == total && page.offset == offset && page.rows.count == rows)
    }

    @Test func aGuardrailSaysOfWhichWorkspaceItIs() throws {
        let rows: JSONValue = [
            ["id": "g", "name": "spend", "workspace_id": "w"], ["id": "h", "name": "any", "workspace_id": nil],
        ]
        let stub = Stub(.get, "/guardrails?limit=100&offset=0&workspace_id=w", ["data": rows, "total_count": 2])
        let page = try Sample.send(stub, Sample.management().guardrails(workspace: "w"))
        #expect(page.rows.map(\.workspaceID) == ["w", nil])
        #expect(page.rows.map(\.name) == ["spend", "any"])
    }

    @Test(
        "a workspace says which guardrail governs all its keys, and whether it logs some of them",
        arguments: [(nil, false), ([], false), ([7], true)] as [(JSONValue?, Bool)])
    func workspaces(logged: JSONValue?, logsSome: Bool) throws {
        let row: JSONValue = [
            "id": "w", "name": "Default", "default_guardrail_id": "g", "io_logging_api_key_ids": logged ?? .null,
        ]
        let page = try Sample.send(
            Stub(.get, "/workspaces?limit=100&offset=0", ["data": [row], "total_count": 1]),
            Sample.management().workspaces())
        #expect(page.rows.map(\.defaultGuardrailID) == ["g"])
        #expect(page.rows.map(\.logsSomeKeys) == [logsSome])
    }

    @Test func aDestinationSaysHowItGoesByNames() throws {
        let row: JSONValue = [
            "id": "d", "name": "S3", "type": "s3", "api_key_hashes": nil, "workspace_id": "w",
            "config": ["pathTemplate": "{prefix}/{apiKeyName}/{date}"],
            "filter_rules": [
                "enabled": true,
                "groups": [
                    [
                        "logic": "and",
                        "rules": [
                            ["field": "model", "operator": "equals", "value": "m"],
                            ["field": "api_key_name", "operator": "equals", "value": "checkout"],
                            ["field": "api_key_name", "operator": "exists"],
                        ],
                    ]
                ],
            ],
        ]
        let stub = Stub(
            .get, "/observability/destinations?limit=100&offset=0", ["data": [row], "total_count": 1])
        let page = try Sample.send(stub, Sample.management().observabilityDestinations())
        let destination = try #require(page.rows.first)
        #expect(destination.hasNameInPath)
        #expect(destination.nameRules.map(\.comparison) == ["equals", "exists"])
        #expect(destination.nameRules.map(\.value) == ["checkout", nil])
    }
}
