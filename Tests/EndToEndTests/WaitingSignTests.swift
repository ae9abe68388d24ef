import FoundationEssentials
import JSON
import TestSupport
import Testing

/// What moves on a terminal while a step waits, as a terminal emulator shows it that is not ours.
@Suite(.tags(.servers)) struct WaitingSignTests {
    /// A publisher that says much on standard error until the file `calm` is there.
    private static let chatty = """
        #!/bin/sh
        if [ $1 = info ]; then
            echo '{"protocol": 1, "verbs": ["check", "publish", "verify"], "with": {"optional": ["path"]}}'
            exit
        fi
        read -r request
        until [ -e @WORK@/calm ]; do echo 'a line of the publisher, whole' >&2; sleep 0.5; done
        echo '{"id":"1","outcome":"committed"}'
        """

    /// What was on the screen.
    private struct Screen {
        let rows: [String]
        let pictures: [String]
        let texts: [String]
        let rowsWithSign: Int
        let hasControls: Bool
        let status: Int
    }

    /// Runs a command on a terminal; `act` is what is done there once the sign has moved.
    private static func see(
        _ command: String, after lines: [String], columns: Int = 200, act: String = "stop"
    ) async throws -> Screen {
        let python = try Python.interpreter()
        let script = Python.file("Python/terminal.py", beside: #filePath)
        let output = try await onOwnThread {
            let run = try ScriptRun(
                Script(files: [
                    Script.File(name: ".env", text: "KEY=@PREDECESSOR_KEY@\n"),
                    Script.File(name: "chatty", text: chatty + "\n"),
                ]))
            run.variables["CI"] = nil
            run.variables["TERM"] = "xterm"
            for line in ["exec install -m 755 chatty ork-publisher-chatty", "env ORK_PLUGIN_PATH=$WORK"] + lines {
                try run.perform(try ScriptWords.split(line, run.variables))
            }
            try run.perform(
                ["exec", python, "-B", script, "\(columns)", act] + ScriptWords.split(command, run.variables))
            return run.output
        }
        let json = try JSONValue(parsing: Array(output.utf8))
        func texts(_ name: String) throws -> [String] { try #require(json[name]?.strings) }
        return Screen(
            rows: try texts("rows"), pictures: try texts("pictures"), texts: try texts("texts"),
            rowsWithSign: try #require(json["most"]?.integer), hasControls: json["controls"] == true,
            status: try #require(json["status"]?.integer))
    }

    private static let create =
        "exec ork-create --predecessor name=checkout-prod --settle 1h --to file:path=.env,name=KEY"

    @Test(
        "a step that waits moves a sign in one row, and leaves nothing of it when Ctrl-C ends it", arguments: [72, 200])
    func stopped(columns: Int) async throws {
        let screen = try await Self.see("ork-publish", after: [Self.create], columns: columns)
        #expect(screen.status == 130)
        #expect(Set(screen.pictures).count > 1)
        #expect(screen.rowsWithSign == 1)
        // In a narrow row the last column has whatever came last.
        #expect(
            screen.texts.allSatisfy { "the new key to be known everywhere".hasPrefix($0.dropLast()) }, "\(screen.texts)"
        )
        let shown = screen.rows.joined()
        #expect(!shown.contains("waiting for"), "\(screen.rows)")
        #expect(shown.contains("hint: run the same command again: it goes on from there"), "\(screen.rows)")
        #expect(screen.rows.filter { $0.hasPrefix("ork-publish: ") }.count == 5, "\(screen.rows)")
    }

    @Test("lines that come meanwhile stand whole, above the sign")
    func meanwhile() async throws {
        let create =
            "exec ork-create --predecessor name=checkout-prod --settle 0s --to chatty:path=x --to file:path=.env,name=KEY"
        let screen = try await Self.see("ork-publish", after: [create], act: "calm")
        #expect(screen.status == 0, "\(screen.rows)")
        #expect(Set(screen.pictures).count > 1)
        #expect(screen.rowsWithSign == 1)
        #expect(screen.texts == ["chatty"])
        for row in screen.rows { #expect(row.hasPrefix("ork-publish: ") && !row.contains("waiting for"), "\(row)") }
        let lines = screen.rows.filter { $0.contains("publisher") }
        #expect(!lines.isEmpty)
        for line in lines { #expect(line.contains(": a line of the publisher, whole  "), "\(line)") }
    }

    @Test(
        "there is none where people asked for quiet, on a terminal that cannot, and in CI",
        arguments: [
            ("env NO_COLOR=1", "ork-publish"), ("env TERM=dumb", "ork-publish"), ("env CI=true", "ork-publish"),
            ("unset TERM", "ork-publish"), ("env TERM=xterm", "ork-publish --quiet"),
            ("env TERM=xterm", "sh -c 'exec ork-publish 2>&1 | cat'"),
        ])
    func none(line: String, command: String) async throws {
        let screen = try await Self.see(command, after: [Self.create, line])
        #expect(screen.pictures.isEmpty)
        #expect(!screen.hasControls)
        #expect(!screen.rows.isEmpty)
    }
}
