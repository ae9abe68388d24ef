import TestSupport
import Testing

/// What a program's `--help` prints.
struct Help {
    /// The programs with options; a publisher has none.
    static let programs = [
        "ork-create", "ork-publish", "ork-verify", "ork-retire", "ork-rollback", "ork-approve", "ork-status",
        "ork-keygen", "ork-lint", "ork-due", "ork-init", "ork-pipeline", "ork-conform", "ork-sandbox",
    ]

    let text: String
    /// Options that the program takes for others.
    private var handedOn: Set<String> = []

    init(text: String) { self.text = text }

    init(of program: String) async throws {
        let result = try await CommandRun([BuiltProduct.path(program), "--help"])
        try #require(result.succeeded, "\(program) --help does not end with 0")
        text = result.output
    }

    static func all() async throws -> [String: Help] {
        var all: [String: Help] = [:]
        for program in programs { all[program] = try await Help(of: program) }
        // It hands what follows the job's name on to the program of the step.
        let steps = ["ork-create", "ork-publish", "ork-verify", "ork-retire", "ork-rollback", "ork-approve"]
        let options = steps.flatMap { all[$0]?.options ?? [] }
        all["ork-pipeline"]?.handedOn = Set(options)
        return all
    }

    /// The options that may stand behind the program's name.
    var accepted: Set<String> { options.union(handedOn) }

    /// The options that the lists describe, as `--handoff`.
    var options: Set<String> {
        var options: Set<String> = []
        for line in entries.map(\.line) {
            // What stands before the help text: `-h, --help`, `--config <file>`.
            let names = line.prefix { $0 != "<" }.split { " ,".contains($0) }.prefix { $0.hasPrefix("-") }
            for name in names where name.hasPrefix("--") { options.insert(String(name)) }
        }
        return options
    }

    /// The entries of the lists that say nothing about themselves.
    var silent: [String] {
        entries.filter { entry in
            let words = entry.line.split(separator: " ").drop { $0.hasPrefix("-") }
            let rest = words.first?.hasPrefix("<") == true ? words.drop { !$0.hasSuffix(">") }.dropFirst() : words
            return rest.isEmpty && !entry.isContinued
        }.map(\.line)
    }

    // An entry begins with two spaces and a dash; the text that belongs to it stands far to the right.
    private var entries: [(line: String, isContinued: Bool)] {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        return zip(lines, lines.dropFirst() + [""]).compactMap { line, next in
            guard line.hasPrefix("  -") else { return nil }
            return (line, next.hasPrefix(String(repeating: " ", count: 20)))
        }
    }
}
