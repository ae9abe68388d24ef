import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import OpenRouterSandbox
import PublisherKit
import Rotation
import RotationFixtures
import Secrets
import Sodium
import Steps
import Synchronization
import TestSupport
import Testing
import Timestamps

/// What somebody who can write the file, and has no identity that is trusted, can do with it: nothing.
@Suite(.tags(.values)) struct ForgeryTests {
    /// Why a record that follows something else than what is there is refused.
    private static let unchained = ["is not in this handoff", "vouches for", "is not one of ork-create"]

    /// Runs every step with `handoff` and expects each to refuse for one of these reasons, with nothing done.
    private func refuseEverywhere(
        _ fixture: RotationFixture, _ handoff: Handoff, _ reasons: [String], _ place: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for step in StepRun.allCases {
            let forged = fixture.copied(handoff)
            let requests = forged.simulation.value.sandbox.log.count
            let error = forged.refused(.unacceptable, sourceLocation: sourceLocation) { () throws(StepError) in
                try step.run(forged)
            }
            let message = error?.message ?? ""
            #expect(reasons.contains { message.contains($0) }, "\(place): \(message)", sourceLocation: sourceLocation)
            #expect(forged.simulation.value.sandbox.log.count == requests, sourceLocation: sourceLocation)
            #expect(forged.journal.handoff?.records.count == handoff.records.count, sourceLocation: sourceLocation)
        }
    }

    private func finished() throws -> (RotationFixture, Handoff) {
        let fixture = try quiet()
        try fixture.retireWaiting()
        return (fixture, try #require(fixture.journal.handoff))
    }

    /// Another value of the same kind.
    private func altered(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null: true
        case .bool(let bool): .bool(!bool)
        case .number(let number): .number(JSONNumber((number.integer ?? 0) + 1))
        case .string(let text):
            if let date = Date(rfc3339: text) {
                .string(date.addingTimeInterval(1).rfc3339)
            } else if let digest = Digest(text) {
                .string(Digest(of: Array(digest.description.utf8)).description)
            } else {
                .string(text + "x")
            }
        case .array(let elements): .array(elements.map(altered))
        case .object(let object):
            .object(object.members.reduce(into: object) { $0[$1.key] = altered($1.value) })
        }
    }

    @Test func everyFieldOfEveryRecordIsCovered() throws {
        let (fixture, handoff) = try finished()
        var count = 0
        for index in handoff.records.indices {
            let fields = try #require(handoff.json(ofRecord: index)).keys
            for field in fields {
                let change: (inout JSONObject) -> Void = { record in
                    record[field] = record[field].map(altered)
                }
                count += 1
                guard let forged = try? handoff.editingRecord(index, change) else { continue }
                let ways = Self.unchained + ["altered", "ork-handoff/1", "not trusted", "to write"]
                refuseEverywhere(fixture, forged, ways, "\(index) \(field)")
            }
            let extended = try handoff.editingRecord(index) { $0["more"] = true }
            refuseEverywhere(fixture, extended, ["altered"] + Self.unchained, "\(index) more")
        }
        print("altered \(count) fields")
    }

    @Test("a changed header belongs to no record", arguments: ["name", "base", "workspace", "plan", "predecessors"])
    func header(field: String) throws {
        let (fixture, handoff) = try finished()
        let forged = try handoff.edited { json in
            var header = try #require(json["rotation"]?.object)
            switch field {
            case "plan":
                var plan = try #require(header["plan"]?.object)
                plan["retire"] = ["overlap": "0s", "quiet_for": "0s", "soak": "0s", "accept_idle": true]
                header["plan"] = .object(plan)
            case "predecessors": header["predecessors"] = []
            default: header[field] = "checkout"
            }
            if field == "name" { header["more"] = true }
            json["rotation"] = .object(header)
        }
        refuseEverywhere(fixture, forged, Self.unchained)
    }

    @Test func recordsOfAStrangerAreRefused() throws {
        let (fixture, handoff) = try finished()
        let stranger = try Identity.generate()
        var forged = handoff
        try forged.append(
            Entry(.verify, .verified, message: "all is well", detail: [:]), at: fixture.simulation.now, by: stranger)
        refuseEverywhere(fixture, forged, ["not trusted for verify"])
    }

    @Test("an identity signs only for the steps it is trusted for", arguments: StepName.allCases)
    func trust(step: StepName) throws {
        var (fixture, handoff) = try finished()
        let other = try Identity.generate()
        fixture.trust = Trust([step: [other.publicIdentity]], fallback: fixture.identity.publicIdentity)
        guard handoff.records.contains(where: { $0.step == step }) else {
            // Nobody has approved or rolled back yet: a signature for it must be the other one's.
            let event = step == .approve ? Event.approved : .rollingBack
            try handoff.append(
                Entry(step, event, message: event.rawValue, detail: ["binds": .string("\(handoff.header.digest)")]),
                at: fixture.simulation.now, by: fixture.identity)
            refuseEverywhere(fixture, handoff, ["not trusted for \(step.rawValue)"])
            return
        }
        refuseEverywhere(fixture, handoff, ["not trusted for \(step.rawValue)"])
    }

    @Test func recordsOfAnotherRotationAreRefused() throws {
        let (fixture, handoff) = try finished()
        // The same stage's own, with good signatures: only the chain tells.
        var other = fixture.beside()
        other.plan.predecessor = .none
        other.plan.successor.name = "other"
        try other.create()
        let foreign = try #require(other.journal.handoff)
        let mixed = try handoff.edited { json in
            let records = json["records"]?.array ?? []
            json["records"] = .array(records + [.object(try #require(foreign.json(ofRecord: 2)))])
        }
        refuseEverywhere(fixture, mixed, Self.unchained)
        var merged = handoff
        #expect(throws: HandoffError.self) { try merged.merge(foreign) }
    }

    @Test func recordsTakenFromTheMiddleAreMissed() throws {
        let (fixture, handoff) = try finished()
        for index in handoff.records.indices.dropLast() {
            refuseEverywhere(fixture, try handoff.keeping { $0 != index }, Self.unchained, "\(index)")
        }
    }

    @Test func aReplayedRecordCountsOnce() throws {
        let (fixture, handoff) = try finished()
        let doubled = try handoff.edited { json in
            let records = json["records"]?.array ?? []
            json["records"] = .array(records + records.reversed())
        }
        #expect(doubled.records.count == handoff.records.count)
        #expect(doubled.head == handoff.head)
        try fixture.copied(doubled).retire()
    }

    @Test func twoSuccessorsContradictEachOther() throws {
        let fixture = try RotationFixture()
        fixture.refused(.unreachable) { () throws(StepError) in
            try fixture.create(FakeTransport(fixture.simulation, faults: [2: .drop]))
        }
        // Two runs with copies of one handoff in simulations that do not know of each other.
        let first = fixture.copied(fixture.journal.handoff)
        let second = fixture.copied(fixture.journal.handoff)
        try first.create()
        second.simulation.with { simulated in
            simulated.sandbox.addKey(name: "shifts the random numbers")
            simulated.now += 1
        }
        try second.create()
        var both = try #require(first.journal.handoff)
        try both.merge(#require(second.journal.handoff))
        refuseEverywhere(fixture, both, ["two successors"])
    }

    @Test("a step with an identity that is not trusted for it records nothing", arguments: StepName.allCases)
    func untrustedStage(step: StepName) throws {
        var fixture = try quiet()
        let handoff = try #require(fixture.journal.handoff)
        let other = try Identity.generate()
        let trust = fixture.trust
        fixture.identity = other
        fixture.journal = MemoryJournal(handoff, other, trust, fixture.simulation)
        let writes = fixture.simulation.writes().count
        switch step {
        case .create: try fixture.create()
        case .publish: try fixture.publish()
        case .verify: #expect(throws: StepError.self) { try fixture.verify() }
        case .approve: #expect(throws: StepError.self) { try fixture.approve() }
        case .retire:
            fixture.simulation.with { [hash = fixture.predecessor?.hash ?? ""] in
                $0.sandbox.use(hash, cost: 1, at: $0.now)
            }
            #expect(throws: StepError.self) { try fixture.retire() }
        case .rollback: #expect(throws: StepError.self) { try fixture.rollback() }
        }
        #expect(fixture.simulation.writes().count == writes)
        #expect(fixture.journal.handoff == handoff)
    }
}
