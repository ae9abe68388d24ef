import ArgumentParser
import Configuration
import CurlHTTP
import Rotation
import StepCLI
import Steps

@main struct OrkRetire: StepCommand {
    static let configuration = CommandConfiguration(
        commandName: "ork-retire", abstract: "Disable and then delete the predecessor, on evidence.",
        discussion: """
            Needs the management key in OPENROUTER_MANAGEMENT_KEY. Run it until it says that it has finished: status 75 means \
            that it is too early, and the message says when to run it again.

            EXAMPLES:
              ork-retire --wait 30m
              ork-retire --restore
              ork-retire --abandon-target web
            """, version: orkVersion)

    static let step = StepName.retire

    @OptionGroup var common: CommonOptions
    @OptionGroup(title: "Rules of the rotation") var verify: PlanOptions<Plan.VerifyRules>
    @OptionGroup(title: "Rules of the rotation") var rules: PlanOptions<Plan.RetireRules>

    @Flag(help: "Enable disabled predecessors again, and hold them.")
    var restore = false

    @Flag(help: "Disable a predecessor again that was restored; needs a newer verification.")
    var again = false

    @Flag(
        help:
            "The predecessor is known to others: disable and delete it now, though applications that still use it fail."
    )
    var compromised = false

    @Option(
        help: ArgumentHelp(
            "With --compromised: since when it is asked who used the key, such as 2026-11-23T03:00:00Z (default: for a week).",
            valueName: "moment"))
    var since: String?

    @Option(
        help: ArgumentHelp(
            "Let go of this target: nothing is asked of it any more, and it may lose service (repeatable).",
            valueName: "target"))
    var abandonTarget: [String] = []

    @Flag(help: "What has no API at OpenRouter, and ork-create has named, is looked after.")
    var checklistDone = false

    var isRemedy: Bool { restore }

    static func main() { start { CurlTransport(userAgent: "ork/\(orkVersion)", observer: $0) } }

    func perform(_ session: Session) throws(StepError) {
        let transport = CurlTransport(userAgent: "ork/\(orkVersion)", observer: session.observer)
        if restore {
            try session.requireConfiguredLineage()
            return try RestoreStep(context: session.context, account: session.account(transport)).run()
        }
        // How old a verification it accepts is its own to say; what a verification has to show is not.
        _ = try session.adoptPlan(.retire, rules.flags + verify.flags.only(["valid-for"]))
        var options = RetireStep.Options()
        options.again = again
        options.isCompromised = compromised
        options.leakedSince = try Moment.past(since, "--since")
        options.isChecklistDone = checklistDone
        options.abandonedTargets = try session.names(abandonTarget, "--abandon-target")
        let applications = ApplicationProbes(
            context: session.context, transport: transport, programs: ProbePrograms(session))
        try RetireStep(
            context: session.context, account: session.account(transport), applications: applications, options: options
        ).run()
    }
}
