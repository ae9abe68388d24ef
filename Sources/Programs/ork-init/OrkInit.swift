import ArgumentParser
import CurlHTTP
import InitCLI
import StepCLI
import Steps

@main struct OrkInit: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "ork-init",
        abstract: "Set ork up in a project: propose ork.yaml and the pipeline, and write them.",
        discussion: """
            Looks for the places that have the key: dotenv files, workflows, files of services that people deploy to, files that \
            SOPS has encrypted. Shows everything before it writes, overwrites nothing, and prints the commands that are left. It \
            works without a connection; with OPENROUTER_MANAGEMENT_KEY set, it lists the workspace's keys.

            EXAMPLES:
              ork-init
              ork-init --key checkout-prod --ci cron --yes
              ork-init --key checkout-prod --ci github --ork acme/ork@COMMIT --dry-run
              ork-init --check
            """, version: orkVersion)

    @OptionGroup var options: InitOptions

    static func main() { start() }

    func perform(_ console: Console) throws(StepError) {
        let transport = CurlTransport(userAgent: "ork/\(orkVersion)", observer: .showing(on: console))
        guard !options.check else { return try SetupCheck(options.ci, StepEnvironment(), over: transport).run() }
        try Initialization(options, StepEnvironment(), over: transport, console).run()
    }
}
