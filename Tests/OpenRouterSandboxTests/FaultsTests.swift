import FoundationEssentials
import HTTP
import JSON
import OpenRouterSandbox
import Secrets
import TestSupport
import Testing

@Suite(.tags(.values)) struct FaultsTests {
    private var sandbox = Sandbox()
    private let now: Date

    init() throws { now = try .at("2026-11-23T12:00:00Z") }

    @Test(
        "an answer fails before or after the effect, and once",
        arguments: [(SandboxFault.Effect.refuse(503), 503, []), (.lose(504), 504, ["a"])])
    mutating func failing(effect: SandboxFault.Effect, status: Int, names: [String]) throws {
        sandbox.add(SandboxFault(.post, "guardrails", effect))
        #expect(try sandbox.manage(.get, "/guardrails", at: now).status == 200)
        #expect(try sandbox.manage(.post, "/guardrails", ["name": "a"], at: now).status == status)
        #expect(try sandbox.manage(.get, "/guardrails", at: now).names == names)
        #expect(try sandbox.manage(.post, "/guardrails", ["name": "b"], at: now).status == 201)
    }

    @Test(
        "another hand writes between a reader's look and its write, or right after it", arguments: [true, false])
    mutating func interference(isBefore: Bool) throws {
        let hashes = (0..<3).map { sandbox.addKey(name: "\($0)").hash }
        let id = sandbox.addProviderKey("own", allowing: [hashes[0]])
        let theirs: JSONValue = ["allowed_api_key_hashes": [.string(hashes[0]), .string(hashes[2])]]
        let hand: @Sendable (inout Sandbox, Date) -> Void = { $0.manage(.patch, ["byok", id], theirs, at: $1) }
        sandbox.add(SandboxFault(.patch, "byok/" + id, isBefore ? .before(hand) : .after(hand)))
        let ours: JSONValue = ["allowed_api_key_hashes": [.string(hashes[0]), .string(hashes[1])]]
        #expect(try sandbox.manage(.patch, "/byok/" + id, ours, at: now).status == 200)
        let read = try sandbox.manage(.get, "/byok/" + id, at: now).data?["allowed_api_key_hashes"]?.strings
        #expect(read == [hashes[0], isBefore ? hashes[1] : hashes[2]])
    }
}
