import ArgumentParser
import CurlHTTP
import Fleet
import FleetCLI
import StepCLI
import Steps
import Timestamps

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
            """, version: orkVersion)

    @Option(help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config = "ork.yaml"

    @Option(help: ArgumentHelp("Look at this rotation alone (default: all in the file).", valueName: "name"))
    var rotation: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "All handoffs there are; what was begun and is in none of them is to be superseded.", valueName: "file"))
    var handoff: [String] = []

    @Option(
        help: ArgumentHelp("The age at which a key is due (default: due.every in the file).", valueName: "duration"))
    var olderThan: String?

    @Option(
        help: ArgumentHelp(
            "How long before its expiry a key is due (default: due.before_expiry in the file, then 7d).",
            valueName: "duration"))
    var expiresWithin: String?

    @Option(
        help: ArgumentHelp(
            "How many rotations may be under way at once; one that soaks does not count.", valueName: "count"))
    var limit: Int?

    @Option(
        name: .customLong("openrouter-url"),
        help: ArgumentHelp(
            "Where OpenRouter is (default: OPENROUTER_BASE_URL, then ork.yaml, then openrouter.ai).", valueName: "url"))
    var openRouterURL: String?

    @Flag var format = DueFormat.table

    @Option(
        help: ArgumentHelp(
            "The file that --gitlab runs for each rotation, with inputs rotation and later_waves.", valueName: "file"))
    var include = ".gitlab/ork-rotation.yml"

    static func main() { start() }

    func validate() throws {
        guard limit ?? 1 > 0 else { throw ValidationError("--limit needs a number from 1 on") }
    }

    func perform(_ console: Console) throws(StepError) {
        let environment = StepEnvironment()
        var fleet = try ConfiguredFleet(config, openRouterURL: openRouterURL, environment)
        if let rotation { try fleet.narrow(to: rotation) }
        fleet.adopt(
            olderThan: try Self.length(olderThan, "--older-than", orZero: false),
            expiresWithin: try Self.length(expiresWithin, "--expires-within", orZero: true))
        if !handoff.isEmpty { try fleet.take(handoffs: handoff) }
        if !fleet.hasAge {
            console.warn("no age makes a rotation due: say --older-than, or due.every in \(config)")
        }
        let findings = try fleet.findings(CurlTransport(userAgent: "ork/\(orkVersion)"))
        let report = DueReport(findings, limit: format.limit(limit))
        format.show(report, .init(template: include, staged: fleet.staged), environment, console)
    }

    private static func length(_ text: String?, _ option: String, orZero: Bool) throws(StepError) -> Interval? {
        guard let text else { return nil }
        guard let interval = Interval(text), orZero || interval != .zero else {
            throw StepError(.usage, "\(option) needs a length of time such as 90d", hint: "--help shows the options")
        }
        return interval
    }
}
