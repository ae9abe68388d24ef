import FoundationEssentials
import TestSupport

/// The configuration files that stand in the documents and in the stories of the tests.
enum Examples {
    /// Each by its file and its place there. A part of a file is put where it belongs.
    static func all() throws -> [String: String] {
        var examples: [String: String] = [:]
        let publishers = try names(in: "plugins").map { "plugins/\($0)/README.md" }
        for path in ["README.md", "Sources/CommandLine/README.md"] + publishers where exists(path) {
            for (number, block) in yamlBlocks(in: try text(path)).enumerated() {
                if let file = whole(block) { examples["\(path) \(number + 1)"] = file }
            }
        }
        for name in try names(in: scripts) where name.hasSuffix(".txt") {
            let story = try text("\(scripts)/\(name)")
            // What the story itself completes is not a whole file yet.
            guard !story.contains("\nedit ork.yaml ") else { continue }
            for (file, content) in files(in: story) where content.hasPrefix("version: 1\n") {
                examples["\(name) \(file)"] = content
            }
        }
        return examples
    }

    private static let scripts = "Tests/EndToEndTests/Scripts"

    /// Examples of targets are put below a rotation; what is no part of a configuration is left out.
    private static func whole(_ block: String) -> String? {
        guard !block.hasPrefix("version:") else { return block }
        let first = block.split(separator: "\n").first.map(String.init) ?? ""
        let depth = first.prefix { $0 == " " }.count
        let lines = block.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(line.dropFirst(min(depth, line.prefix { $0 == " " }.count)))
        }
        let isTargets = lines[0] == "targets:"
        guard isTargets || lines.contains(where: { $0.trimmed.hasPrefix("publisher:") || $0.contains("{publisher:") })
        else { return nil }
        let indentation = isTargets ? "    " : "      "
        let body = lines.map { indentation + $0 }.joined(separator: "\n")
        return "version: 1\nrotations:\n  example:\n    predecessor: none\n" + (isTargets ? "" : "    targets:\n")
            + body
    }

    private static func yamlBlocks(in text: String) -> [String] {
        text.split(separator: "```yaml\n", omittingEmptySubsequences: false).dropFirst().map { rest in
            rest.split(separator: "\n```", maxSplits: 1, omittingEmptySubsequences: false).first.map(String.init) ?? ""
        }
    }

    /// The files behind the commands of a story.
    private static func files(in script: String) -> [(name: String, content: String)] {
        var files: [(name: String, content: String)] = []
        for line in script.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("-- "), line.hasSuffix(" --") {
                files.append((String(line.dropFirst(3).dropLast(3)), ""))
            } else if !files.isEmpty {
                files[files.count - 1].content += line + "\n"
            }
        }
        return files
    }

    private static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(BuiltProduct.repository)/\(folder)").sorted()
    }

    private static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(BuiltProduct.repository)/\(path)")
    }

    private static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: "\(BuiltProduct.repository)/\(path)")), as: UTF8.self)
    }
}

extension String {
    fileprivate var trimmed: String { String(drop { $0 == " " || $0 == "-" }) }
}
