import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import OpenRouterSandbox
import PublisherHosting
import PublisherKit
import Rotation
import RotationFixtures
import Secrets
import Sodium
import Steps
import Timestamps

/// The programs, wired as they are, over a process of the walk.
struct WalkPrograms {
    static let names: Set = [
        "ork-create", "ork-publish", "ork-verify", "ork-approve", "ork-retire", "ork-rollback",
        "ork-status",
    ]

    let journal: WalkJournal
    private let world: WalkWorld
    private let command: WalkCommand
    private let process: WalkProcess
    private let context: StepContext
    private let identity: Identity
    private let transport: WalkTransport
    private let service: HTTPURL

    init(
        _ world: WalkWorld, _ process: WalkProcess, _ command: WalkCommand, _ handoff: Handoff?, _ log: AnnouncementLog
    ) {
        self.world = world
        self.command = command
        self.process = process
        let identities = world.identities
        let trust = identities.trust(world)
        identity =
            command.program == "ork-approve" && world.settings.isGated ? identities.approver : identities.own(world)
        journal = WalkJournal(handoff, process, identity)
        context = StepContext(
            journal: journal, trust: trust, clock: process, isDryRun: command.isDryRun,
            assumedRules: Self.assumedRules(command, handoff), tell: log.hear)
        transport = WalkTransport(
            process: process, isUnreachable: world.isUnreachable, isRateLimited: world.isRateLimited)
        service = identities.service
    }

    private var account: ManagedAccount {
        ManagedAccount(
            api: ManagementAPI(baseURL: service, managementKey: world.simulated.sandbox.managementKey),
            client: OpenRouterClient(transport: transport))
    }

    func perform() throws(StepError) {
        switch command.program {
        case "ork-create" where command.has("--amend"): try amend()
        case "ork-create": try create()
        case "ork-publish": try publish()
        case "ork-verify":
            var options = VerifyStep.Options()
            options.dropsSecret = command.has("--drop-secret")
            try VerifyStep(
                context: context, service: service, transport: transport, identity: identity,
                publishers: WalkPublishers(process), programs: FakeProbes(), options: options
            ).run()
        case "ork-approve":
            try ApproveStep(context: context, for: command.values("--for").first.flatMap(StepName.init)).run()
        case "ork-retire" where command.has("--restore"):
            try RestoreStep(context: context, account: account).run()
        case "ork-retire":
            var options = RetireStep.Options()
            options.again = command.has("--again")
            options.isCompromised = command.has("--compromised")
            options.abandonedTargets = command.names("--abandon-target")
            try acceptRules()
            let applications = ApplicationProbes(context: context, transport: transport, programs: FakeProbes())
            try RetireStep(context: context, account: account, applications: applications, options: options).run()
        case "ork-rollback": try rollBack()
        default: break
        }
    }

    private func rollBack() throws(StepError) {
        var options = RollbackStep.Options()
        options.byHand = command.names("--by-hand")
        options.again = command.has("--again")
        let verification = VerifyStep(
            context: context, service: service, transport: transport, identity: identity,
            publishers: WalkPublishers(process), programs: FakeProbes(), options: VerifyStep.Options())
        try RollbackStep(context: context, account: account, verification: verification, options: options).run()
    }

    /// The rules of a way back that the command changes: they hold for its run.
    private static func assumedRules(_ command: WalkCommand, _ handoff: Handoff?) -> JSONValue? {
        guard command.program == "ork-rollback",
            var plan = handoff.flatMap({ try? State($0, trust: nil) })?.plan
        else { return nil }
        if command.has("--accept-idle") { plan.retire.acceptsIdle = true }
        if command.values("--probe") == ["none"] { plan.verify.probes = [] }
        var rules: JSONObject = [:]
        for key in Plan.sections(of: .retire) { rules[key] = plan.json[key] }
        return .object(rules)
    }

    private func create() throws(StepError) {
        let name = journal.handoff?.header.name ?? PlanName(world.rotation.rawValue)
        guard let name else { return }
        let wanted = command.values("--predecessor").first.flatMap(Self.predecessor)
        var plan = world.plan(world.rotation, predecessor: wanted)
        // Without flags, a rotation that has begun continues as it was ordered.
        if wanted == nil, let begun = journal.handoff?.header.plan { plan = begun }
        if let base = command.values("--name").first { plan.successor.name = base }
        var options = CreateStep.Options(name: name, plan: plan)
        options.supersedes = command.has("--supersede")
        options.ignoresReferences = command.has("--ignore-references")
        try CreateStep(context: context, account: account, options: options).run()
    }

    private func amend() throws(StepError) {
        let dropped = command.names("--drop-target")
        let isByFlags = !dropped.isEmpty || !addedTargets.isEmpty
        // Without flags, the plan becomes the configured one.
        let begun = journal.handoff.flatMap { try? State($0, trust: nil) }?.plan
        let plan = isByFlags ? begun : world.plan(world.lineageInHand)
        let targets = (plan?.targets ?? []).filter { !dropped.contains($0.name) }
        try AmendStep(context: context, targets: targets + addedTargets).run()
    }

    /// The places that the command names as new targets.
    private var addedTargets: [Plan.Target] {
        command.values("--to").compactMap { try? RotationFixture.target($0, wave: 1) }
    }

    /// Records rules of retirement that the command changes.
    private func acceptRules() throws(StepError) {
        guard let state = journal.handoff.flatMap({ try? State($0, trust: nil) }), !command.isDryRun else { return }
        var plan = state.plan
        if command.has("--accept-new-targets") { plan.retire.acceptsNewTargets = true }
        if command.has("--accept-idle") { plan.retire.acceptsIdle = true }
        guard plan.retire != state.plan.retire else { return }
        let entry = Entry(
            .retire, .accepted, message: "accepted other rules", detail: ["rules": ["retire": plan.retire.json]])
        do { try journal.append(entry) } catch { throw StepError(error) }
    }

    private static func predecessor(_ text: String) -> Plan.Predecessor? {
        if text == "none" { return Plan.Predecessor.none }
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return .name(text) }
        return parts[0] == "hash" ? KeyHash(parts[1]).map(Plan.Predecessor.hash) : .name(parts[1])
    }

    private func publish() throws(StepError) {
        var options = PublishStep.Options()
        options.only = command.names("--target")
        options.acceptedTargets = command.names("--accept-target")
        options.createdTargets = command.names("--create-target")
        options.added = addedTargets
        options.allWaves = command.has("--all")
        let publishers = WalkPublishers(process)
        guard !command.has("--check") else {
            let plan = journal.handoff.flatMap { try? State($0, trust: nil).plan } ?? world.plan(world.rotation)
            let state = try journal.handoff.map { handoff throws(StepError) in
                do throws(HandoffError) { return try State(handoff, trust: context.trust) } catch {
                    throw StepError(error)
                }
            }
            return try CheckStep(publishers: publishers, clock: process, options: options, tell: context.tell)
                .run(plan, state: state)
        }
        try PublishStep(
            context: context, transport: transport, service: service, identity: identity, publishers: publishers,
            options: options
        ).run()
    }
}

/// The identities of all walks: making one takes long.
struct WalkIdentities: Sendable {
    static let shared = Result { try WalkIdentities() }

    let right: Identity
    let other: Identity
    let approver: Identity
    let service: HTTPURL

    private init() throws {
        right = try .generate()
        other = try .generate()
        approver = try .generate()
        service = try HTTPURL("https://openrouter.ai/api/v1")
    }

    func own(_ world: WalkWorld) -> Identity { world.identity == .right ? right : other }

    func trust(_ world: WalkWorld) -> Trust {
        let own = own(world).publicIdentity
        return world.settings.isGated
            ? Trust([.approve: [approver.publicIdentity]], fallback: own) : Trust(only: own)
    }
}
