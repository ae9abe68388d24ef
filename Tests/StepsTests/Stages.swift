import FoundationEssentials
import JSON
import OpenRouterSandbox
import Rotation
import RotationFixtures
import Secrets
import Sodium
import Steps
import Testing
import Timestamps

/// A rotation whose stages sign for themselves, and a key of somebody else's in the same account.
struct Stages {
    /// What tells the stages apart.
    enum Separation: String, CaseIterable, CustomTestStringConvertible {
        /// One identity for all.
        case shared
        /// One for each, by `trust`.
        case separate
        /// The same, with approvals.
        case gated

        var testDescription: String { rawValue }
    }

    let separation: Separation
    let identities: [StepName: Identity]
    var fixture: RotationFixture
    /// A key that no plan names.
    let other: KeyHash

    init(
        _ separation: Separation, waves: KeyValuePairs<String, Int> = ["canary": 1, "web": 2],
        change: (inout Plan) -> Void = { _ in }
    ) throws {
        let shared = try Identity.generate()
        var identities: [StepName: Identity] = [:]
        for step in StepName.allCases { identities[step] = separation == .shared ? shared : try .generate() }
        var fixture = try RotationFixture(waves: waves, change: change)
        other = try #require(
            KeyHash(
                fixture.simulation.with { simulated in
                    simulated.sandbox.addKey(name: "billing-batch", limit: 5, at: simulated.now).hash
                }))
        if separation == .shared {
            fixture.trust = Trust(only: shared.publicIdentity)
        } else {
            let named = identities.filter { separation == .gated || $0.key != .approve }
            fixture.trust = Trust(named.mapValues { [$0.publicIdentity] }, fallback: nil)
        }
        self.separation = separation
        self.identities = identities
        self.fixture = fixture
    }

    /// The stage of a step, with what the stages before it have handed on.
    func stage(_ step: StepName, _ handoff: Handoff? = nil) throws -> RotationFixture {
        Self.stage(step, of: fixture, handoff ?? fixture.journal.handoff, try #require(identities[step]))
    }

    /// The same in a simulation of its own, with any handoff.
    func copy(_ step: StepName, _ handoff: Handoff?) throws -> RotationFixture {
        Self.stage(step, of: fixture.copied(nil), handoff, try #require(identities[step]))
    }

    private static func stage(
        _ step: StepName, of fixture: RotationFixture, _ handoff: Handoff?, _ identity: Identity
    ) -> RotationFixture {
        var fixture = fixture
        fixture.identity = identity
        fixture.journal = MemoryJournal(handoff, identity, fixture.trust, fixture.simulation)
        return fixture
    }

    /// Runs a stage and hands on what it has recorded.
    mutating func run(_ step: StepName, _ body: (RotationFixture) throws -> Void) throws {
        let stage = try stage(step)
        defer { fixture = stage }
        try body(stage)
    }

    /// The handoff as it stands now.
    var handoff: Handoff { get throws { try #require(fixture.journal.handoff) } }

    func identity(_ step: StepName) throws -> Identity { try #require(identities[step]) }
}

extension Stages {
    /// The applications work with what was published, and that is verified.
    mutating func verify(dropsSecret: Bool = false) throws {
        fixture.simulation.pass(5)
        fixture.simulation.with { $0.useAll() }
        try run(.verify) { stage in try stage.verify { $0.dropsSecret = dropsSecret } }
    }

    /// Where a gate stands, somebody opens it.
    mutating func approve() throws {
        if separation == .gated { try run(.approve) { try $0.approve() } }
    }

    /// When everything is verified: up to the moment at which the next run of `ork-retire` disables the predecessor.
    mutating func becomeQuiet() throws {
        try approve()
        try run(.retire) { stage in stage.refused(.notYet) { () throws(StepError) in try stage.retire() } }
        fixture.simulation.pass(3700)
    }
}

extension StepRun {
    /// The stage that runs it.
    var stage: StepName {
        switch self {
        case .create: .create
        case .publish, .publishAll: .publish
        case .verify: .verify
        case .approve: .approve
        case .retire, .retireAgain, .restore: .retire
        case .rollback: .rollback
        }
    }
}
