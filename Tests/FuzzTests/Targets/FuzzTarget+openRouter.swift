import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import Secrets
import TestSupport

extension FuzzTarget {
    /// Every reading of OpenRouter's answers: the parts of the input are the answers, in their order. None of them makes the client
    /// ask without end, and no error quotes one.
    static let openRouter = FuzzTarget(
        name: "openrouter",
        words: [
            "200\n\n", "404\n\n", "429\nretry-after: 5\n\n", "\n===\n200\n\n", "{\"data\":", "\"hash\":",
            "\"total_count\":",
            "\"limit\":", "\"created_at\":\"2026-01-01T00:00:00Z\"", "\"disabled\":", "\"usage\":\"",
            "\"request_count\":",
            "\"row_count\":", "\"cachedAt\":", "\"warnings\":[", "\"date__hour\":", "\"last_used_at\":", " minting",
            "2026-11-23 ork:01JDB00000AAAAAAAAAAAAAAAA", " disabled:2026-11-23T03:04:05Z", "\"access_token\":",
        ]
    ) { bytes in
        let readings = try OpenRouterReadings(answers: bytes.parts.map(Transcript.Answer.init))
        try readings.tryAll()
    }
}

/// The calls of the client, each with the same answers.
private struct OpenRouterReadings {
    let answers: [Transcript.Answer]
    let management: ManagementAPI
    let inference: InferenceAPI
    let exchange: TokenExchange
    let hash: KeyHash
    let now = Date(timeIntervalSince1970: 1_795_402_800)

    init(answers: [Transcript.Answer]) throws {
        self.answers = answers
        let address = try HTTPURL("https://openrouter.example/api/v1")
        management = ManagementAPI(baseURL: address, managementKey: SampleKeys.predecessor)
        inference = InferenceAPI(baseURL: address, key: SampleKeys.successor)
        exchange = TokenExchange(baseURL: address, policy: "3f2504e0-4f89-41d3-9a0c-0305e82c3301")
        guard let hash = KeyHash(String(repeating: "0f", count: 32)) else {
            throw BrokenProperty(description: "a hash")
        }
        self.hash = hash
    }

    func tryAll() throws {
        try reading(management.listKeys()) { keys in
            for key in keys {
                try require(KeyName(parsing: key.name).description == key.name, "a name is written as it is read")
                _ = (key.usageTotal, key.maySpend(at: now), key.isAbandoned(at: now), key.isUnactivated, key.plainName)
            }
            for base in Set(keys.map(\.keyName.base)).prefix(3) {
                let lineage = Lineage(base: base, among: keys)
                _ = (lineage.live(at: now), lineage.soaking(at: now), lineage.beingMinted(at: now))
            }
        }
        try reading(management.key(hash))
        try reading(management.createKey(NewKey(name: "n", limit: JSONNumber(0)))) { created in
            try requireSilence("\(created.secret)", of: "the description of a new key")
        }
        try reading(management.updateKey(hash, KeyChange(disabled: true)))
        try reading(management.deleteKey(hash))
        try reading(management.requestCounts(hash, from: now - 600, to: now, isClosed: true))
        try reading(management.habit(of: hash, at: now)) { habit in
            _ = (habit?.hoursOfDay, habit?.longestPause)
        }
        try reading(management.uses(hash, from: now - 86400, to: now))
        try reading(management.guardrail("g"))
        try reading(management.guardrailAssignments()) { _ = $0.furtherOffsets }
        try reading(management.guardrails()) { _ = $0.furtherOffsets }
        try reading(management.byokKeys()) { _ = $0.furtherOffsets }
        try reading(management.observabilityDestinations()) { _ = $0.furtherOffsets }
        try reading(management.workspaces()) { _ = $0.furtherOffsets }
        try reading(management.assign([hash], toGuardrail: "g"))
        try reading(inference.currentKey()) { key in _ = (key.usageTotal, key.maySpend(at: now)) }
        try reading(inference.ask(model: "m"))
        if let call = exchange.managementToken(for: Secret("a.b.c")) { try reading(call) }
        try readLists()
        try asking { client throws(OpenRouterError) in _ = try client.allKeys(management, workspaces: [nil, "w"]) }
    }

    private func readLists() throws {
        let lists = KeyList.Kind.allCases.map { KeyList(kind: $0, id: "l", name: "l", workspaceID: nil, hashes: nil) }
        for list in lists where list.kind != .guardrail { try reading(management.replace(list, with: hash, [hash])) }
        try asking { client throws(OpenRouterError) in
            for result in client.read(lists, management) { _ = try result.get() }
        }
    }

    private func reading<Answer>(_ call: APICall<Answer>, _ look: (Answer) throws -> Void = { _ in }) throws {
        var answer: Answer?
        try asking { client throws(OpenRouterError) in answer = try client.send(call).value }
        if let answer { try look(answer) }
    }

    private func asking(_ body: (OpenRouterClient) throws(OpenRouterError) -> Void) throws {
        let transport = Transcript(answers)
        do throws(OpenRouterError) { try body(OpenRouterClient(transport: transport)) } catch {
            try requireSilence(error.message + (error.hint ?? ""), of: "an error")
        }
        try transport.requireEnd()
    }
}
