import FoundationEssentials
import TestSupport
import Testing

/// The table *If something is lost* of RECOVERY.md, line by line: in the state that a row tells of, each of its commands
/// ends as the row says.
@Suite(.tags(.servers)) struct LostTests {
    @Test("what RECOVERY.md says of a loss is so", arguments: try LostRow.all())
    func row(_ row: LostRow) async throws {
        let story = try #require(Self.stories[row.lost], "the page has a row that is not tried: \(row.lost)")
        #expect(!row.commands.isEmpty)
        let script = Script(
            "# \(row.lost)\n\(story)\n\(row.lines)\n\(Self.files)", path: "/RECOVERY/\(row.lost)")
        let issue = try await onOwnThread { ScriptRun.run(script) }
        issue?.record()
    }

    @Test("every state that is tried stands in RECOVERY.md")
    func complete() throws {
        #expect(Set(try LostRow.all().map(\.lost)) == Set(Self.stories.keys))
    }

    /// How each loss comes about.
    private static let stories = [
        "the handoff": "exec ork-create\nexec ork-publish\nrm ork-handoff.json",
        "its newest copy": """
        exec ork-create
        cp ork-handoff.json earlier.json
        exec ork-publish
        exec ork-verify
        mv earlier.json ork-handoff.json
        """,
        "its integrity: somebody has edited it": """
        exec ork-create
        exec ork-publish
        edit ork-handoff.json '"event": "committed"' '"event": "unchanged"'
        """,
        "the identity, before the key was published": """
        exec ork-create
        mv state/ork/identity lost
        """,
        "the identity, after it was": """
        exec ork-create
        exec ork-publish
        mv state/ork/identity lost
        """,
        "the management key": """
        exec ork-create
        env KEPT=$OPENROUTER_MANAGEMENT_KEY
        unset OPENROUTER_MANAGEMENT_KEY
        """,
        "`ork.yaml`": """
        exec ork-create
        mv ork.yaml lost.yaml
        """,
    ]

    private static let files = """
        -- .env --
        OPENROUTER_API_KEY=@PREDECESSOR_KEY@
        -- ork.yaml --
        version: 1
        rotations:
          checkout:
            predecessor: {name: checkout-prod}
            publish: {settle: 0s}
            targets: {web: {publisher: file, with: {path: .env, name: OPENROUTER_API_KEY}}}
            retire: {overlap: 0s, quiet_for: 0s, soak: 0s, accept_idle: true}

        """
}

/// A row of the table: what is lost, and the commands that the row tells of with the status that each ends with.
struct LostRow: CustomTestStringConvertible {
    let lost: String
    let commands: [(line: String, status: String)]

    var testDescription: String { lost }

    /// The commands as lines of a script.
    var lines: String {
        commands.map { command in
            command.status == "0" ? "exec \(command.line)" : "! exec \(command.line)\nstatus \(command.status)"
        }.joined(separator: "\n")
    }

    private init?(_ line: Substring) {
        let cells = line.split(separator: "|").map { String($0).trimmingPrefix(" ") }
        guard cells.count == 2, let end = cells[0].lastIndex(where: { $0 != " " }) else { return nil }
        lost = String(cells[0][...end])
        let text = String(cells[1])
        let found = text.matches(of: /`(ork-[^`]*)`/)
        commands = found.enumerated().map { index, match in
            let next = index + 1 < found.count ? found[index + 1].range.lowerBound : text.endIndex
            let status = text[match.range.upperBound..<next].firstMatch(of: /\((\d+)\)/)
            return (String(match.output.1), status.map { String($0.output.1) } ?? "0")
        }
    }

    static func all() throws -> [LostRow] {
        let path = URL(filePath: #filePath).appending(path: "../../../Sources/Rotation/RECOVERY.md").standardized.path
        let text = String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
        let page = try #require(text.firstRange(of: "## If something is lost"))
        let table = text[page.upperBound...].split(separator: "\n\n", maxSplits: 2)[1]
        return table.split(separator: "\n").dropFirst(2).compactMap(LostRow.init)
    }
}
