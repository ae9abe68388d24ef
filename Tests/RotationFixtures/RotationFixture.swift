package import FoundationEssentials
package import HTTP
import JSON
import OpenRouter
import OpenRouterSandbox
package import PublisherHosting
import PublisherKit
package import Rotation
package import Secrets
import Sodium
package import Steps
import Synchronization
package import Testing
import Timestamps

/// What steps said.
package final class AnnouncementLog: Sendable {
    private let said = Mutex<[Announcement]>([])

    package init() {}

    package func hear(_ announcement: Announcement) { said.withLock { $0.append(announcement) } }

    package var all: [Announcement] { said.withLock { $0 } }
    package var warnings: [String] { all.compactMap { if case .warning(let text) = $0 { text } else { nil } } }
    package var done: [String] { all.compactMap { if case .done(let text) = $0 { text } else { nil } } }
}

/// Runs probes and answers the same to all.
package struct FakeProbes: ProgramRunner {
    package var problem: String?
    /// What happens while they are asked.
    private let meanwhile: @Sendable () -> Void

    package init(problem: String? = nil, meanwhile: @escaping @Sendable () -> Void = {}) {
        self.problem = problem
        self.meanwhile = meanwhile
    }

    package func run(
        _: [String], environment: [EnvironmentName: EnvironmentName], in _: String?, deadline: Date, hiding: Secret?
    ) -> ProgramProblem? {
        do { _ = try PublisherEnvironment([:]).child(environment) } catch { return ProgramProblem(error.message) }
        meanwhile()
        return problem.map { ProgramProblem($0) }
    }
}

/// A rotation in its simulation: the stage that runs the steps, with one handoff, one plan and one identity.
package struct RotationFixture: Sendable {
    package static let base = "checkout-prod"

    package let simulation: Simulation
    package var journal: MemoryJournal
    package var plan: Plan
    package var identity: Identity
    package var trust: Trust
    package let publishers: FakePublishers
    package let announcements = AnnouncementLog()
    package let service: HTTPURL

    /// A simulation with the key `checkout-prod`, held by every target of `waves`: a name and a wave each.
    package init(
        _ simulation: Simulation = Simulation(), waves: KeyValuePairs<String, Int> = ["web": 1],
        change: (inout Plan) -> Void = { _ in }
    ) throws {
        self.simulation = simulation
        service = try HTTPURL("https://openrouter.ai/api/v1")
        identity = try Identity.generate()
        trust = Trust(only: identity.publicIdentity)
        publishers = FakePublishers(simulation)
        var plan = Plan(predecessor: .name(Self.base))
        for (name, wave) in waves { plan.targets.append(try Self.target(name, wave: wave)) }
        plan.retire.overlap = Interval(seconds: 3600)
        plan.retire.quietFor = Interval(seconds: 3600)
        plan.retire.soak = Interval(seconds: 3600)
        change(&plan)
        self.plan = plan
        journal = MemoryJournal(nil, identity, trust, simulation)
        let names = waves.map(\.key)
        simulation.with { simulated in
            guard simulated.keys.isEmpty else { return }
            let key = simulated.sandbox.addKey(
                name: Self.base, limit: 25, limitReset: .monthly, at: simulated.now.addingTimeInterval(-100 * 86400))
            simulated.sandbox.use(key.hash, cost: 1, at: simulated.now.addingTimeInterval(-60))
            for name in names { simulated.places[name] = key.key }
        }
    }

    package static func target(_ name: String, wave: Int = 1) throws -> Plan.Target {
        Plan.Target(
            name: try #require(PlanName(name)), publisher: try #require(PublisherName("memory")), wave: wave,
            with: ["place": .string(name)])
    }

    /// The same rotation in a copy of the simulation, with another handoff.
    package func copied(_ handoff: Handoff?) -> RotationFixture {
        RotationFixture(copying: self, simulation.copied, handoff)
    }

    /// Another stage in the same simulation, with its own handoff.
    package func beside(_ handoff: Handoff? = nil) -> RotationFixture {
        RotationFixture(copying: self, simulation, handoff)
    }

    private init(copying other: RotationFixture, _ simulation: Simulation, _ handoff: Handoff?) {
        self.simulation = simulation
        plan = other.plan
        identity = other.identity
        trust = other.trust
        service = other.service
        publishers = FakePublishers(simulation)
        journal = MemoryJournal(handoff, other.identity, other.trust, simulation)
    }

    /// The same stage, whose `failing`th write fails.
    package func failing(_ failing: Int) -> RotationFixture {
        var fixture = self
        fixture.journal = MemoryJournal(journal.handoff, identity, trust, simulation, failing: failing)
        return fixture
    }

    package func context(dryRun: Bool = false) -> StepContext {
        StepContext(journal: journal, trust: trust, clock: simulation, isDryRun: dryRun, tell: announcements.hear)
    }

    /// The account of a management key, its own if none is named.
    package func account(_ transport: (any HTTPTransport)? = nil, key: Secret? = nil) -> ManagedAccount {
        ManagedAccount(
            api: ManagementAPI(baseURL: service, managementKey: key ?? simulation.value.sandbox.managementKey),
            client: OpenRouterClient(transport: transport ?? FakeTransport(simulation)))
    }

    package func state() throws -> State { try State(#require(journal.handoff), trust: trust) }

    /// The same, and `nil` where there is no acceptable handoff.
    package var known: State? { journal.handoff.flatMap { try? State($0, trust: trust) } }

    /// The events of the handoff, in order.
    package var events: [Event] { journal.handoff?.records.map(\.event) ?? [] }
}

extension RotationFixture {
    /// A rotation whose successor its targets hold, as far as one wave goes.
    package static func published(
        waves: KeyValuePairs<String, Int> = ["web": 1], change: (inout Plan) -> Void = { _ in }
    ) throws -> RotationFixture {
        let fixture = try RotationFixture(waves: waves, change: change)
        try fixture.create()
        try fixture.publish()
        return fixture
    }

    package func create(
        _ transport: (any HTTPTransport)? = nil, dryRun: Bool = false, managementKey: Secret? = nil,
        change: (inout CreateStep.Options) -> Void = { _ in }
    ) throws(StepError) {
        guard let name = PlanName("checkout") else { return }
        var options = CreateStep.Options(name: name, plan: plan)
        change(&options)
        let account = account(transport, key: managementKey)
        try CreateStep(context: context(dryRun: dryRun), account: account, options: options).run()
    }

    package func publish(
        _ transport: (any HTTPTransport)? = nil, dryRun: Bool = false,
        change: (inout PublishStep.Options) -> Void = { _ in }
    ) throws(StepError) {
        var options = PublishStep.Options()
        change(&options)
        try PublishStep(
            context: context(dryRun: dryRun), transport: transport ?? FakeTransport(simulation), service: service,
            identity: identity,
            publishers: publishers, options: options
        ).run()
    }

    @discardableResult
    package func verify(
        _ transport: (any HTTPTransport)? = nil, dryRun: Bool = false, programs: FakeProbes = FakeProbes(),
        change: (inout VerifyStep.Options) -> Void = { _ in }
    ) throws(StepError) -> [Check] {
        var options = VerifyStep.Options()
        change(&options)
        return try VerifyStep(
            context: context(dryRun: dryRun), service: service, transport: transport ?? FakeTransport(simulation),
            identity: identity,
            publishers: publishers, programs: programs, options: options
        ).run()
    }

    package func retire(
        _ transport: (any HTTPTransport)? = nil, dryRun: Bool = false, managementKey: Secret? = nil,
        programs: FakeProbes = FakeProbes(), change: (inout RetireStep.Options) -> Void = { _ in }
    ) throws(StepError) {
        var options = RetireStep.Options()
        change(&options)
        let account = account(transport, key: managementKey)
        let context = context(dryRun: dryRun)
        let applications = ApplicationProbes(
            context: context, transport: transport ?? FakeTransport(simulation), programs: programs)
        try RetireStep(context: context, account: account, applications: applications, options: options).run()
    }

    package func restore(_ transport: FakeTransport? = nil, dryRun: Bool = false) throws(StepError) {
        try RestoreStep(context: context(dryRun: dryRun), account: account(transport)).run()
    }

    package func rollback(
        _ transport: (any HTTPTransport)? = nil, dryRun: Bool = false, programs: FakeProbes = FakeProbes(),
        change: (inout RollbackStep.Options) -> Void = { _ in }
    ) throws(StepError) {
        var options = RollbackStep.Options()
        change(&options)
        let context = context(dryRun: dryRun)
        let verification = VerifyStep(
            context: context, service: service, transport: transport ?? FakeTransport(simulation), identity: identity,
            publishers: publishers, programs: programs, options: VerifyStep.Options())
        try RollbackStep(
            context: context, account: account(transport), verification: verification, options: options
        ).run()
    }

    /// Rolls back with `--wait`, while the applications work with what they hold.
    package func rollbackWaiting(change: (inout RollbackStep.Options) -> Void = { _ in }) throws(StepError) {
        try Waiting(upTo: Interval(seconds: 7 * 86400), clock: simulation, tell: { _ in })
            .run { () throws(StepError) in
                defer { simulation.with { $0.useAll() } }
                try rollback(change: change)
            }
    }

    package func amend(dryRun: Bool = false, change: (inout Plan) throws -> Void) throws(StepError) {
        guard var plan = known?.plan, (try? change(&plan)) != nil else { return }
        try AmendStep(context: context(dryRun: dryRun), targets: plan.targets).run()
    }

    package func approve(for step: StepName? = nil) throws(StepError) {
        try ApproveStep(context: context(), for: step).run()
    }

    /// Retires with `--wait`, for as long as it takes.
    package func retireWaiting(change: (inout RetireStep.Options) -> Void = { _ in }) throws(StepError) {
        try Waiting(upTo: Interval(seconds: 7 * 86400), clock: simulation, tell: { _ in })
            .run { () throws(StepError) in try retire(change: change) }
    }

    /// Publishes and verifies until every wave is through, with every application at work.
    package func publishAndVerify() throws(StepError) {
        for _ in Set(plan.targets.map(\.wave)) {
            try publish()
            simulation.pass(5)
            simulation.with { $0.useAll() }
            try verify()
        }
    }
}

extension RotationFixture {
    /// The code with which a step refuses; it fails the test if the step goes through.
    @discardableResult
    package func refused(
        _ code: StepError.Code, _ text: String = "", sourceLocation: SourceLocation = #_sourceLocation,
        _ body: () throws(StepError) -> Void
    ) -> StepError? {
        do {
            try body()
            Issue.record("nothing was refused", sourceLocation: sourceLocation)
            return nil
        } catch {
            #expect(error.code == code, "\(error.message)", sourceLocation: sourceLocation)
            #expect(
                text.isEmpty || error.message.contains(text), "\(error.message)", sourceLocation: sourceLocation)
            return error
        }
    }

    /// The keys of the lineage that may be used.
    package var live: [String] {
        let simulated = simulation.value
        return simulated.keys.filter { !$0.disabled && !$0.isOver(at: simulated.now) && !$0.name.hasSuffix(" minting") }
            .map(\.name)
    }

    /// The keys that were minted and not activated.
    package var minting: [String] { simulation.value.keys.map(\.name).filter { $0.hasSuffix(" minting") } }
}
