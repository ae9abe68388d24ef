package import Configuration
import FoundationEssentials
import HTTP
import OpenRouter
import PublisherHosting
import Rotation
import Secrets
import Sodium
package import Steps

extension Session {
    /// What `ork-create` is asked for: the plan in `ork.yaml`, and over it the flags. Of a rotation that has begun, the plan
    /// in its handoff, and over it what the flags say: without flags and file it goes on as it was begun.
    ///
    /// `more` are flags of the program's own, for the commands that its messages show.
    package func createOptions(
        _ flags: PlanFlags, and more: [CreateCommand.Flag]
    ) throws(StepError) -> CreateStep.Options {
        var command = CreateCommand(
            flags.said.map { CreateCommand.Flag($0.name, $0.value) } + more, file: configuration?.file)
        let running = try runningState(command)
        if let running {
            let begun = running.header.plan.predecessor
            let said = flags["predecessor"].last.flatMap { try? PlanFlags.predecessor($0) }
            command = command.naming(begun)
            // Another key's targets are its own.
            if said == nil || said == begun { command = command.naming(running.plan.targets) }
        }
        let plan: Plan
        if let running { plan = try self.plan(flags, running: running) } else { plan = try newPlan(flags, command) }
        if let configuration { try requireNamedLineage(configuration) }
        var options = CreateStep.Options(name: try rotationName(plan), plan: plan, command: command)
        if running == nil, case .environment(let name) = plan.predecessor {
            let key = try environment.key(
                in: name.description,
                hint: "export the key that is to be replaced, or name it: \(command.replacing(.name("NAME")))")
            options.predecessorDigest = Digest(of: key)
            options.predecessor = key
        }
        return options
    }

    private func runningState(_ command: CreateCommand) throws(StepError) -> State? {
        guard let handoff = journal.handoff else { return nil }
        do { return try State(handoff, trust: trust) } catch {
            throw StepError(error, lastResort: command.startingOver)
        }
    }

    private func newPlan(_ flags: PlanFlags, _ command: CreateCommand) throws(StepError) -> Plan {
        var plan: Plan
        do { plan = try flags.plan(over: configuration?.plan) } catch {
            let isMissing = flags["predecessor"].isEmpty && configuration == nil
            let missing =
                "say what to replace: `\(command.with("predecessor", "NAME"))`; or work in a folder with an ork.yaml: there "
                + "is none in \(FileManager.default.currentDirectoryPath)"
            throw StepError(error, hint: isMissing ? missing : nil)
        }
        plan.service.url = try service().description
        return plan
    }

    /// The plan in the handoff, and over it what is asked for now. `ork.yaml` may say other rules by now, which the step
    /// that goes by them takes over; where it says that something else is published, that refuses here as in every step.
    private func plan(_ flags: PlanFlags, running state: State) throws(StepError) -> Plan {
        _ = try service()
        let begun = state.header.plan
        let again = (try? flags.plan(over: configuration?.plan)).map { begun.hasSameOrder(as: $0) } ?? false
        if !again, !state.isFinished { try requireConfiguredPlan() }
        let rules = Set(
            Plan.flags.filter {
                [Plan.PublishRules.key, Plan.VerifyRules.key, Plan.RetireRules.key].contains($0.path[0])
            }.map(\.name))
        let said = again ? flags.only(rules) : flags
        do {
            let repeated = try said.plan(overRunning: begun).withoutTwinProbes
            return repeated == begun ? begun : try said.plan(overRunning: state.plan).withoutTwinProbes
        } catch { throw StepError(error) }
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

extension Plan {
    /// Whether the same is published at the same places, whatever the rules are.
    fileprivate func hasSameOrder(as other: Plan) -> Bool {
        var other = other
        other.service = service
        other.publish = publish
        other.verify = verify
        other.retire = retire
        return other == self
    }

    /// A probe that is named twice is asked once.
    fileprivate var withoutTwinProbes: Plan {
        var plan = self
        plan.verify.probes = verify.probes.enumerated().filter { index, probe in
            !verify.probes[..<index].contains(probe)
        }.map(\.element)
        return plan
    }
}
