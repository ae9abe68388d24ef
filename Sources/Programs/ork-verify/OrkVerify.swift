import ArgumentParser
import CurlHTTP
import PluginHost
import Rotation
import StepCLI
import Steps

@main struct OrkVerify: StepCommand {
    static let configuration = CommandConfiguration(
        commandName: "ork-verify", abstract: "Gather evidence that the successor works where it is used.",
        discussion: """
            Reads every target back, runs the application's probes, and checks whether the successor is in use. Changes \
            nothing but the handoff.

            EXAMPLES:
              ork-verify --probe https://shop.example/health --wait 10m
              ork-verify --junit verify.xml
            """, version: orkVersion)

    static let step = StepName.verify

    @OptionGroup var common: CommonOptions
    @OptionGroup(title: "Rules of the rotation") var rules: PlanOptions<Plan.VerifyRules>

    @Flag(help: "Drop the sealed key once every target is verified; no target can be written again after that.")
    var dropSecret = false

    @Flag(help: "Keep the sealed key, as is done anyway.")
    var keepSecret = false

    @Option(help: ArgumentHelp("Write the checks as a JUnit report to this file.", valueName: "file"))
    var junit: String?

    static func main() { start { CurlTransport(userAgent: "ork/\(orkVersion)", observer: $0) } }

    func perform(_ session: Session) throws(StepError) {
        _ = try session.adoptPlan(.verify, rules.flags)
        var options = VerifyStep.Options()
        options.dropsSecret = dropSecret && !keepSecret
        let publishers = PluginHost(
            environment: session.environment.variables, hiding: session.secrets, masking: session.credentials,
            log: session.console.log)
        let transport = CurlTransport(userAgent: "ork/\(orkVersion)", observer: session.observer)
        let step = try VerifyStep(
            context: session.context, service: session.inferenceService(), transport: transport,
            identity: session.identity, publishers: publishers, programs: ProbePrograms(session),
            options: options)
        try step.run { checks in
            if let junit { session.write(JUnitReport(checks).text, to: junit) }
        }
    }
}
