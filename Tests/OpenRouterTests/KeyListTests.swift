import HTTP
import JSON
import OpenRouter
import Secrets
import TestSupport
import Testing

@Suite(.tags(.values)) struct KeyListTests {
    private static let other = String(repeating: "f", count: 64)
    private static let guardrail = KeyList(
        kind: .guardrail, id: "g", name: "spend", workspaceID: "w", hashes: [KeyHash("abc")].compactMap(\.self))
    private static let byok = KeyList(kind: .byok, id: "b", name: "openai", workspaceID: "w", hashes: nil)
    private static let destination = KeyList(
        kind: .observability, id: "d", name: "Langfuse", workspaceID: "w", hashes: nil)

    private static func row(_ list: KeyList, _ hashes: [String]?) -> JSONValue {
        let json = hashes.map { JSONValue.array($0.map { .string($0) }) } ?? .null
        return [
            "id": .string(list.id), "provider": "openai", "name": .string(list.name), "workspace_id": "w",
            "allowed_api_key_hashes": json, "api_key_hashes": json,
        ]
    }

    private static let paths = [(byok, "/byok/b"), (destination, "/observability/destinations/d")]

    @Test("a list is read by itself", arguments: paths)
    func reading(list: KeyList, path: String) throws {
        let stub = Stub(.get, path, ["data": Self.row(list, [Sample.hashText])])
        let page = try Sample.send(stub, Sample.management().keyList(list))
        #expect(try page.list == list.with([Sample.hash()]))
        let gone = Stub(.get, path, status: 404, ManagementAPITests.error(404))
        #expect(try Sample.send(gone, Sample.management().keyList(list)).list == nil)
    }

    @Test(
        "a list is replaced whole, and by nothing else",
        arguments: zip(paths, ["allowed_api_key_hashes", "api_key_hashes"]))
    func replacing(list: (KeyList, String), field: String) throws {
        let other = try #require(KeyHash(Self.other))
        let body: JSONValue = .object([field: [.string(Sample.hashText), .string(Self.other)]])
        let call = try Sample.management().replace(list.0, with: Sample.hash(), [other])
        let stub = Stub(.patch, list.1, body: body, ["data": Self.row(list.0, [Sample.hashText, Self.other])])
        #expect(try Sample.send(stub, call)?.hashes == [Sample.hash(), other])
        let gone = Stub(.patch, list.1, body: body, status: 404, ManagementAPITests.error(404))
        #expect(try Sample.send(gone, call) == nil)
    }

    @Test("keys are assigned to a guardrail and taken from it, and counted", arguments: [true, false])
    func guardrails(isAssigned: Bool) throws {
        let api = try Sample.management()
        let path = "/guardrails/g/assignments/keys" + (isAssigned ? "" : "/remove")
        let call =
            try isAssigned
            ? api.assign([Sample.hash()], toGuardrail: "g") : api.unassign([Sample.hash()], fromGuardrail: "g")
        let body: JSONValue = ["key_hashes": [.string(Sample.hashText)]]
        let answer: JSONValue = .object([isAssigned ? "assigned_count" : "unassigned_count": 1])
        #expect(try Sample.send(Stub(.post, path, body: body, answer), call) == 1)
        #expect(try Sample.send(Stub(.post, path, body: body, status: 404, ManagementAPITests.error(404)), call) == nil)
        let wrong = try Sample.failure(Stub(.post, path, body: body, [:]), call)
        #expect(wrong.code == .unexpected)
    }

    @Test func listsAreReadInOneBatchAndAGuardrailsPagesInASecond() throws {
        let rows = (0..<150).map { JSONValue.object(["id": "a", "guardrail_id": "g", "key_hash": .string("k\($0)")]) }
        let path = "/guardrails/g/assignments/keys?limit=100&offset="
        let transport = FakeTransport([
            Stub(.get, path + "0", ["data": .array(Array(rows[..<100])), "total_count": 150]),
            Stub(.get, "/byok/b", ["data": Self.row(Self.byok, nil)]),
            Stub(.get, "/observability/destinations/d", status: 503, ManagementAPITests.error(503)),
            Stub(.get, "/keys/" + Sample.hashText, ["data": Sample.keyJSON()]),
            Stub(.get, path + "100", ["data": .array(Array(rows[100...])), "total_count": 150]),
        ])
        let api = try Sample.management()
        let (lists, other) = OpenRouterClient(transport: transport).read(
            [Self.guardrail, Self.byok, Self.destination], api, with: try api.key(Sample.hash()))
        transport.expectAllUsed()
        #expect(transport.batches.count == 2)
        #expect(try lists[0].get()?.hashes?.count == 150)
        #expect(try lists[1].get() == Self.byok)
        #expect(throws: OpenRouterError.self) { try lists[2].get() }
        #expect(try other.get().value?.hash == Sample.hash())
    }
}
