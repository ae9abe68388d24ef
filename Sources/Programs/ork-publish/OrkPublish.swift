import ArgumentParser
import Configuration
import CurlHTTP
import PluginHost
import Rotation
import StepCLI
import Steps

@main struct OrkPublish: StepCommand {
    static let configuration = CommandConfiguration(
        commandName: "ork-publish", abstract: "Hand the successor to its targets.",
        discussion: """
            Needs the identity that ork-create sealed to, and the targets' tokens; not the management key. Run again, it \
            writes only what is missing.

            EXAMPLES:
              ork-publish --to file:path=.env,name=OPENROUTER_API_KEY
              ork-publish --check --config ork.yaml
            """, version: orkVersion)

    static let step = StepName.publish

    @OptionGroup var common: CommonOptions
    @OptionGroup(title: "Targets") var targets: PlanOptions<TargetFlags>
    @OptionGroup(title: "Rules of the rotation") var rules: PlanOptions<Plan.PublishRules>

    @Option(help: ArgumentHelp("Only this target (repeatable).", valueName: "target"))
    var target: [String] = []

    @Option(
        help: ArgumentHelp(
            "Overwrite this target whatever it holds, unless it says that a later rotation wrote it (repeatable).",
            valueName: "target"))
    var acceptTarget: [String] = []

    @Option(
        help: ArgumentHelp(
            "Make this target where nothing is there yet, as `create: true` does in its settings (repeatable).",
            valueName: "target"))
    var createTarget: [String] = []

    @Flag(help: "All waves, without a verification between them.")
    var all = false

    @Flag(help: "Ask every target whether publishing would work; needs no handoff and writes nothing.")
    var check = false

    static func main() { start { CurlTransport(userAgent: "ork/\(orkVersion)", observer: $0) } }

    func perform(_ session: Session) throws(StepError) {
        let flags = targets.flags + rules.flags
        let publishers = PluginHost(
            environment: session.environment.variables, hiding: session.secrets, masking: session.credentials,
            log: session.console.log)
        var options = PublishStep.Options()
        options.only = try session.names(target, "--target")
        options.acceptedTargets = try session.names(acceptTarget, "--accept-target")
        options.createdTargets = try session.names(createTarget, "--create-target")
        options.allWaves = all
        if check {
            let step = CheckStep(
                publishers: publishers, clock: session.clock, options: options,
                configurationFolder: session.configurationFolder, tell: session.console.show)
            return try step.run(session.plan(flags), state: session.state(), report: session.report)
        }
        options.added = try session.adoptPlan(.publish, flags)
        let step = try PublishStep(
            context: session.context,
            transport: CurlTransport(userAgent: "ork/\(orkVersion)", observer: session.observer),
            service: session.inferenceService(), identity: session.identity, publishers: publishers, options: options)
        try step.run(report: session.report)
    }
}
