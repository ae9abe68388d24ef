import ArgumentParser
import Configuration
import CurlHTTP
import PluginHost
import Rotation
import StepCLI
import Steps

@main struct OrkCreate: StepCommand {
    static let configuration = CommandConfiguration(
        commandName: "ork-create", abstract: "Mint the successor of an OpenRouter key.",
        discussion: """
            Needs the management key in OPENROUTER_MANAGEMENT_KEY. The predecessor is only read. The new key leaves this \
            program sealed, in the handoff; ork-publish hands it out.

            EXAMPLES:
              ork-create --predecessor checkout-prod --dry-run
              ork-create --rotation checkout --config ork.yaml --dry-run
              ork-create --amend --drop-target canary
            """, version: orkVersion)

    static let step = StepName.create

    @OptionGroup var common: CommonOptions
    @OptionGroup(title: "The new key") var successor: PlanOptions<NewKeyFlags>
    @OptionGroup(title: "Targets") var targets: PlanOptions<TargetFlags>
    @OptionGroup(title: "Rules of the rotation") var publish: PlanOptions<Plan.PublishRules>
    @OptionGroup(title: "Rules of the rotation") var verify: PlanOptions<Plan.VerifyRules>
    @OptionGroup(title: "Rules of the rotation") var retire: PlanOptions<Plan.RetireRules>

    @Flag(help: "Make every key of the lineage a predecessor of this rotation, whatever rotation it is from.")
    var supersede = false

    @Flag(
        help:
            "Carry over no reference: leave guardrails, provider keys and observability destinations that name the predecessor to people."
    )
    var ignoreReferences = false

    @Flag(help: "Take deleted keys out of the lists that name the predecessor: a list that names one takes no new key.")
    var dropDeadReferences = false

    @Flag(
        help:
            "Change the targets of the rotation under way to those of ork.yaml, or as --to and --drop-target say; mint nothing."
    )
    var amend = false

    @Option(help: ArgumentHelp("With --amend: take this target out of the plan (repeatable).", valueName: "target"))
    var dropTarget: [String] = []

    static func main() { start { CurlTransport(userAgent: "ork/\(orkVersion)", observer: $0) } }

    func validate() throws {
        guard amend || dropTarget.isEmpty else { throw ValidationError("--drop-target goes with --amend") }
        let others = successor.flags + publish.flags + verify.flags + retire.flags
        guard !amend || others.isEmpty && !supersede && !ignoreReferences && !dropDeadReferences else {
            throw ValidationError("--amend changes targets and nothing else: leave the other options out")
        }
    }

    func perform(_ session: Session) throws(StepError) {
        if amend {
            return try session.amend(targets.flags, dropping: dropTarget, publishers: publishers(session))
        }
        let own = [
            ("supersede", supersede), ("ignore-references", ignoreReferences),
            ("drop-dead-references", dropDeadReferences),
        ].filter(\.1)
        var options = try session.createOptions(
            successor.flags + targets.flags + publish.flags + verify.flags + retire.flags,
            and: own.map { CreateCommand.Flag($0.0) })
        options.supersedes = supersede
        options.ignoresReferences = ignoreReferences
        options.dropsDeadReferences = dropDeadReferences
        try session.check(options.plan, publishers: publishers(session))
        let account = try session.account(CurlTransport(userAgent: "ork/\(orkVersion)", observer: session.observer))
        session.foreseen = try CreateStep(context: session.context, account: account, options: options).run()?.json
    }

    private func publishers(_ session: Session) -> PluginHost {
        PluginHost(
            environment: session.environment.variables, hiding: session.secrets, masking: session.credentials,
            log: session.console.log)
    }
}
