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
import TestSupport
import Testing
import Timestamps

/// Handoffs that somebody has put a hand to: a step refuses them in one sentence, or does with them nothing that the
/// original does not permit.
@Suite(.tags(.values)) struct MutantTests {
    /// A rotation at some moment of its life.
    struct Moment: Sendable {
        let name: String
        let stages: Stages
        let handoff: Handoff
        let state: State
        let source: HandoffSource
        /// What each step does with the original.
        let originals: [StepRun: Effects]
        /// Every key of the account, and everything else that is secret here.
        let secrets: [Sentinel]
    }

    private static let moments = Result { try Stages.Separation.allCases.flatMap(life) }

    /// The moments of one rotation, from its creation to its end.
    private static func life(_ separation: Stages.Separation) throws -> [Moment] {
        var stages = try Stages(separation) {
            $0.verify.probes = [.http(url: "https://shop.example/health", expect: [200])]
        }
        let other = try foreign(stages)
        let stranger = try Identity.generate()
        var moments: [Moment] = []
        func keep(_ name: String, _ stages: Stages) throws {
            moments.append(try Moment("\(separation.rawValue), \(name)", of: stages, other: other, stranger))
        }
        try stages.run(.create) { try $0.create() }
        try keep("created", stages)
        try stages.run(.publish) { try $0.publish() }
        try keep("the first wave is published", stages)
        try stages.verify()
        try stages.approve()
        try keep("the first wave is verified", stages)
        try stages.run(.publish) { try $0.publish() }
        try stages.verify()
        try stages.becomeQuiet()
        try keep("verified and quiet", stages)
        var dropped = stages
        dropped.fixture.simulation.with { $0.useAll() }
        try dropped.verify(dropsSecret: true)
        try keep("the boxes are dropped", dropped)
        try stages.run(.retire) { stage in stage.refused(.notYet) { () throws(StepError) in try stage.retire() } }
        try keep("the predecessor soaks", stages)
        stages.fixture.simulation.pass(3700)
        try keep("the predecessor has soaked", stages)
        try stages.run(.retire) { try $0.retire() }
        try keep("finished", stages)
        return moments
    }

    /// The handoff of another rotation of the same stages.
    private static func foreign(_ stages: Stages) throws -> [UInt8] {
        var other = try stages.copy(.create, nil)
        other.simulation.with { _ = $0.sandbox.addKey(name: "shifts the random numbers") }
        other.plan.predecessor = .none
        other.plan.successor.name = "other"
        try other.create()
        return try #require(other.journal.handoff).bytes(summary: .null)
    }

    /// So many of each kind, which makes 2,000.
    private static let count = 46

    @Test("there are 2,000 mutants")
    func total() {
        #expect(HandoffMutation.allCases.count * Self.count >= 2_000)
    }

    @Test(
        "a mutant is refused in one sentence, or permits nothing that the original does not", .timeLimit(.minutes(2)),
        arguments: HandoffMutation.allCases)
    func mutants(_ mutation: HandoffMutation) throws {
        let moments = try Self.moments.get()
        var (refused, harmless) = (0, 0)
        for seed in 0..<UInt64(10 * Self.count) where refused + harmless < Self.count {
            var random = SplitMix64(seed: seed)
            guard let moment = moments.randomElement(using: &random),
                let bytes = try moment.source.mutant(mutation, using: &random)
            else { continue }
            let isRefused = try Trial(mutant: bytes, of: moment, description: "seed \(seed), \(moment.name)").run()
            refused += isRefused ? 1 : 0
            harmless += isRefused ? 0 : 1
        }
        print("\(mutation.rawValue): \(refused) refused, \(harmless) harmless")
        #expect(refused + harmless == Self.count)
        switch mutation.fate {
        case .refused: #expect(harmless == 0)
        case .mostlyRefused: #expect(refused >= 30)
        case .harmless: #expect(refused == 0)
        case .either: #expect(refused >= 4 && harmless >= 2)
        }
    }
}

extension MutantTests.Moment {
    init(_ name: String, of stages: Stages, other: [UInt8], _ stranger: Identity) throws {
        let handoff = try stages.handoff
        source = try HandoffSource(
            bytes: handoff.bytes(summary: State(handoff, trust: nil).summary), other: other,
            identities: stages.identities, stranger: stranger)
        var originals: [StepRun: Effects] = [:]
        for step in StepRun.allCases { originals[step] = try Effects(of: step, in: stages, handoff) }
        let simulated = stages.fixture.simulation.value
        self.name = name
        self.stages = stages
        self.handoff = handoff
        self.originals = originals
        state = try State(handoff, trust: stages.fixture.trust)
        secrets =
            simulated.places.map { Sentinel("key at \($0.key)", $0.value) }
            + [Sentinel("management key", simulated.sandbox.managementKey)]
            + stages.identities.map { Sentinel("identity of \($0.key)", $0.value.text) }
    }
}
