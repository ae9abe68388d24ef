import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import OpenRouterSandbox
import Secrets
import Sodium
import Synchronization
import TestSupport
import Testing

/// The client against an OpenRouter as a value.
@Suite(.tags(.values)) struct SandboxTests {
    /// Carries requests to a sandbox; every batch is one second later than the one before.
    final class SandboxTransport: HTTPTransport {
        private let state: Mutex<(sandbox: Sandbox, now: Date)>

        init(_ sandbox: Sandbox) {
            state = Mutex((sandbox, Sample.now))
        }

        func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {
            for (index, request) in requests.enumerated() {
                each(index, .success(state.withLock { $0.sandbox.answer(request, at: $0.now) }))
            }
            state.withLock { $0.now += 1 }
        }
    }

    private let sandbox: Sandbox
    private let predecessor: KeyHash
    private let url: HTTPURL

    init() throws {
        var sandbox = Sandbox()
        predecessor = try #require(KeyHash(sandbox.addKey(name: "checkout", limit: 25, limitReset: .monthly).hash))
        sandbox.addGuardrail("spend", assignedTo: [predecessor.description])
        sandbox.addProviderKey("openai", allowing: [predecessor.description])
        sandbox.addDestination("langfuse", observing: nil)
        self.sandbox = sandbox
        url = try HTTPURL("https://openrouter.ai/api/v1")
    }

    @Test func aKeyIsMadeUsedDisabledAndDeleted() throws {
        let client = OpenRouterClient(transport: SandboxTransport(sandbox))
        let management = ManagementAPI(baseURL: url, managementKey: sandbox.managementKey)
        let rotation = KeyName.Rotation(date: "2026-11-23", id: KeyNameTests.id)
        let name = KeyName(base: "checkout", rotation: rotation, isMinting: true)

        let created = try client.send(management.createKey(NewKey(name: name.description, limit: JSONNumber(0)))).value
        let hash = created.key.hash
        #expect(hash == KeyHash(documentedFor: Digest(of: created.secret)))
        #expect(created.key.lastUsedAt == .never)
        let lineage = try Lineage(base: "checkout", among: client.send(management.listKeys()).value)
        #expect(lineage.live(at: Sample.now).map(\.hash) == [predecessor])
        #expect(lineage.minting.map(\.hash) == [hash])

        let inference = InferenceAPI(baseURL: url, key: created.secret)
        #expect(try !client.send(inference.currentKey()).value.maySpend(at: Sample.now))
        let refused = #expect(throws: OpenRouterError.self) { try client.send(inference.ask(model: "openai/gpt-4o")) }
        #expect(refused?.code == .forbidden)

        let change = KeyChange(
            name: name.activated().description, limit: .to(JSONNumber(25)), limitReset: .to("monthly"))
        #expect(try client.send(management.updateKey(hash, change)).value?.limit?.decimal == 25)
        let current = try client.send(inference.currentKey())
        let answer = try client.send(inference.ask(model: "openai/gpt-4o"))
        #expect(current.value.maySpend(at: Sample.now))
        #expect(answer.value.id != nil)
        let key = try #require(try client.send(management.key(hash)).value)
        #expect(key.usageTotal > 0)
        let count = try client.send(
            management.requestCounts(hash, from: Sample.now - 60, to: Sample.now + 30, isClosed: true)
        ).value
        #expect(count == .count(1))

        #expect(try client.send(management.updateKey(hash, KeyChange(disabled: true))).value?.disabled == true)
        let dead = #expect(throws: OpenRouterError.self) { try client.send(inference.currentKey()) }
        #expect(dead?.code == .unauthorized)
        #expect(try client.send(management.deleteKey(hash)).value)
        #expect(try !client.send(management.deleteKey(hash)).value)
        #expect(try client.send(management.key(hash)).value == nil)
        let counted = try client.send(
            management.requestCounts(hash, from: Sample.now - 60, to: Sample.now + 30, isClosed: true))
        #expect(counted.value == .unusable(.warnings))
    }

    @Test func referencesAreReadInOneBatch() throws {
        let client = OpenRouterClient(transport: SandboxTransport(sandbox))
        let management = ManagementAPI(baseURL: url, managementKey: sandbox.managementKey)
        let lists = client.send(all: [
            management.guardrailAssignments().map { $0.rows.map { [$0.keyHash] } },
            management.byokKeys().map { $0.rows.map(\.allowedKeyHashes) },
            management.observabilityDestinations().map { $0.rows.map(\.keyHashes) },
        ])
        #expect(try lists.map { try $0.get().value } == [[[predecessor]], [[predecessor]], [nil]])
    }

    @Test func pagesEndWithAShorterOne() throws {
        var sandbox = sandbox
        for number in 1...150 { sandbox.addKey(name: "key \(number)") }
        let client = OpenRouterClient(transport: SandboxTransport(sandbox))
        let management = ManagementAPI(baseURL: url, managementKey: sandbox.managementKey)
        let pages = client.send(all: [0, ManagementAPI.pageSize].map { management.listKeys(offset: $0) })
        let counts = try pages.map { try $0.get().value.count }
        #expect(counts == [100, 51])
        #expect(try Set(pages.flatMap { try $0.get().value.map(\.hash) }).count == 151)
    }

    @Test func anInferenceKeyManagesNothing() throws {
        var sandbox = sandbox
        let key = sandbox.addKey(name: "other").key
        let client = OpenRouterClient(transport: SandboxTransport(sandbox))
        let management = ManagementAPI(baseURL: url, managementKey: key)
        let error = #expect(throws: OpenRouterError.self) { try client.send(management.listKeys()) }
        #expect(error?.code == .forbidden)
        #expect(error?.hint?.contains("management key") == true)
    }
}
