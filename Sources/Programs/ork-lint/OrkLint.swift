import ArgumentParser
import PluginHost
import StepCLI
import Steps

@main struct OrkLint: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "ork-lint", abstract: "Tell all that is wrong with an ork.yaml, without a secret or a connection.",
        discussion: """
            Reads the file and asks the publishers that are installed what they know of their settings. For pull requests: \
            status 65 if anything is wrong, and at GitHub and Azure each problem stands at its line.

            EXAMPLES:
              ork-lint
              ork-lint --config rotations/ork.yaml --json
            """, version: orkVersion)

    @Option(help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config = "ork.yaml"

    @Flag(help: "Print one JSON object.")
    var json = false

    static func main() { start() }

    func perform(_ console: Console) throws(StepError) {
        let publishers = PluginHost(environment: StepEnvironment().variables, hiding: [], log: console.log)
        try ConfigurationLint(config, publishers: publishers).report(to: console, asJSON: json)
    }
}
