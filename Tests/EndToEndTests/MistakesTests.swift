import ChildProcesses
import FoundationEssentials
import TestSupport
import Testing

/// What a user sees who does something wrong: the table is `Mistakes.txt`.
///
/// ```
/// state NAME          a folder and an OpenRouter of its own; below it lines of a script, and files as `file NAME TEXT`
///
/// env NAME=VALUE      for this mistake alone
/// STATUS COMMAND
///     error: …        all that the program says of it, with its hint
/// ```
@Suite(.tags(.servers)) struct MistakesTests {
    @Test("a mistake is met with its reason and the way on, exactly", arguments: try MistakeTable.states())
    func mistakes(_ state: MistakeTable.State) async throws {
        let complaints = try await onOwnThread { try state.complaints() }
        #expect(complaints.isEmpty, "\n\(complaints.joined(separator: "\n"))")
    }

    @Test(
        "RECORD_MISTAKES=1 writes the table anew, to be read before it is kept",
        .enabled(if: ProcessInfo.processInfo.environment["RECORD_MISTAKES"] != nil))
    func record() async throws {
        let text = try await onOwnThread {
            try MistakeTable.states().map { try $0.recorded() }.joined(separator: "\n\n")
        }
        try Data("\(text)\n".utf8).write(to: URL(filePath: MistakeTable.path))
    }

    @Test("the table has all that it should have, each mistake once")
    func isComplete() throws {
        let mistakes = try MistakeTable.states().flatMap(\.mistakes)
        #expect(mistakes.count >= 80)
        #expect(
            Set(try MistakeTable.states().flatMap { state in state.mistakes.map { state.name + $0.text } }).count
                == mistakes.count)
    }
}

/// The table of mistakes, as it is written.
enum MistakeTable {
    struct Mistake: Sendable {
        /// Variables as `NAME=VALUE`, for this command alone.
        var variables: [String] = []
        var status = ""
        var command = ""
        /// What is said, without the program's name.
        var said: [String] = []

        var text: String {
            (variables.map { "env \($0)" } + ["\(status) \(command)"] + said.map { "    \($0)" }).joined(
                separator: "\n")
        }
    }

    struct State: Sendable, CustomTestStringConvertible {
        let name: String
        /// The lines of the state as they are written.
        fileprivate(set) var head: [String] = []
        fileprivate(set) var setup: [String] = []
        fileprivate(set) var files: [Script.File] = []
        fileprivate(set) var mistakes: [Mistake] = []

        var testDescription: String { name }

        /// Each mistake that is not met as the table says, as it should stand there.
        func complaints() throws -> [String] {
            zip(mistakes, try seen()).compactMap { $0.text == $1.text ? nil : $1.text + "\n" }
        }

        /// The state and its mistakes as they are met now.
        func recorded() throws -> String {
            ([head.joined(separator: "\n")] + (try seen().map(\.text))).joined(separator: "\n\n")
        }

        private func seen() throws -> [Mistake] {
            let run = try ScriptRun(Script(files: files))
            for line in setup { try run.perform(try ScriptWords.split(line, run.variables)) }
            return try mistakes.map { try Self.seen($0, run) }
        }

        private static func seen(_ mistake: Mistake, _ run: ScriptRun) throws -> Mistake {
            let before = run.variables
            defer { run.variables = before }
            for variable in mistake.variables {
                try run.perform(try ScriptWords.split("env \(variable)", run.variables))
            }
            let words = try ScriptWords.split(mistake.command, run.variables)
            try run.execute(words)
            var seen = mistake
            if case .exited(let status) = run.ending { seen.status = "\(status)" }
            let prefix = "\(words[0]): "
            let errors = BadInput.withoutNames(run.errors, run).replacing(
                /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/, with: "MOMENT"
            )
            .replacing(/127\.0\.0\.1:\d{4,5}/, with: "127.0.0.1:PORT")
            seen.said = errors.split(separator: "\n").compactMap { line in
                let text = String(line.dropFirst(line.hasPrefix(prefix) ? prefix.count : 0))
                return ["error: ", "waiting: ", "hint: "].contains { text.hasPrefix($0) } ? text : nil
            }
            return seen
        }
    }

    static let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Mistakes.txt").path

    static func states() throws -> [State] {
        let text = String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
        var states: [State] = []
        for block in text.components(of: "\n\n") {
            let lines = block.split(separator: "\n").map(String.init)
            guard let first = lines.first else { continue }
            if first.hasPrefix("state ") {
                states.append(state(String(first.dropFirst("state ".count)), lines))
            } else {
                let last = states.count - 1
                try #require(last >= 0)
                states[last].mistakes.append(mistake(lines))
            }
        }
        return states
    }

    private static func state(_ name: String, _ lines: [String]) -> State {
        var state = State(name: name, head: lines)
        for line in lines.dropFirst() {
            let words = line.split(separator: " ", maxSplits: 2).map(String.init)
            if words[0] == "file" {
                state.files.append(Script.File(name: words[1], text: words[2].replacing("\\n", with: "\n") + "\n"))
            } else {
                state.setup.append(line)
            }
        }
        return state
    }

    private static func mistake(_ lines: [String]) -> Mistake {
        var mistake = Mistake()
        for line in lines {
            if line.hasPrefix("env ") {
                mistake.variables.append(String(line.dropFirst("env ".count)))
            } else if line.hasPrefix("    ") {
                mistake.said.append(String(line.dropFirst(4)))
            } else {
                let words = line.split(separator: " ", maxSplits: 1).map(String.init)
                (mistake.status, mistake.command) = (words[0], words.count > 1 ? words[1] : "")
            }
        }
        return mistake
    }
}

extension String {
    /// The parts between `separator`.
    fileprivate func components(of separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}
