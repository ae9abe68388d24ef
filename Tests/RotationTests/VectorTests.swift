import FoundationEssentials
import JSON
import Rotation
import Secrets
import Sodium
import TestSupport
import Testing

/// `Vectors/*.json` were made by `Python/make_vectors.py`, and hold `Sources/Rotation/FORMAT.md`: to our code, and to a
/// reader in Python that was written from that page alone.
@Suite(.tags(.processes))
struct VectorTests {
    private static func vectors(_ name: String) throws -> JSONValue {
        try JSONValue(parsing: Data(contentsOf: URL(filePath: Python.file("Vectors/\(name).json"))), depth: 512)
    }

    private static func cases(_ name: String, _ kind: String) throws -> [JSONValue] {
        let cases = try #require(try vectors(name)[kind]?.array)
        try #require(cases.count > 2)
        return cases
    }

    private static func bytes(hex: String?) throws -> [UInt8] {
        let digits = try Array(#require(hex))
        return try stride(from: 0, to: digits.count, by: 2).map {
            try #require(UInt8(String(digits[$0...($0 + 1)]), radix: 16))
        }
    }

    @Test("a reader written from FORMAT.md alone agrees with every vector, and reads the golden handoff")
    func independence() async throws {
        let outcome = try await Python.run(
            "handoff_format.py", ["check", Python.file("Vectors"), Python.file("Fixtures/handoff-v1.json")])
        #expect(outcome.succeeded, "\(outcome.output)")
        #expect(outcome.output.hasSuffix(" sha256:cedeffeee304cc38d4bb8b4a4f203d15c9582dbf43f0d00435c08fea5b7b7360\n"))
    }

    @Test("canonical JSON and its digest are those of the vectors, and what breaks the rules is refused")
    func canonical() throws {
        for vector in try Self.cases("canonical", "accepted") {
            let text = try #require(vector["text"]?.string)
            let value = try JSONValue(parsing: text.utf8, numbers: .integers)
            #expect(value.text(.canonical) == vector["canonical"]?.string)
            #expect(Digest(of: value.bytes(.canonical)).description == vector["digest"]?.string)
        }
        for vector in try Self.cases("canonical", "refused") {
            let bytes = try Self.bytes(hex: vector["hex"]?.string)
            #expect(throws: JSONError.self, "\(vector)") { try JSONValue(parsing: bytes, numbers: .integers) }
        }
    }

    @Test("an identity makes the public one of the vectors, and a damaged text is none")
    func identities() throws {
        for vector in try Self.cases("identities", "accepted") {
            let identity = try Identity(Secret(try #require(vector["private"]?.string)))
            #expect(identity.publicIdentity.description == vector["public"]?.string)
            #expect(identity.text.revealed() == vector["private"]?.string)
            let seed = Secret(try Self.bytes(hex: vector["seed"]?.string))
            for (number, name) in [(UInt64(1), "box_subkey"), (2, "signing_subkey")] {
                let subkey = try KeyDerivation.derive(number, context: "ork-id-1", from: seed)
                #expect(subkey == Secret(try Self.bytes(hex: vector[name]?.string)))
            }
        }
        for vector in try Self.cases("identities", "refused") {
            let text = try #require(vector["text"]?.string)
            if vector["kind"] == "private" {
                #expect(throws: Identity.Mistake.self, "\(text)") { try Identity(Secret(text)) }
            } else {
                #expect(PublicIdentity(text) == nil, "\(text)")
            }
        }
    }

    @Test("the bytes that are signed, the signature and the digest of a record are those of the vectors")
    func signatures() throws {
        for vector in try Self.cases("signatures", "accepted") {
            var record = try #require(vector["record"]?.object)
            let bytes = Array("ork-handoff/1\0".utf8) + JSONValue.object(record).bytes(.canonical)
            #expect(bytes == (try Self.bytes(hex: vector["signed_bytes"]?.string)))
            let seed = try Self.cases("identities", "accepted").first { $0["private"] == vector["private"] }?["seed"]
            let subkey = try KeyDerivation.derive(
                2, context: "ork-id-1", from: Secret(Self.bytes(hex: seed?.string)))
            let signature = Base64URL.encode(try SigningKeyPair(seed: subkey).sign(bytes))
            #expect(signature == vector["signature"]?.string)
            record["signature"] = .string(signature)
            #expect(Digest(of: JSONValue.object(record).bytes(.canonical)).description == vector["digest"]?.string)
        }
    }

    @Test("a box opens for its owner alone, and only to the key that is expected")
    func boxes() throws {
        let text = try #require(try Self.cases("handoffs", "accepted").first?["text"]?.string)
        for vector in try Self.cases("boxes", "cases") {
            var handoff = try #require(try JSONValue(parsing: text.utf8).object)
            handoff["sealed"] = [["to": vector["to"] ?? nil, "of": "successor", "box": vector["box"] ?? nil]]
            let box = try #require(try Handoff(parsing: JSONValue.object(handoff).bytes()).sealed.first)
            let identity = try Identity(Secret(try #require(vector["private"]?.string)))
            let digest = try #require(vector["digest"]?.string.flatMap { Digest($0) })
            #expect(box.open(with: identity, expecting: digest)?.revealed() == vector["plaintext"]?.string)
        }
    }

    private static func trust(_ value: JSONValue?) -> Trust? {
        guard let object = value?.object else { return nil }
        var named: [StepName: Set<PublicIdentity>] = [:]
        for (step, signers) in object.members {
            guard let step = StepName(rawValue: step) else { return nil }
            named[step] = Set((signers.array ?? []).compactMap { $0.string.flatMap(PublicIdentity.init) })
        }
        return Trust(named, fallback: nil)
    }

    private static func handoffs(_ vector: JSONValue) throws -> [Handoff] {
        try (vector["texts"]?.array ?? []).map { try Handoff(parsing: Array(($0.string ?? "").utf8)) }
    }

    private static func merged(_ handoffs: [Handoff]) throws -> Handoff {
        var result = try #require(handoffs.first)
        for other in handoffs.dropFirst() { try result.merge(other) }
        return result
    }

    @Test("header, tips, head and what an approval binds are those of the vectors")
    func handoffs() throws {
        for vector in try Self.cases("handoffs", "accepted") {
            let handoff = try Handoff(parsing: Array(try #require(vector["text"]?.string).utf8))
            let state = try State(handoff, trust: Self.trust(vector["trust"]))
            #expect(handoff.header.digest.description == vector["header_digest"]?.string)
            #expect(handoff.tips.map(\.description) == vector["tips"]?.array?.compactMap(\.string))
            #expect(handoff.head.description == vector["head"]?.string)
            #expect(state.approvalBinding?.description == vector["binding"]?.string)
        }
    }

    @Test("a union has the records, the head and the boxes of the vectors, whichever handoff comes first")
    func unions() throws {
        for vector in try Self.cases("handoffs", "merged") {
            let handoffs = try Self.handoffs(vector)
            for union in [try Self.merged(handoffs), try Self.merged(handoffs.reversed())] {
                let records = union.records.map(\.digest.description).sorted()
                #expect(records == vector["records"]?.array?.compactMap(\.string))
                #expect(union.head.description == vector["head"]?.string)
                #expect(union.sealed.count == vector["boxes"]?.integer)
                #expect(union.kept.count == vector["kept"]?.integer)
            }
        }
    }

    @Test("what FORMAT.md refuses is refused, for the reason that it gives")
    func refused() throws {
        for vector in try Self.cases("handoffs", "refused") {
            let error = #expect(throws: HandoffError.self, "\(vector["why"]?.string ?? "")") {
                try State(Self.merged(Self.handoffs(vector)), trust: Self.trust(vector["trust"]))
            }
            #expect(error?.code.rawValue == vector["code"]?.string, "\(vector["why"]?.string ?? "")")
        }
    }
}
