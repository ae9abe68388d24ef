import ArgumentParser
import CurlHTTP
import StepCLI
import Steps

@main struct OrkStatus: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "ork-status", abstract: "Show where a rotation stands and what comes next.",
        discussion: """
            Reads the handoff alone and connects to nothing, unless --ask. Signatures are checked; the signers only where \
            --trust names them.

            EXAMPLES:
              ork-status --head
              ork-status --watch
              ork-status --report rotation.html
              ork-status --report all.html --handoff ork-handoffs/*.json
            """, version: orkVersion)

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "The handoff; several of the same rotation are merged (default: ork-handoff.json).", valueName: "file"))
    var handoff: [String] = []

    @Option(help: ArgumentHelp("Whose records count: STEP=ork-public-1:… (repeatable).", valueName: "step=identity"))
    var trust: [String] = []

    @Option(
        help: ArgumentHelp(
            "Write a report instead, .html, .md or .json by its name: who did what, when and on what evidence. --handoff then "
                + "takes handoffs of several rotations. A report that is there is replaced.", valueName: "file"))
    var report: String?

    @Flag(help: "Print one JSON object.") var json = false

    @Flag(help: "Show it again whenever it has changed, until the rotation is finished or Ctrl-C.") var watch = false

    @Flag(help: "Print the head alone: the digest that stands for everything recorded.") var head = false

    @Flag(
        help: """
            Ask OpenRouter, too: both keys' last use and state, other live keys of the same name, and who uses the old one. \
            Needs the management key, and only reads.
            """)
    var ask = false

    @Option(
        help: ArgumentHelp(
            "With --ask: since when it is asked who used the old key, such as 2026-11-23T03:00:00Z (default: for a week).",
            valueName: "moment"))
    var since: String?

    @Option(
        help: ArgumentHelp("With --ask: the configuration file (default: ork.yaml, if it exists).", valueName: "file"))
    var config: String?

    @Option(
        name: .customLong("openrouter-url"),
        help: ArgumentHelp(
            "With --ask: where OpenRouter is (default: ork.yaml, then OPENROUTER_BASE_URL, then openrouter.ai).",
            valueName: "url"))
    var openRouterURL: String?

    @Flag var verbosity: Verbosity?

    var invocation: Invocation {
        Invocation(handoffs: handoff, config: config, openRouterURL: openRouterURL, trust: trust)
    }

    static func main() { start() }

    func validate() throws {
        let isOne = [watch, json || head, report != nil].count { $0 } <= 1
        guard isOne else { throw ValidationError("--watch, --report, and --json or --head: one of them at a time") }
    }

    func perform(_ console: Console) throws(StepError) {
        if let report {
            let asked = ask ? try look(console) : nil
            return try RotationReports.write(report, handoff, trust: trust, config: config, asked, console)
        }
        let picture = TerminalPicture(StepEnvironment())
        if watch { return try StatusWatch(picture, asks: ask).run { () throws(StepError) in try look(console) } }
        let status = try look(console)
        if head { return Console.print(status.head) }
        if json { return console.print(status.json) }
        status.draw(on: picture)
    }

    private func look(_ console: Console) throws(StepError) -> StatusReport {
        var status = try StatusReport(handoff, trust: trust, config: config, invocation: invocation)
        if ask {
            try status.ask(
                config: config, openRouterURL: openRouterURL, since: since, StepEnvironment(),
                CurlTransport(userAgent: "ork/\(orkVersion)", observer: .showing(on: console)), tell: console.show)
        }
        return status
    }
}
