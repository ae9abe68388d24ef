import ArgumentParser
import Configuration
import CurlHTTP
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
              ork-create --predecessor name=checkout-prod
              ork-create --rotation checkout --config ork.yaml --dry-run
            """, version: orkVersion)

    static let step = StepName.create

    @OptionGroup var common: CommonOptions
    @OptionGroup(title: "The new key") var successor: SuccessorOptions
    @OptionGroup(title: "Targets") var targets: TargetOptions
    @OptionGroup(title: "Rules of the rotation") var publish: PublishOptions
    @OptionGroup(title: "Rules of the rotation") var verify: VerifyOptions
    @OptionGroup(title: "Rules of the rotation") var retire: RetireOptions

    @Flag(help: "Make every key of the lineage a predecessor of this rotation, whatever rotation it is from.")
    var supersede = false

    @Flag(help: "Continue although guardrails, provider keys or observability destinations name the predecessor.")
    var ignoreReferences = false

    static func main() { start() }

    func perform(_ session: Session) throws(StepError) {
        var flags = PlanFlags()
        successor.add(to: &flags)
        targets.add(to: &flags)
        publish.add(to: &flags)
        verify.add(to: &flags)
        retire.add(to: &flags)
        var options = try session.createOptions(flags) { plan in
            publish.add(to: &plan)
            verify.add(to: &plan)
            retire.add(to: &plan)
        }
        options.supersedes = supersede
        options.ignoresReferences = ignoreReferences
        let account = try session.account(CurlTransport(userAgent: "ork/\(orkVersion)"))
        try CreateStep(context: session.context, account: account, options: options).run()
    }
}
