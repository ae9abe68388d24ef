package import Configuration
import FoundationEssentials
package import HTTP
import JSON
package import OpenRouter
package import Rotation
import Secrets
import Sodium
package import Steps
import Timestamps

/// One run of a step: its options, its environment, its handoff and its identity, all read and accepted.
package final class Session {
    package let options: CommonOptions
    package let environment: StepEnvironment
    package let console: Console
    package let identity: Identity
    package let trust: Trust
    package let clock = SystemClock()
    package let journal: HandoffFile
    let configuration: RotationConfiguration?
    /// Rules of this stage that a dry run does not record.
    var assumedRules: JSONValue?

    /// Reads everything; with `obeysSwitch` it refuses while rotations are switched off.
    package init(
        _ options: CommonOptions, environment: StepEnvironment, console: Console, obeysSwitch: Bool
    ) throws(StepError) {
        self.options = options
        self.environment = environment
        self.console = console
        identity = try IdentityStore(environment) { console.show($0) }.identity()
        let paths = options.handoff.isEmpty ? ["ork-handoff.json"] : options.handoff
        let header = try HandoffFile.read(paths[0], mustExist: false)?.header
        configuration = try ConfigurationFile.load(options, rotation: header?.name)
        trust = try Trust(options.trust, configuration?.trust, own: identity.publicIdentity)
        journal = try HandoffFile(
            paths, identity: identity, trust: trust, provenance: Provenance(environment), clock: clock)
        if obeysSwitch { try refuseIfDisabled() }
        try refuseOtherHead()
        if let wanted = options.rotation, let name = journal.handoff?.header.name, name.description != wanted {
            throw StepError(
                .unacceptable, "the handoff is of the rotation \(name), not of \(wanted)",
                hint: "name the right file with --handoff")
        }
    }

    private func refuseIfDisabled() throws(StepError) {
        if environment.isDisabled {
            throw StepError(
                .notYet, "rotations are switched off by ORK_DISABLED", hint: "unset it to go on", isWorthWaiting: false)
        }
        if let configuration, !configuration.isEnabled {
            throw StepError(
                .notYet, "the rotation \(configuration.name) is switched off in \(configuration.file)",
                hint: "set enabled: true to go on", isWorthWaiting: false)
        }
    }

    private func refuseOtherHead() throws(StepError) {
        guard let text = options.expectHead else { return }
        guard let expected = Digest(text), journal.handoff?.holds(expectedHead: expected) ?? false else {
            throw StepError(
                .unacceptable, "the handoff is not the one that --expect-head names",
                hint: "something was recorded since; look with ork-status, and have it approved again")
        }
    }

    /// Refuses to begin what this stage's identity may not record: other stages would not believe it.
    func requireTrust(for step: StepName) throws(StepError) {
        guard !trust.accepts(identity.publicIdentity, for: step) else { return }
        throw StepError(
            .denied, "this stage's identity \(identity.publicIdentity.short) is not trusted for \(step.rawValue)",
            hint: "give it the right identity (ORK_IDENTITY), or name it under trust.\(step.rawValue) in ork.yaml or "
                + "with --trust", isWorthWaiting: false)
    }

    /// What a step works with.
    package func stage(_ transport: any HTTPTransport) -> Stage {
        Stage(
            journal: journal, trust: trust, clock: clock, client: OpenRouterClient(transport: transport),
            isDryRun: options.dryRun, assumedRules: assumedRules
        ) { [console] in console.show($0) }
    }

    /// Where OpenRouter is. An address that only the handoff names is never dialled.
    package func service() throws(StepError) -> HTTPURL {
        let own =
            options.openRouterURL ?? environment["OPENROUTER_BASE_URL"] ?? configuration?.plan.service.url
            ?? Plan.Service.defaultURL
        if let planned = journal.handoff?.header.plan.service.url, planned != own {
            throw StepError(
                .unacceptable, "the handoff was made for another OpenRouter than this stage uses",
                hint: "the handoff says \(planned), this stage \(own): set OPENROUTER_BASE_URL or --openrouter-url "
                    + "if you trust that address")
        }
        do { return try HTTPURL(own) } catch {
            throw StepError(.unacceptable, "OpenRouter's address: \(error.rawValue)", hint: "mend --openrouter-url")
        }
    }

    /// The calls of the management key.
    package func management() throws(StepError) -> ManagementAPI {
        let plan = journal.handoff?.header.plan ?? configuration?.plan
        let key = try environment.managementKey(
            configuration?.plan.service.managementKey ?? plan?.service.managementKey)
        return ManagementAPI(baseURL: try service(), managementKey: key)
    }

    /// The address and the plan for `ork-create`: `ork.yaml`, and over it the flags.
    package func order(_ flags: PlanFlags, adjust: (inout Plan) -> Void) throws(StepError) -> CreateStep.Order {
        var plan: Plan
        // Without flags and file a rotation that has begun goes on as it was ordered.
        let base = configuration?.plan ?? (flags.predecessor == nil ? journal.handoff?.header.plan : nil)
        do { plan = try flags.plan(over: base) } catch {
            let isMissing = flags.predecessor == nil && base == nil
            let hint = isMissing ? "say what to replace: --predecessor name=NAME" : nil
            throw StepError(error, hint: hint)
        }
        plan.service.url = try service().description
        adjust(&plan)
        var order = CreateStep.Order(name: try rotationName(plan), plan: plan)
        if case .environment(let name) = plan.predecessor {
            let key = try environment.key(
                in: name.description, hint: "export the key that is to be replaced, or name it: --predecessor name=…")
            order.predecessorDigest = Digest(of: key)
        }
        return order
    }

    private func rotationName(_ plan: Plan) throws(StepError) -> PlanName {
        if let name = journal.handoff?.header.name ?? configuration?.name { return name }
        var text = options.rotation ?? plan.successor.name
        if text == nil, case .name(let name) = plan.predecessor { text = KeyName(parsing: name).base }
        guard let name = PlanName(text ?? "rotation") else {
            throw StepError(
                .usage, "the rotation needs a name of letters, digits and . _ - /", hint: "give it one: --rotation NAME"
            )
        }
        return name
    }
}
