import Documents
import FoundationEssentials
import JSON
import SystemPackage
import TestSupport
import Testing

/// A replacement, for readers that are not ours to judge.
struct Replacement {
    var format: DocumentFormat
    var path: [String]
    var before: [UInt8]
    var after: [UInt8]
    var value: String
}

/// python-dotenv, json, PyYAML, ruamel.yaml and configparser, from the tests' Python environment.
enum IndependentReaders {
    private static let folder = FilePath("\(#filePath)").removingLastComponent()

    /// Fails where a reader does not see the new value, or sees another change.
    static func judge(_ replacements: [Replacement], _ location: SourceLocation = #_sourceLocation) async throws {
        let environment =
            ProcessInfo.processInfo.environment["ORK_TEST_VENV"].map { FilePath($0) }
            ?? folder.removingLastComponent().removingLastComponent().appending(".venv-test")
        let python = environment.appending("bin/python")
        try #require(
            FileManager.default.isExecutableFile(atPath: python.string),
            "no Python environment at \(environment); Tests/run.sh makes it from Tests/requirements.txt",
            sourceLocation: location)
        let cases = replacements.map { replacement -> String in
            let value: JSONValue = [
                "format": .string(replacement.format.rawValue),
                "path": .array(replacement.path.map { .string($0) }),
                "before": .string(Data(replacement.before).base64EncodedString()),
                "after": .string(Data(replacement.after).base64EncodedString()),
                "value": .string(replacement.value),
            ]
            return value.text() + "\n"
        }
        let result = try await CommandRun(
            [python.string, folder.appending("readers.py").string], input: cases.joined())
        let answers = result.output.split(separator: "\n")
        try #require(answers.count == replacements.count, "\(result.errors)", sourceLocation: location)
        for (replacement, answer) in zip(replacements, answers) where answer != "\"\"" {
            Issue.record(
                "\(replacement.format) \(replacement.path): \(answer)\n\(text(replacement.before))\n-> \(text(replacement.after))",
                sourceLocation: location)
        }
    }

    private static func text(_ bytes: [UInt8]) -> String { "«\(String(decoding: bytes, as: UTF8.self))»" }
}
