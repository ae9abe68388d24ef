import JSON
import Rotation
import Secrets
import Sodium
import TestSupport
import Testing

@Suite(.tags(.values)) struct TrustTests {
    @Test("a record by an identity that is not trusted for its step refuses the handoff")
    func strangers() throws {
        let (mine, other) = (try Sample.identity(), try Identity.generate())
        var diary = try Diary(try Sample.header())
        try diary.intend()
        try diary.add(.approve, .approved, ["binds": .string(Digest(of: [1]).description)], by: other)
        let only = Trust(only: mine.publicIdentity)
        #expect(throws: HandoffError.self) { try State(diary.handoff, trust: only) }
        let named = Trust([.approve: [other.publicIdentity]], fallback: mine.publicIdentity)
        #expect(try State(diary.handoff, trust: named).approvals.count == 1)
        // Trust is given by the step: who approves must not create.
        let swapped = Trust([.create: [other.publicIdentity]], fallback: mine.publicIdentity)
        let error = #expect(throws: HandoffError.self) { try State(diary.handoff, trust: swapped) }
        #expect(error?.code == .untrusted)
    }

    static let events: [StepName: Set<Event>] = [
        .create: [.intended, .minted, .created, .stray, .observed, .accepted],
        .publish: [.committed, .unchanged, .rejected, .unknown, .checked, .accepted],
        .verify: [.observed, .checked, .verified, .accepted],
        .approve: [.approved],
        .retire: [.observed, .checked, .accepted, .disabled, .restored, .deleted, .finished, .raised],
        .rollback: [
            .observed, .rejected, .unknown, .restored, .disabled, .deleted, .finished, .rollingBack, .rolledBack,
        ],
    ]

    @Test("no step can write another step's records: whoever may publish cannot approve", arguments: StepName.allCases)
    func writers(step: StepName) throws {
        for event in Event.allCases where Self.events[step]?.contains(event) == false {
            var diary = try Diary(try Sample.header())
            try diary.add(step, event, ["binds": .string(Digest(of: [1]).description)])
            for trust in [nil, Trust(only: try Sample.identity().publicIdentity)] {
                let error = #expect(throws: HandoffError.self) { try State(diary.handoff, trust: trust) }
                #expect(error?.code == .untrusted, "\(step) \(event)")
            }
        }
    }

    @Test("a signature of another identity is no signature of the signer")
    func forged() throws {
        var diary = try Diary(try Sample.header())
        try diary.add(.create, .intended, ["name": "x"], by: try Identity.generate())
        let text = String(decoding: diary.handoff.bytes(summary: [:]), as: UTF8.self)
        let signer = try #require(diary.handoff.records.first?.signer.description)
        let forged = try Handoff(parsing: Array(text.replacing(signer, with: Sample.publicText).utf8))
        let error = #expect(throws: HandoffError.self) { try State(forged, trust: nil) }
        #expect(error?.code == .signature)
    }

    @Test("whoever may retire may roll back, unless somebody is named for that")
    func rollback() throws {
        let identities = try (0..<3).map { _ in try Identity.generate().publicIdentity }
        let retiring = Trust([.publish: [identities[0]], .retire: [identities[1]]], fallback: identities[2])
        #expect(retiring.accepts(identities[1], for: .rollback))
        #expect(!retiring.accepts(identities[2], for: .rollback))
        #expect(retiring.keepers == [identities[0], identities[1]].sorted())
        let named = Trust([.retire: [identities[1]], .rollback: [identities[2]]], fallback: nil)
        #expect(!named.accepts(identities[1], for: .rollback))
        #expect(named.keepers == [identities[2]])
        #expect(Trust([:], fallback: identities[0]).accepts(identities[0], for: .rollback))
    }

    @Test("boxes are for those who publish and verify, each once and in order")
    func recipients() throws {
        let identities = try (0..<3).map { _ in try Identity.generate().publicIdentity }
        let trust = Trust(
            [.publish: [identities[0], identities[1]], .verify: [identities[1]], .approve: [identities[2]]],
            fallback: nil)
        #expect(trust.recipients == [identities[0], identities[1]].sorted())
        #expect(trust.requiresApproval)
        #expect(!trust.accepts(identities[0], for: .create))
        #expect(!Trust(only: identities[0]).requiresApproval)
    }
}
