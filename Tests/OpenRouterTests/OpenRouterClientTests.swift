import HTTP
import JSON
import OpenRouter
import TestSupport
import Testing

@Suite(.tags(.values)) struct OpenRouterClientTests {
    private let list = "/keys?include_disabled=true&include_expired=true&offset="

    @Test func aBatchIsOneRoundTrip() throws {
        let transport = FakeTransport([
            Stub(.get, list + "0", ["data": [Sample.keyJSON()]]),
            Stub(.delete, "/keys/" + Sample.hashText, status: 403, [:]),
            Stub(.get, "/keys/" + Sample.hashText, status: 404, [:]),
        ])
        let management = try Sample.management()
        let results = OpenRouterClient(transport: transport).send(all: [
            management.listKeys().map { $0.map(\.name) }, management.deleteKey(try Sample.hash()).map { _ in [] },
            management.key(try Sample.hash()).map { [$0?.name ?? "none"] },
        ])
        #expect(try results[0].get() == Dated(value: ["checkout"], date: Sample.now))
        #expect(throws: OpenRouterError.self) { try results[1].get() }
        #expect(try results[2].get().value == ["none"])
        #expect(transport.batches.map(\.count) == [3])
        transport.expectAllUsed()
    }

    @Test func aBatchOfOneKindKeepsItsOrder() throws {
        let transport = FakeTransport(
            (0..<4).map { Stub(.get, list + String($0), ["data": [Sample.keyJSON(["name": .string("key \($0)")])]]) })
        let management = try Sample.management()
        let pages = OpenRouterClient(transport: transport).send(all: (0..<4).map { management.listKeys(offset: $0) })
        #expect(try pages.map { try $0.get().value[0].name } == ["key 0", "key 1", "key 2", "key 3"])
        #expect(transport.batches.map(\.count) == [4])
        transport.expectAllUsed()
    }

    @Test func nothingIsSentForAnEmptyBatch() {
        let transport = FakeTransport([])
        #expect(OpenRouterClient(transport: transport).send(all: [APICall<Bool>]()).isEmpty)
        #expect(transport.batches.isEmpty)
    }

    @Test("a key that goes while pages are read hides no other, whoever reads the first one", arguments: [false, true])
    func deletedMeanwhile(isFirstGiven: Bool) throws {
        func rows(_ numbers: Range<Int>) -> JSONValue {
            let rows = numbers.map { number in
                let hash = String(number)
                return Sample.keyJSON([
                    "name": .string("key \(number)"),
                    "hash": .string(String(repeating: "0", count: 64 - hash.count) + hash),
                ])
            }
            return ["data": .array(rows)]
        }
        // One of the first has gone: key 100 stands at 99 now, where nobody looks who reads on at 100.
        let transport = FakeTransport([Stub(.get, list + "0", rows(0..<100)), Stub(.get, list + "90", rows(91..<103))])
        let client = OpenRouterClient(transport: transport)
        let management = try Sample.management()
        let keys =
            isFirstGiven
            ? try client.allKeys(management, workspace: nil, from: client.send(management.listKeys()).value)
            : try client.allKeys(management, workspace: nil).value
        #expect(keys.map(\.name) == (0..<103).map { "key \($0)" })
        transport.expectAllUsed()
    }

    @Test func aTransportThatForgetsACallMayHaveSentIt() throws {
        struct Forgetful: HTTPTransport {
            func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {}
        }
        let error = #expect(throws: OpenRouterError.self) {
            try OpenRouterClient(transport: Forgetful()).send(Sample.management().listKeys())
        }
        #expect(error?.code == .unreachable)
        #expect(error?.mayHaveArrived == true)
    }
}
