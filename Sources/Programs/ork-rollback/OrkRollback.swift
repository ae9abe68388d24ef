import ArgumentParser
import Configuration
import CurlHTTP
import PluginHost
import Rotation
import Secrets
import StepCLI
import Steps

@main struct OrkRollback: StepCommand {
    static let configuration = CommandConfiguration(
        commandName: "ork-rollback", abstract: "Give every target the predecessor back, and take the successor away.",
        discussion: """
            It can be done until the predecessor is deleted. Needs the management key in OPENROUTER_MANAGEMENT_KEY, the \
            targets' tokens, and an identity that the predecessor is sealed to. Run it until it says that the rotation was rolled \
            back: status 75 means that it is too early, and the message says when to run it again.

            EXAMPLES:
              ork-rollback --dry-run
              ork-rollback --wait 30m
              ork-rollback --by-hand web
            """, version: orkVersion)

    static let step = StepName.rollback

    @OptionGroup var common: CommonOptions
    @OptionGroup(title: "Rules of the rotation") var verify: PlanOptions<Plan.VerifyRules>
    @OptionGroup(title: "Rules of the rotation") var rules: PlanOptions<Plan.RetireRules>

    @Option(
        help: ArgumentHelp(
            "People have put this target back, or it needs nothing: nothing is written or asked there (repeatable).",
            valueName: "target"))
    var byHand: [String] = []

    @Option(
        help: ArgumentHelp(
            "A variable with the predecessor, where the handoff does not keep it (repeatable).", valueName: "variable"))
    var valueFrom: [String] = []

    @Flag(help: "Disable the successor again, which somebody has enabled since.")
    var again = false

    /// It brings applications back, which no switch may stop.
    var isRemedy: Bool { true }

    static func main() { start { CurlTransport(userAgent: "ork/\(orkVersion)", observer: $0) } }

    func perform(_ session: Session) throws(StepError) {
        try session.assumeRules(rules.flags + verify.flags)
        var options = RollbackStep.Options()
        options.byHand = try session.names(byHand, "--by-hand")
        options.again = again
        options.values = try valueFrom.map { name throws(StepError) in
            try session.environment.key(in: name, hint: "export the predecessor there")
        }
        let transport = CurlTransport(userAgent: "ork/\(orkVersion)", observer: session.observer)
        let publishers = PluginHost(
            environment: session.environment.variables, hiding: session.secrets + options.values,
            masking: session.credentials,
            log: session.console.log)
        let verification = try VerifyStep(
            context: session.context, service: session.service(), transport: transport, identity: session.identity,
            publishers: publishers, programs: ProbePrograms(session), options: VerifyStep.Options())
        let step = try RollbackStep(
            context: session.context, account: session.account(transport), verification: verification,
            options: options)
        try step.run(report: session.report)
    }
}
