package import ArgumentParser

/// The options that every step has.
package struct CommonOptions: ParsableArguments {
    @Option(help: "The rotation in ork.yaml; not needed if there is only one.")
    package var rotation: String?

    @Option(help: ArgumentHelp("The configuration file (default: ork.yaml, if it exists).", valueName: "file"))
    package var config: String?

    @Option(
        help: ArgumentHelp(
            "The handoff; it is written to the first one, others of the same rotation are merged in "
                + "(default: ork-handoff.json).", valueName: "file"))
    package var handoff: [String] = []

    @Option(
        name: .customLong("openrouter-url"),
        help: ArgumentHelp(
            "Where OpenRouter is (default: ork.yaml, then OPENROUTER_BASE_URL, then openrouter.ai).",
            valueName: "url"))
    package var openRouterURL: String?

    @Option(
        help: ArgumentHelp(
            "Whose records count: STEP=ork-public-1:… (repeatable; default: this stage's own identity).",
            valueName: "step=identity"))
    package var trust: [String] = []

    @Option(help: ArgumentHelp("Stop unless the handoff is still the one with this head.", valueName: "digest"))
    package var expectHead: String?

    @Option(help: ArgumentHelp("Wait here, up to this long, until the step can be done.", valueName: "duration"))
    package var wait: String?

    @Flag(help: "Say what would be done, and do nothing.")
    package var dryRun = false

    @Flag(help: "Print one JSON object on standard output.")
    package var json = false

    @Option(help: ArgumentHelp("Write ORK_ROTATION, ORK_STATE and ORK_HEAD to this file.", valueName: "file"))
    package var dotenv: String?

    @Flag(help: "Continue with the plan in the handoff where ork.yaml says something else.")
    package var acceptPlan = false

    @Flag package var verbosity: Verbosity?

    package init() {}

    /// How much people are told; what a dry run would do is its result.
    var outputLevel: Verbosity? { dryRun && verbosity == .quiet ? nil : verbosity }
}

/// How much of what a program does people are told.
package enum Verbosity: String, EnumerableFlag, Sendable {
    case quiet, verbose

    package static func help(for value: Self) -> ArgumentHelp? {
        switch value {
        case .quiet: "Say what was done and what is wrong, and nothing of what is under way."
        case .verbose: "Say of each request of its own whom it went to, the status, the time and which attempt it was."
        }
    }
}
