import TestSupport
import Testing

@Suite(.tags(.values)) struct DocumentationTests {
    private static func documents() throws -> [SourceTree.File] {
        let pages = try SourceTree.files(in: [".github", "Sources"]).filter { $0.name.hasSuffix(".md") }
        return try [SourceTree.File(path: "README.md")] + pages + SourceTree.files(in: ["plugins", "ci-templates"])
    }

    @Test("every option that a document mentions with a program is one of that program")
    func options() async throws {
        let help = try await Help.all()
        var checked = 0
        for document in try Self.documents() where !document.name.hasSuffix(".swift") {
            for mention in Mention.all(in: try document.text()) {
                if let program = mention.program {
                    checked += 1
                    #expect(
                        help[program]?.accepted.contains(mention.option) == true,
                        "\(document.path): \(program) has no \(mention.option)")
                } else {
                    #expect(
                        help.values.contains { $0.options.contains(mention.option) },
                        "\(document.path): no program has \(mention.option)")
                }
            }
        }
        #expect(checked > 10)
    }

    @Test("every option of a command that a message prints is one of that program")
    func commandsInMessages() async throws {
        let help = try await Help.all()
        var checked = 0
        for file in try SourceTree.files(in: ["Sources", "plugins"]) where file.name.hasSuffix(".swift") {
            for command in try file.text().matches(of: /`ork-[^`\n]+`/) {
                for mention in Mention.all(in: String(command.output.dropFirst().dropLast())) {
                    guard let program = mention.program else { continue }
                    checked += 1
                    #expect(
                        help[program]?.accepted.contains(mention.option) == true,
                        "\(file.path): \(command.output): \(program) has no \(mention.option)")
                }
            }
        }
        #expect(checked > 50)
    }

    @Test("every page that a document links to in this repository is there")
    func links() throws {
        var checked = 0
        for document in try Self.documents() where document.name.hasSuffix(".md") {
            for match in try document.text().matches(of: /\]\(([^)#:\s]+)(#[^)]*)?\)/) {
                checked += 1
                let path = document.folder.isEmpty ? "" : document.folder + "/"
                #expect(SourceTree.exists(path + match.output.1), "\(document.path): \(match.output.1)")
            }
        }
        #expect(checked > 10)
    }

    @Test("every option says what it is for", arguments: Help.programs)
    func helpTexts(program: String) async throws {
        let help = try await Help(of: program)
        #expect(help.options.contains("--help"))
        #expect(help.silent.isEmpty)
    }

    @Test("an option in a program's own examples is one of that program", arguments: Help.programs)
    func examples(program: String) async throws {
        let help = try await Help.all()
        let text = try #require(help[program]).text
        let examples = text.split(separator: "USAGE:").first.map(String.init) ?? ""
        for mention in Mention.all(in: examples) {
            let owner = mention.program ?? program
            #expect(help[owner]?.accepted.contains(mention.option) == true, "\(owner) has no \(mention.option)")
        }
    }

    @Test("an option belongs to the program before it on its line")
    func mentions() {
        let document = """
            ork-create --supersede and `--handoff`; `--other`
            ./bin/ork-publish \\
              --to file:path=x | ork-verify --probe https://a.b/--c && curl --fail
            ork-conform ./ork-publisher-mine --with path=x ork-handoff.json --env A
            | --- | `--soak` | `swift build --quiet` | ork-status and `docker run --rm`
            """
        #expect(
            Mention.all(in: document) == [
                Mention(option: "--supersede", program: "ork-create"),
                Mention(option: "--handoff", program: "ork-create"), Mention(option: "--other", program: nil),
                Mention(option: "--to", program: "ork-publish"), Mention(option: "--probe", program: "ork-verify"),
                Mention(option: "--with", program: "ork-conform"),
                Mention(option: "--env", program: "ork-conform"), Mention(option: "--soak", program: nil),
            ])
    }

    @Test("an option without a word about it is seen")
    func silence() {
        let help = Help(
            text: """
                OPTIONS:
                  --mute
                  --mute-too <a b>
                  --told <step=identity> Whose records count.
                  --told-below <COMMAND>
                                          Prints what the target holds.
                  -h, --help              Show help information.
                """)
        #expect(help.options == ["--mute", "--mute-too", "--told", "--told-below", "--help"])
        #expect(help.silent == ["  --mute", "  --mute-too <a b>"])
    }
}
