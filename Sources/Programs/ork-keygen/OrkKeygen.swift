import ArgumentParser
import Rotation
import StepCLI
import Steps

@main struct OrkKeygen: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "ork-keygen", abstract: "Make an identity, which signs handoffs and opens what is sealed to it.",
        discussion: """
            The identity is a secret: pipe it to where secrets are kept.

            EXAMPLES:
              ork-keygen | gh secret set ORK_IDENTITY
              ork-keygen --output identity && ork-keygen --public < identity
              ork-keygen --stages github
            """, version: orkVersion)

    @Option(
        help: ArgumentHelp(
            "Write to this new file, or with --stages to this new folder (default: ork-identities), which only its owner "
                + "may read.", valueName: "file"))
    var output: String?

    @Option(
        help: ArgumentHelp(
            "Make one identity for each environment of a pipeline, and print the trust block for ork.yaml and the commands "
                + "that store each identity where its stages alone can read it.", valueName: "system"))
    var stages: SecretStore?

    @Flag(help: "Read an identity from standard input and print its public half.")
    var `public` = false

    static func main() { start() }

    func validate() throws {
        guard !self.public || stages == nil && output == nil else {
            throw ValidationError("--public reads an identity and makes none: leave the other options out")
        }
    }

    func perform(_ console: Console) throws(StepError) {
        if let stages { return try Keygen.make(stages, output: output ?? "ork-identities", console) }
        if self.public { return Console.print(try Keygen.publicIdentity(ofStandardInput: ()).description) }
        try Keygen.make(output: output, console)
    }
}
