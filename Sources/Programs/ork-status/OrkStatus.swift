import ArgumentParser
import StepCLI
import Steps

@main struct OrkStatus: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "ork-status", abstract: "Show where a rotation stands and what comes next.",
        discussion: """
            Reads the handoff alone and connects to nothing. Signatures are checked; the signers only where --trust names \
            them.

            EXAMPLES:
              ork-status
              ork-status --head
            """, version: orkVersion)

    @Option(
        help: ArgumentHelp(
            "The handoff; several of the same rotation are merged (default: ork-handoff.json).", valueName: "file"))
    var handoff: [String] = []

    @Option(help: ArgumentHelp("Whose records count: STEP=ork-public-1:… (repeatable).", valueName: "step=identity"))
    var trust: [String] = []

    @Flag(help: "Print one JSON object.")
    var json = false

    @Flag(help: "Print the head alone: the digest that stands for everything recorded.")
    var head = false

    static func main() { start() }

    func perform(_ console: Console) throws(StepError) {
        let status = try StatusReport(handoff.isEmpty ? ["ork-handoff.json"] : handoff, trust: trust)
        if head { return Console.print(status.head) }
        if json { return console.print(status.json) }
        Console.print(status.text)
    }
}
