import ArgumentParser
import CurlHTTP
import Fleet
import FleetCLI
import PipelineCLI
import Rotation
import StepCLI
import Steps

@main struct OrkDue: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "ork-due", abstract: "Tell which rotations of an ork.yaml are due, and hand them to a CI system.",
        discussion: """
            Needs the management key in OPENROUTER_MANAGEMENT_KEY, and changes nothing. Keys that expire soon come first, \
            then rotations that were begun, then the oldest keys.

            EXAMPLES:
              ork-due --older-than 90d
              ork-due --limit 20 --json | jq -r '.due[].rotation'
              ork-due --limit 20 --github
              ork-due --limit 20 --gitlab > rotations.yml
              ork-due --notify 1d
              ork-due --report keys.html
              ork-due --audit --except playground
            """, version: orkVersion)

    @Option(help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config = OrkDue.standardConfig

    private static let standardConfig = "ork.yaml"

    @Option(help: ArgumentHelp("Look at this rotation alone (default: all in the file).", valueName: "name"))
    var rotation: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "All handoffs there are: what was begun and is in none of them is to be superseded, what was taken back is left to a "
                + "person, and with --audit a rotation owns the keys that its own handoffs name.", valueName: "file"))
    var handoff: [String] = []

    @OptionGroup var rules: PlanOptions<DueRules>

    @Option(
        help: ArgumentHelp(
            "How many rotations may be under way at once; one that soaks, or was taken back, does not count.",
            valueName: "count"))
    var limit: Int?

    @Option(
        name: .customLong("openrouter-url"),
        help: ArgumentHelp(
            "Where OpenRouter is (default: ork.yaml, then OPENROUTER_BASE_URL, then openrouter.ai).", valueName: "url"))
    var openRouterURL: String?

    @Flag var format = DueFormat.table

    @Flag var verbosity: Verbosity?

    @Option(
        help: ArgumentHelp(
            "The file that --gitlab runs for each rotation, with inputs rotation and later_waves.", valueName: "file"))
    var include = ".gitlab/ork-rotation.yml"

    @OptionGroup var survey: SurveyOptions

    var invocation: Invocation { Invocation(config: config == Self.standardConfig ? nil : config) }

    static func main() { start() }

    func validate() throws {
        guard limit ?? 1 > 0 else { throw ValidationError("--limit needs a number from 1 on") }
        // The keys of the others would be nobody's.
        guard rotation == nil || !survey.isAsked else {
            throw ValidationError("--rotation: leave it out with --report and --audit")
        }
    }

    func perform(_ console: Console) throws(StepError) {
        let environment = StepEnvironment()
        var fleet = try ConfiguredFleet(config, openRouterURL: openRouterURL, environment)
        if let rotation { try fleet.narrow(to: rotation) }
        try fleet.adopt(rules.flags)
        if !handoff.isEmpty { try fleet.take(handoffs: handoff, warning: survey.isAsked ? console : nil) }
        if !fleet.hasAge, !survey.audit {
            console.warn("no age makes a rotation due: say --older-than, or due.every in \(config)")
        }
        let transport = CurlTransport(userAgent: "ork/\(orkVersion)", observer: .showing(on: console))
        var findings = try survey.look(
            at: fleet, by: "ork-due \(orkVersion)", isJSON: format == .json, console, over: transport)
        if !survey.audit {
            let (limit, handoffs) = (format.limit(limit), FleetHandoffs(config, environment, console, transport))
            findings = handoffs?.leavingPlaces(findings, limit: limit) ?? findings
            let report = DueReport(findings, limit: limit)
            format.show(report, .init(template: include, staged: fleet.staged), environment, console)
        }
        fleet.keep(findings, console, over: transport)
        survey.tell(findings, of: fleet, console, over: transport)
    }
}
