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
            """, version: orkVersion)

    @Option(help: ArgumentHelp("Write to this new file, which only its owner may read.", valueName: "file"))
    var output: String?

    @Flag(help: "Read an identity from standard input and print its public half.")
    var `public` = false

    static func main() { start() }

    func perform(_ console: Console) throws(StepError) {
        if self.public { return Console.print(try Keygen.publicIdentity(ofStandardInput: ()).description) }
        try Keygen.make(output: output, console)
    }
}
