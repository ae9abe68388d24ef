import FoundationEssentials
import JSON
import Rotation
import Secrets
import Sodium
import TestSupport
import Testing

/// `Fixtures/handoff-v1.json` was made by `Python/independent.py golden`. It holds fields of a later version.
@Suite(.tags(.processes)) struct GoldenHandoffTests {
    private let text: String
    private let identity: Identity
    private let trust: Trust

    init() throws {
        text = String(
            decoding: try Data(contentsOf: URL(filePath: Python.file("Fixtures/handoff-v1.json"))), as: UTF8.self)
        identity = try Sample.identity()
        trust = Trust(only: identity.publicIdentity)
    }

    @Test("what is read is written again byte by byte, fields of a later version included")
    func roundTrip() throws {
        let handoff = try Handoff(parsing: Array(text.utf8))
        let state = try State(handoff, trust: trust)
        #expect(String(decoding: handoff.bytes(summary: state.summary), as: UTF8.self) == text)
        #expect(handoff.head.description == "sha256:cedeffeee304cc38d4bb8b4a4f203d15c9582dbf43f0d00435c08fea5b7b7360")
        #expect(
            handoff.header.digest.description
                == "sha256:0eec0dd4e2254e7a727896753fefc7066d627a84960ba3f788ba0e54b7491be1")
    }

    @Test("it says what it says")
    func content() throws {
        let handoff = try Handoff(parsing: Array(text.utf8))
        let state = try State(handoff, trust: trust)
        #expect(state.phase == .retiring)
        #expect(state.created?.hash.description == Sample.successor)
        #expect(state.disabled.map(\.description) == [Sample.predecessor])
        #expect(state.readings.first?.meters.count == 2)
        #expect(state.isPublished)
        #expect(state.targets[try Sample.name("canary")]?.receipt == ["size": 9_007_199_254_740_992])
        #expect(state.verification?.adoption == .seen)
        #expect(state.waves == [1, 2])
        #expect(handoff.sealed.first?.open(with: identity, expecting: Digest(of: Sample.key)) == Sample.key)
    }

    @Test(
        "every field is covered by a signature, those of a later version too",
        arguments: [
            (#""kept": ["#, #""lost": ["#, .signature), ("golden committed", "golden  committed", .signature),
            (#""actor": "ada""#, #""actor": "eve""#, .signature), ("1.25", "1.24", .signature),
            ("2026-11-23T03:04:07Z", "2026-11-23T03:04:08Z", .signature),
            (#""kept": true"#, #""kept": false"#, .chain), ("ünd", "u\u{308}nd", .chain),
            ("web/.env", "web/.ENV", .chain),
        ] as [(String, String, HandoffError.Code)])
    func coverage(part: String, replacement: String, code: HandoffError.Code) throws {
        let altered = try Handoff(parsing: Array(text.replacing(part, with: replacement, maxReplacements: 1).utf8))
        let error = #expect(throws: HandoffError.self) { try State(altered, trust: trust) }
        #expect(error?.code == code)
    }

    @Test("an independent implementation accepts our handoff and opens our box, and we open its box")
    func independence() async throws {
        var handoff = try Handoff(parsing: Array(text.utf8))
        handoff.seal([try SealedSecret(Sample.key, to: identity.publicIdentity)])
        try handoff.append(
            Entry(.retire, .deleted, message: "gone: ünd ⌘ 😀 \"\\\u{7F}\u{2028}", detail: ["hash": "aa"]),
            at: Sample.start, provenance: ["actor": "bob"], by: identity)
        let asked: JSONValue = [
            "identity": .string(Sample.identityText),
            "handoff": .string(String(decoding: handoff.bytes(summary: [:]), as: UTF8.self)),
        ]
        let outcome = try await Python.run("independent.py", ["check"], input: asked.text())
        try #require(outcome.succeeded, "\(outcome.output)")
        let answer = try JSONValue(parsing: outcome.output.utf8)
        #expect(answer["public"]?.string == Sample.publicText)
        #expect(answer["opened"]?.string == Sample.key.revealed())
        let theirs = try Handoff(parsing: Array(try #require(answer["handoff"]?.string).utf8))
        #expect(theirs.sealed != handoff.sealed)
        #expect(theirs.sealed.first?.open(with: identity, expecting: Digest(of: Sample.key)) == Sample.key)
        #expect(try State(theirs, trust: trust).deleted.count == 1)
    }
}
