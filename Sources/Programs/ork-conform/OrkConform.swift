import ArgumentParser
import FoundationEssentials
import JSON
import PluginHost
import PublisherHosting
import PublisherKit
import Secrets

@main
struct OrkConform: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ork-conform", abstract: "Check that a program keeps the publisher contract, version 1.",
        discussion: """
            It publishes made-up keys to the target that --with describes, and reads them back. Use a scratch target \
            that holds nothing and that nobody reads: what it holds is gone afterwards.

            Prints a line for each check (ok, not ok, skipped) and ends with 0 if none is not ok, else with 1.

            EXAMPLES:
              ork-conform ./ork-publisher-file --with path=/tmp/scratch.env --with name=KEY
              ork-conform ./ork-publisher-vault --with path=scratch/key --env VAULT_TOKEN \\
                --target-command 'vault kv get -field=value scratch/key'
            """)

    @Argument(help: "The program.", completion: .file()) var path: String

    @Option(
        name: .customLong("with"),
        help: ArgumentHelp("A setting of the target; KEY:=JSON for what is not a string.", valueName: "KEY=VALUE"))
    var settings: [String] = []

    @Option(
        help: ArgumentHelp("A variable that the program gets, under its own name or another.", valueName: "NAME[=OURS]")
    )
    var env: [String] = []

    @Option(
        help: ArgumentHelp(
            "Prints what the target holds; run by sh after each publish to see for itself.", valueName: "COMMAND"))
    var targetCommand: String?

    static func main() {
        ProcessHardening.apply()
        main(nil)
    }

    func run() throws {
        let host = PublisherEnvironment(ProcessInfo.processInfo.environment)
        let mapping = try mapping()
        let environment: [String: String]
        do { environment = try host.child(mapping) } catch { throw ValidationError(error.message) }
        let absolute = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        let target = Target(with: try with(), environment: environment, command: targetCommand)
        let subject = Subject(path: absolute, target: target) { information throws(PublisherError) in
            try host.child(mapping, of: information)
        }
        // Lines quote the program that is looked at, which is to write none of its own.
        var report = Report { print(DisplayText.line($0, limit: .max)) }
        Conformance(subject).check(&report)
        print(report.summary)
        if report.failed > 0 { throw ExitCode.failure }
    }

    private func with() throws -> JSONObject {
        var object = JSONObject()
        for setting in settings {
            guard let equals = setting.firstIndex(of: "=") else {
                throw ValidationError("--with takes KEY=VALUE or KEY:=JSON")
            }
            let key = setting[..<equals]
            let text = String(setting[setting.index(after: equals)...])
            if key.hasSuffix(":") {
                guard let value = try? JSONValue(parsing: Array(text.utf8)) else {
                    throw ValidationError("what follows \(key)= is not JSON")
                }
                object[String(key.dropLast())] = value
            } else {
                object[String(key)] = .string(text)
            }
        }
        return object
    }

    private func mapping() throws -> [EnvironmentName: EnvironmentName] {
        var mapping: [EnvironmentName: EnvironmentName] = [:]
        for name in env {
            let parts = name.split(separator: "=", maxSplits: 1).map(String.init)
            guard let child = parts.first.flatMap(EnvironmentName.init),
                let ours = parts.last.flatMap(EnvironmentName.init)
            else {
                throw ValidationError("--env takes NAME or NAME=OURS")
            }
            mapping[child] = ours
        }
        return mapping
    }
}
