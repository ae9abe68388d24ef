package import ArgumentParser

/// What `ork-init` is told. What is missing is asked for on a terminal.
package struct InitOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What runs the rotations: github, gitlab or cron (default: as the folder says).", valueName: "system"))
    package var ci: CISystem?

    @Option(
        help: ArgumentHelp(
            "At GitHub and GitLab, simple or staged (default: staged). \(PipelineKind.choice).", valueName: "kind"))
    package var pipeline: PipelineKind?

    @Option(
        help: ArgumentHelp(
            "The name at OpenRouter of the key to rotate. With OPENROUTER_MANAGEMENT_KEY set, those that there are are listed.",
            valueName: "name"))
    package var key: String?

    @Option(
        help: ArgumentHelp(
            """
            Draft ork.yaml for the workspace's keys of these names, such as 'shop-*': a rotation for each name that has none. In \
            --to, {name} stands for what the * does. Needs OPENROUTER_MANAGEMENT_KEY.
            """, valueName: "pattern"))
    package var fromAccount: KeyNamePattern?

    @Option(help: ArgumentHelp("What the rotation is called (default: as the key).", valueName: "name"))
    package var rotation: String?

    @Option(help: ArgumentHelp("The variable that applications read the key from.", valueName: "name"))
    package var variable = "OPENROUTER_API_KEY"

    @Option(
        help: ArgumentHelp(
            "A target beside those that are found, as ork-publish has it; of the same name, in place of one.",
            valueName: "[target=]publisher:key=value,…"))
    package var to: [String] = []

    @Option(help: ArgumentHelp("A target that is found and left out.", valueName: "target"))
    package var without: [String] = []

    @Option(help: ArgumentHelp("How old a key gets before it is replaced.", valueName: "duration"))
    package var every = "90d"

    @Option(
        help: ArgumentHelp(
            "For a pipeline: ork's repository there and the full hash of the commit to use.",
            valueName: "owner/ork@commit"), transform: OrkReference.init(checking:))
    package var ork: OrkReference?

    @Option(
        help: ArgumentHelp(
            "At GitHub: the tarball with ork's programs (default: every job builds the commit, which takes minutes).",
            valueName: "url"))
    package var tarball: String?

    @Option(help: ArgumentHelp("The tarball's SHA-256.", valueName: "hex"))
    package var sha256: String?

    @Option(help: ArgumentHelp("The public SSH key that signs the tarball's SHA256SUMS.", valueName: "key"))
    package var signer: String?

    @Option(help: ArgumentHelp("At GitLab: the image with ork's programs, by its digest.", valueName: "image@sha256:…"))
    package var image: String?

    @Option(
        help: ArgumentHelp(
            "Who approves: a login at GitHub, a user's number at GitLab (default: whoever runs the printed commands).",
            valueName: "user"))
    package var approver: String?

    @Flag(help: "Show what would be written, and write nothing.")
    package var dryRun = false

    @Flag(help: "Write without asking; needed where there is no terminal.")
    package var yes = false

    @Flag(
        help: ArgumentHelp(
            "Tell what is still missing, also at GitHub (GH_TOKEN) or GitLab (GITLAB_TOKEN), by names alone. Changes nothing."
        ))
    package var check = false

    package init() {}
}
