import FoundationEssentials
import JSON
import PublisherKit
import Rotation
import RotationFixtures
import Secrets
import Sodium
import Steps
import TestSupport
import Testing
import Timestamps

/// `ci-templates/schema/handoff.schema.json` takes what the steps write, and refuses what they refuse.
@Suite("The schema of a handoff", .tags(.processes))
struct HandoffSchemaTests {
    private static func text(_ handoff: Handoff) throws -> String {
        String(decoding: handoff.bytes(summary: try State(handoff, trust: nil).summary), as: UTF8.self)
    }

    /// Handoffs as the steps leave them, after each step of several rotations.
    private static func real() throws -> [String: String] {
        var handoffs: [String: String] = [:]
        func keep(_ fixture: RotationFixture, _ name: String) throws {
            handoffs[name] = try text(try #require(fixture.journal.handoff))
        }
        var fixture = try RotationFixture(waves: ["canary": 1, "web": 2]) {
            $0.verify.probes = [.http(url: "https://shop.example/health", expect: [200])]
        }
        fixture.identity = try Identity.generate()
        fixture.trust = Trust(only: fixture.identity.publicIdentity)
        fixture.journal = MemoryJournal(nil, fixture.identity, fixture.trust, fixture.simulation)
        try fixture.create()
        try keep(fixture, "created")
        fixture.simulation.with { $0.troubles["canary"] = [.reject(.denied), .unknownButWritten] }
        #expect(throws: StepError.self) { try fixture.publish() }
        #expect(throws: StepError.self) { try fixture.publish() }
        try keep(fixture, "rejected")
        try fixture.publishAndVerify()
        try fixture.approve()
        try keep(fixture, "verified")
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        fixture.simulation.pass(2 * 3600)
        try fixture.verify()
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        try keep(fixture, "disabled")
        try fixture.restore()
        try keep(fixture, "restored")
        fixture.simulation.pass(5)
        fixture.simulation.with { $0.useAll() }
        try fixture.verify()
        try fixture.retireWaiting { $0.again = true }
        try keep(fixture, "finished")

        let partly = try RotationFixture { $0.successor.limit = .remaining }
        try partly.create()
        try partly.publish()
        partly.simulation.sleep(until: try #require(Date(rfc3339: "2026-12-01T00:00:00Z")))
        partly.refused(.notYet) { () throws(StepError) in try partly.retire() }
        try keep(partly, "raised")
        let undone = try RotationFixture.published()
        let place = try #require(undone.known?.plan.targets.first?.place)
        try undone.journal.append(Entry(.rollback, .rollingBack, message: "rolling back"))
        try undone.journal.append(
            Entry(
                .rollback, .rolledBack, target: PlanName("web"), message: "put back",
                detail: ["digest": .string(Digest(of: []).description), "place": .string(place.description)]))
        try keep(undone, "rolling back")

        let lost = try RotationFixture()
        #expect(throws: StepError.self) { try lost.create(FakeTransport(lost.simulation, faults: [2: .loseReply])) }
        try keep(lost, "stray")
        return handoffs
    }

    @Test("what the steps write is valid at every stage, and so is a file with fields of a later version")
    func valid() async throws {
        var handoffs = try Self.real()
        let events = handoffs.values.joined()
        for event in Event.allCases where ![.unchanged, .accepted].contains(event) {
            #expect(events.contains("\"event\": \"\(event.rawValue)\""), "\(event.rawValue) is in none of them")
        }
        let golden = Python.file("../RotationTests/Fixtures/handoff-v1.json")
        handoffs["golden"] = String(decoding: try Data(contentsOf: URL(filePath: golden)), as: UTF8.self)
        #expect(try await JSONSchema.handoff.complaints(of: handoffs) == [:])
    }

    /// The JSON with one value at a path of keys and indices replaced, or taken out.
    private static func set(_ json: JSONValue, _ path: ArraySlice<String>, _ value: JSONValue?) -> JSONValue? {
        guard let key = path.first else { return value }
        if var object = json.object {
            object[key] = set(object[key] ?? .null, path.dropFirst(), value)
            return .object(object)
        }
        guard var array = json.array, let index = Int(key), array.indices.contains(index) else { return json }
        if let new = set(array[index], path.dropFirst(), value) { array[index] = new } else { array.remove(at: index) }
        return .array(array)
    }

    private static let breaks: [(path: String, value: JSONValue?)] = [
        ("schema", "ork-handoff/2"), ("schema", nil), ("rotation", nil), ("records", nil), ("records", []),
        ("sealed", nil), ("sealed", [:]), ("rotation.id", "01jdb"), ("rotation.name", "a b"), ("rotation.base", 1),
        ("rotation.plan", nil), ("rotation.plan.predecessor", "app"), ("rotation.plan.predecessor", [:]),
        ("rotation.plan.targets", []), ("rotation.plan.targets.web.publisher", "../file"),
        ("rotation.plan.targets.web.wave", 0), ("rotation.plan.targets.web.env", ["1X"]),
        ("rotation.plan.retire.soak", "2w"), ("rotation.plan.retire", [1]),
        ("rotation.plan.successor.limit", "-1"), ("rotation.plan.verify.probes", [["tcp": [:]]]),
        ("rotation.predecessors", nil), ("rotation.predecessors.0.hash", "a/b"),
        ("rotation.predecessors.0.name", nil), ("records.0.step", "deploy"), ("records.0.step", "publish"),
        ("records.0.event", "done"), ("records.0.at", "yesterday"), ("records.0.at", nil), ("records.0.after", []),
        ("records.0.after.0", "sha256:12"), ("records.0.signer", "ork-public-1:abc"), ("records.0.signature", nil),
        ("records.0.signature", "abc"), ("records.0.target", "a b"), ("records.0.detail.name", nil),
        ("records.1.detail.digest", "abc"), ("records.1.detail.publish_by", nil), ("sealed.0.to", "me"),
        ("sealed.0.box", "not base64url!"), ("sealed.0.of", "predecessor"),
    ]

    @Test("what the steps refuse, the schema refuses")
    func broken() async throws {
        let fixture = try RotationFixture()
        try fixture.create()
        let whole = try JSONValue(parsing: Array(Self.text(try #require(fixture.journal.handoff)).utf8))
        var documents: [String: String] = [:]
        for (path, value) in Self.breaks {
            let keys = path.split(separator: ".").map(String.init)
            let broken = try #require(Self.set(whole, keys[...], value))
            #expect(broken != whole, "\(path)")
            let bytes = broken.bytes(.pretty)
            #expect(throws: HandoffError.self, "\(path)") {
                try State(Handoff(parsing: bytes), trust: nil)
            }
            documents["\(path) \(value.map { String(decoding: $0.bytes(.compact), as: UTF8.self) } ?? "gone")"] =
                String(decoding: bytes, as: UTF8.self)
        }
        #expect(documents.count == Self.breaks.count)
        let complaints = try await JSONSchema.handoff.complaints(of: documents)
        #expect(Set(documents.keys).subtracting(complaints.keys) == [])
        // An untouched one is valid, so the complaints are about what was touched.
        #expect(
            try await JSONSchema.handoff.complaints(of: ["whole": Self.text(try #require(fixture.journal.handoff))])
                == [:])
    }
}
